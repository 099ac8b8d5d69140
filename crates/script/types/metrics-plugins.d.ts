// Plugins that send numbers of every request somewhere else.

declare module "@tollgate/runtime" {
  /** What every plugin that sends numbers knows. */
  export interface MetricsPluginOptions extends BatchOptions {
    /** Which numbers are sent; all, but those that are `false`. */
    metrics?: { latency?: boolean; requestContentLength?: boolean; responseContentLength?: boolean };
    /** Which attributes they have; those that are `true`. */
    include?: { country?: boolean; httpMethod?: boolean; statusCode?: boolean; path?: boolean };
    /** Further attributes of every number. */
    attributes?: Record<string, string | number | boolean>;
  }

  /** One number of one request. */
  export interface MetricsPoint {
    /** What it is: `request.latency`. */
    name: string;
    /** Its unit: `ms` or `By`. */
    unit: string;
    /** The number. */
    value: number;
    /** When it was taken, in milliseconds since 1970. */
    time: number;
    /** What it is told apart by. */
    attributes: Record<string, unknown>;
    /** Tags of the request, where code has set some. */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** What code adds to the numbers of one request. */
  export interface MetricsContext {
    /** Further attributes. */
    attributes?: Record<string, unknown>;
    /** Further tags, for Datadog. */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** What plugins that send numbers extend: say in `send` how. */
  export abstract class MetricsPlugin<
    TOptions extends MetricsPluginOptions = MetricsPluginOptions,
  > extends SystemRuntimePlugin {
    /** @param options - Which numbers are sent, and where to. */
    constructor(options?: TOptions);

    /** As they were given. */
    readonly options: TOptions;

    /** Sends a batch. What it throws costs these numbers, and nothing else. */
    abstract send(points: MetricsPoint[]): void | Promise<void>;

    /** Adds something to the numbers of one request, for every plugin. */
    static setContext(context: ZuploContext, data: MetricsContext): void;
  }

  /** Where {@link DataDogMetricsPlugin} sends numbers. */
  export interface DataDogMetricsPluginOptions extends MetricsPluginOptions {
    /** The API key. */
    apiKey: string;
    /** The API; that of the US, unless given. */
    url?: string;
    /** Tags of every number. */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** Sends numbers to Datadog. */
  export class DataDogMetricsPlugin extends MetricsPlugin<DataDogMetricsPluginOptions> {
    /** @param options - Which numbers are sent, and where to. */
    constructor(options: DataDogMetricsPluginOptions);
    /** Sends a batch. */
    send(points: MetricsPoint[]): Promise<void>;
  }

  /** The same by its other spelling. */
  export const DatadogMetricsPlugin: typeof DataDogMetricsPlugin;

  /** Where {@link DynatraceMetricsPlugin} sends numbers. */
  export interface DynatraceMetricsPluginOptions extends MetricsPluginOptions {
    /** The ingest: `https://…/api/v2/metrics/ingest`. */
    url: string;
    /** The token. */
    apiToken: string;
  }

  /** Sends numbers to Dynatrace. */
  export class DynatraceMetricsPlugin extends MetricsPlugin<DynatraceMetricsPluginOptions> {
    /** @param options - Which numbers are sent, and where to. */
    constructor(options: DynatraceMetricsPluginOptions);
    /** Sends a batch. */
    send(points: MetricsPoint[]): Promise<void>;
  }

  /** Where {@link NewRelicMetricsPlugin} sends numbers. */
  export interface NewRelicMetricsPluginOptions extends MetricsPluginOptions {
    /** The API key. */
    apiKey: string;
    /** The metric API; that of the US, unless given. */
    url?: string;
  }

  /** Sends numbers to New Relic. */
  export class NewRelicMetricsPlugin extends MetricsPlugin<NewRelicMetricsPluginOptions> {
    /** @param options - Which numbers are sent, and where to. */
    constructor(options: NewRelicMetricsPluginOptions);
    /** Sends a batch. */
    send(points: MetricsPoint[]): Promise<void>;
  }

  /** Where {@link OTelMetricsPlugin} sends numbers. */
  export interface OTelMetricsPluginOptions extends MetricsPluginOptions {
    /** The receiver: `https://…/v1/metrics`. */
    url: string;
    /** Fields of those requests. */
    headers?: Record<string, string>;
    /**
     * The service that numbers belong to.
     * @defaultValue `"tollgate"`
     */
    serviceName?: string;
  }

  /** Sends numbers by OTLP over HTTP, as JSON. */
  export class OTelMetricsPlugin extends MetricsPlugin<OTelMetricsPluginOptions> {
    /** @param options - Which numbers are sent, and where to. */
    constructor(options: OTelMetricsPluginOptions);
    /** Sends a batch. */
    send(points: MetricsPoint[]): Promise<void>;
  }
}
