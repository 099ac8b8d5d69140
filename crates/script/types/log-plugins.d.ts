// Plugins that send the log somewhere else. What they cannot send is told in the gateway's own log, and
// costs no request anything.

declare module "@tollgate/runtime" {
  /** What every plugin that sends something in batches knows. */
  export interface BatchOptions {
    /**
     * For how many seconds it collects.
     * @defaultValue `1`
     */
    batchPeriodSeconds?: number;
    /**
     * How much it sends at once.
     * @defaultValue `500`
     */
    maxBatchSize?: number;
  }

  /** What every plugin that sends the log knows. */
  export interface LogPluginOptions extends BatchOptions {
    /** Further fields of every line. */
    fields?: Record<string, unknown>;
  }

  /** One line of the log, as plugins send it. */
  export interface LogLine {
    /** When it was written, in milliseconds since 1970. */
    time: number;
    /** How loud it is. */
    level: "debug" | "info" | "warn" | "error";
    /** Its text. */
    text: string;
    /** The values, as they were given. */
    messages: unknown[];
    /** What stands beside it: the request's id, the environment, fields of the request and of the plugin. */
    fields: Record<string, unknown>;
  }

  /**
   * What plugins that send the log extend: say in `send` how.
   *
   * @example
   * ```ts
   * class Mine extends LogPlugin {
   *   async send(lines: LogLine[]) {
   *     await fetch("https://log.example.com", { method: "POST", body: JSON.stringify(lines) });
   *   }
   * }
   * ```
   */
  export abstract class LogPlugin<TOptions extends LogPluginOptions = LogPluginOptions> extends SystemRuntimePlugin {
    /** @param options - Where the log goes, and how. */
    constructor(options?: TOptions);

    /** As they were given. */
    readonly options: TOptions;

    /** Sends a batch. What it throws costs these lines, and nothing else. */
    abstract send(lines: LogLine[]): void | Promise<void>;
  }

  /** Where {@link HttpLogPlugin} sends the log. */
  export interface HttpLogPluginOptions extends LogPluginOptions {
    /** Where lines are posted. */
    url: string;
    /** Fields of those requests. */
    headers?: Record<string, string>;
  }

  /** Posts the log to any address: a list of `{ timestamp, level, message, messages, … }` with every field. */
  export class HttpLogPlugin extends LogPlugin<HttpLogPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: HttpLogPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link DataDogLoggingPlugin} sends the log. */
  export interface DataDogLoggingPluginOptions extends LogPluginOptions {
    /** The API key. */
    apiKey: string;
    /** The intake; that of the US, unless given. */
    url?: string;
    /**
     * `ddsource`
     * @defaultValue `"Zuplo"`
     */
    source?: string;
    /** `ddtags` */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** Sends the log to Datadog. */
  export class DataDogLoggingPlugin extends LogPlugin<DataDogLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: DataDogLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link AWSLoggingPlugin} sends the log. */
  export interface AWSLoggingPluginOptions extends LogPluginOptions {
    /** The region. */
    region: string;
    /** The id of the access key. */
    accessKeyId: string;
    /** The access key. */
    secretAccessKey: string;
    /** The token of a session, where the key is one's. */
    sessionToken?: string;
    /** The log group. */
    logGroupName: string;
    /** The log stream. */
    logStreamName: string;
    /** The service; that of the region, unless given. */
    url?: string;
  }

  /** Sends the log to Amazon CloudWatch Logs. */
  export class AWSLoggingPlugin extends LogPlugin<AWSLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: AWSLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link DynaTraceLoggingPlugin} sends the log. */
  export interface DynaTraceLoggingPluginOptions extends LogPluginOptions {
    /** The ingest: `https://…/api/v2/logs/ingest`. */
    url: string;
    /** The token. */
    apiToken: string;
  }

  /** Sends the log to Dynatrace. */
  export class DynaTraceLoggingPlugin extends LogPlugin<DynaTraceLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: DynaTraceLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link GoogleCloudLoggingPlugin} sends the log. */
  export interface GoogleCloudLoggingPluginOptions extends LogPluginOptions {
    /** The log: its name, or `projects/…/logs/…`. */
    logName: string;
    /** The key of a service account, as JSON. */
    serviceAccountJson: string;
    /** The service; Google's own, unless given. */
    url?: string;
  }

  /** Sends the log to Google Cloud Logging. */
  export class GoogleCloudLoggingPlugin extends LogPlugin<GoogleCloudLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: GoogleCloudLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link LokiLoggingPlugin} sends the log. */
  export interface LokiLoggingPluginOptions extends LogPluginOptions {
    /** The push API: `https://…/loki/api/v1/push`. */
    url: string;
    /** The user. */
    username: string;
    /** The user's password. */
    password: string;
    /**
     * The label `job`.
     * @defaultValue `"zuplo"`
     */
    job?: string;
    /**
     * 1 puts the fields into the line, 2 beside it.
     * @defaultValue `2`
     */
    version?: 1 | 2;
  }

  /** Sends the log to Grafana Loki. */
  export class LokiLoggingPlugin extends LogPlugin<LokiLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: LokiLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link NewRelicLoggingPlugin} sends the log. */
  export interface NewRelicLoggingPluginOptions extends LogPluginOptions {
    /** The API key. */
    apiKey: string;
    /** The log API; that of the US, unless given. */
    url?: string;
    /**
     * The service that lines belong to.
     * @defaultValue `"Zuplo"`
     */
    service?: string;
  }

  /** Sends the log to New Relic. */
  export class NewRelicLoggingPlugin extends LogPlugin<NewRelicLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: NewRelicLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link SplunkLoggingPlugin} sends the log. */
  export interface SplunkLoggingPluginOptions extends LogPluginOptions {
    /** The collector of events: `https://…/services/collector`. */
    url: string;
    /** The token. */
    token: string;
    /**
     * The index.
     * @defaultValue `"main"`
     */
    index?: string;
    /**
     * The source type.
     * @defaultValue `"json"`
     */
    sourcetype?: string;
    /**
     * The host.
     * @defaultValue `"zuplo-api"`
     */
    host?: string;
    /** The channel; one of the plugin's own, unless given. */
    channel?: string;
  }

  /** Sends the log to Splunk. */
  export class SplunkLoggingPlugin extends LogPlugin<SplunkLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: SplunkLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Where {@link SumoLogicLoggingPlugin} sends the log. */
  export interface SumoLogicLoggingPluginOptions extends LogPluginOptions {
    /** The HTTP source. */
    url: string;
    /** The name of the source. */
    name?: string;
    /** The category of the source. */
    category?: string;
  }

  /** Sends the log to Sumo Logic. */
  export class SumoLogicLoggingPlugin extends LogPlugin<SumoLogicLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: SumoLogicLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** One event, as {@link VMWareLogInsightLoggingPlugin} sends it. */
  export interface VMWareLogInsightEvent {
    /** The text of the line. */
    text: string;
    /** When it was written, in milliseconds since 1970. */
    timestamp: number;
    /** What stands beside it. */
    fields: { name: string; content: string }[];
  }

  /** Where {@link VMWareLogInsightLoggingPlugin} sends the log. */
  export interface VMWareLogInsightLoggingPluginOptions extends LogPluginOptions {
    /** The server, or its whole ingest. */
    url: string;
    /** The id of the agent; one of the plugin's own, unless given. */
    agentId?: string;
    /** What is replaced in texts, and by what. */
    textReplacements?: [what: string, instead: string][];
    /** Changes an event before it is sent: returns another, or changes the one that it gets. */
    onMessageSending?: (event: VMWareLogInsightEvent) => VMWareLogInsightEvent | void;
  }

  /** Sends the log to VMware Log Insight. */
  export class VMWareLogInsightLoggingPlugin extends LogPlugin<VMWareLogInsightLoggingPluginOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: VMWareLogInsightLoggingPluginOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** The same by its other spelling. */
  export const VMwareLogInsightLoggingPlugin: typeof VMWareLogInsightLoggingPlugin;
}
