// Plugins that send the log, numbers, or an entry for every request to somebody else.

declare module "@tollgate/runtime" {
  /** What every plugin that sends the log knows. */
  export interface LogPluginOptions {
    /** Further fields of every line. */
    fields?: Record<string, unknown>;
    /** How long lines are collected, in seconds; one, unless said. */
    batchPeriodSeconds?: number;
  }

  /** One line of the log, as plugins send it. */
  export interface LogLine {
    /** When it was written, in milliseconds. */
    time: number;
    /** How loud it is. */
    level: "debug" | "info" | "warn" | "error";
    /** Its text. */
    text: string;
    /** The values as they were given. */
    messages: unknown[];
    /** What stands beside it: the request's id, the project's environment, fields of the request and the plugin. */
    fields: Record<string, unknown>;
  }

  /**
   * A plugin that sends the log: extend it to send it in a way of your own.
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
  export abstract class LogPlugin<TOptions = LogPluginOptions> extends SystemRuntimePlugin {
    /** @param options - Where the log goes, and how. */
    constructor(options?: TOptions);
    /** As they were given. */
    options: TOptions;
    /** Sends a batch. What it throws costs those lines, and nothing else. */
    abstract send(lines: LogLine[]): Promise<void>;
  }

  /** A plugin that knows how to send the log. */
  abstract class ReadyLogPlugin<TOptions> extends LogPlugin<TOptions> {
    /** @param options - Where the log goes, and how. */
    constructor(options: TOptions);
    /** Sends a batch. */
    send(lines: LogLine[]): Promise<void>;
  }

  /** Options of `HttpLogPlugin`. */
  export interface HttpLogPluginOptions extends LogPluginOptions {
    /** Where lines are posted. */
    url: string;
    /** Further header fields. */
    headers?: Record<string, string>;
  }

  /** Posts the log to any address: an array of `{ timestamp, level, message, messages, … }`, with every field. */
  export class HttpLogPlugin extends ReadyLogPlugin<HttpLogPluginOptions> {}

  /** Options of `DataDogLoggingPlugin`. */
  export interface DataDogLoggingPluginOptions extends LogPluginOptions {
    /** The key. */
    apiKey: string;
    /** The intake, where it is not that of the US. */
    url?: string;
    /** `ddsource`; Zuplo, unless said. */
    source?: string;
    /** `ddtags`. */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** Sends the log to Datadog. */
  export class DataDogLoggingPlugin extends ReadyLogPlugin<DataDogLoggingPluginOptions> {}

  /** Options of `AWSLoggingPlugin`. */
  export interface AWSLoggingPluginOptions extends LogPluginOptions {
    /** The region. */
    region: string;
    /** The key's id. */
    accessKeyId: string;
    /** The key. */
    secretAccessKey: string;
    /** The token of a session. */
    sessionToken?: string;
    /** The group. */
    logGroupName: string;
    /** The stream. */
    logStreamName: string;
    /** The service, where it is not that of the region. */
    url?: string;
  }

  /** Sends the log to Amazon CloudWatch. */
  export class AWSLoggingPlugin extends ReadyLogPlugin<AWSLoggingPluginOptions> {}

  /** Options of `DynaTraceLoggingPlugin`. */
  export interface DynaTraceLoggingPluginOptions extends LogPluginOptions {
    /** The ingest: `https://…/api/v2/logs/ingest`. */
    url: string;
    /** The token. */
    apiToken: string;
  }

  /** Sends the log to Dynatrace. */
  export class DynaTraceLoggingPlugin extends ReadyLogPlugin<DynaTraceLoggingPluginOptions> {}

  /** Options of `GoogleCloudLoggingPlugin`. */
  export interface GoogleCloudLoggingPluginOptions extends LogPluginOptions {
    /** The log: its name, or `projects/…/logs/…`. */
    logName: string;
    /** The service account's key, as JSON. */
    serviceAccountJson: string;
    /** The service, where it is not Google's own. */
    url?: string;
  }

  /** Sends the log to Google Cloud. */
  export class GoogleCloudLoggingPlugin extends ReadyLogPlugin<GoogleCloudLoggingPluginOptions> {}

  /** Options of `LokiLoggingPlugin`. */
  export interface LokiLoggingPluginOptions extends LogPluginOptions {
    /** The push API: `https://…/loki/api/v1/push`. */
    url: string;
    /** The user. */
    username: string;
    /** Its password. */
    password: string;
    /** The label `job`; zuplo, unless said. */
    job?: string;
    /** 1 puts the fields into the line, 2 beside it; 2, unless said. */
    version?: 1 | 2;
  }

  /** Sends the log to Grafana Loki. */
  export class LokiLoggingPlugin extends ReadyLogPlugin<LokiLoggingPluginOptions> {}

  /** Options of `NewRelicLoggingPlugin`. */
  export interface NewRelicLoggingPluginOptions extends LogPluginOptions {
    /** The key. */
    apiKey: string;
    /** The API, where it is not that of the US. */
    url?: string;
    /** The service; Zuplo, unless said. */
    service?: string;
  }

  /** Sends the log to New Relic. */
  export class NewRelicLoggingPlugin extends ReadyLogPlugin<NewRelicLoggingPluginOptions> {}

  /** Options of `SplunkLoggingPlugin`. */
  export interface SplunkLoggingPluginOptions extends LogPluginOptions {
    /** The collector: `https://…/services/collector`. */
    url: string;
    /** The token. */
    token: string;
    /** The index; main, unless said. */
    index?: string;
    /** The type; json, unless said. */
    sourcetype?: string;
    /** The host; zuplo-api, unless said. */
    host?: string;
    /** The channel; one of its own, unless said. */
    channel?: string;
  }

  /** Sends the log to Splunk. */
  export class SplunkLoggingPlugin extends ReadyLogPlugin<SplunkLoggingPluginOptions> {}

  /** Options of `SumoLogicLoggingPlugin`. */
  export interface SumoLogicLoggingPluginOptions extends LogPluginOptions {
    /** The HTTP source. */
    url: string;
    /** The source's name. */
    name?: string;
    /** The source's category. */
    category?: string;
  }

  /** Sends the log to Sumo Logic. */
  export class SumoLogicLoggingPlugin extends ReadyLogPlugin<SumoLogicLoggingPluginOptions> {}

  /** Options of `VMWareLogInsightLoggingPlugin`. */
  export interface VMWareLogInsightLoggingPluginOptions extends LogPluginOptions {
    /** The server, or its whole ingest. */
    url: string;
    /** The agent; one of its own, unless said. */
    agentId?: string;
    /** What is replaced in messages, and by what. */
    textReplacements?: [string, string][];
    /** Changes an event before it is sent. */
    onMessageSending?: (event: any) => any;
  }

  /** Sends the log to VMware Log Insight. */
  export class VMWareLogInsightLoggingPlugin extends ReadyLogPlugin<VMWareLogInsightLoggingPluginOptions> {}
  /** The same by its other spelling. */
  export const VMwareLogInsightLoggingPlugin: typeof VMWareLogInsightLoggingPlugin;

  /** What every plugin that sends numbers knows. */
  export interface MetricsPluginOptions {
    /** Which numbers; all, unless said. */
    metrics?: { latency?: boolean; requestContentLength?: boolean; responseContentLength?: boolean };
    /** Which attributes; none, unless said. */
    include?: { country?: boolean; httpMethod?: boolean; statusCode?: boolean; path?: boolean };
    /** Further attributes. */
    attributes?: Record<string, string | number | boolean>;
    /** How long numbers are collected, in seconds; one, unless said. */
    batchPeriodSeconds?: number;
  }

  /** A plugin that sends numbers of every request. */
  export abstract class MetricsPlugin<TOptions = MetricsPluginOptions> extends SystemRuntimePlugin {
    /** @param options - Where numbers go, and which. */
    constructor(options: TOptions);
    /** As they were given. */
    options: TOptions;
    /** Sends a batch. */
    send(points: any[]): Promise<void>;
    /** Further attributes (or tags, for Datadog) of one request. */
    static setContext(context: ZuploContext, data: { attributes?: Record<string, any>; tags?: string[] }): void;
  }

  /** Options of `DataDogMetricsPlugin`. */
  export interface DataDogMetricsPluginOptions extends MetricsPluginOptions {
    /** The key. */
    apiKey: string;
    /** The API, where it is not that of the US. */
    url?: string;
    /** Tags of every number. */
    tags?: Record<string, unknown> | string[] | string;
  }

  /** Sends numbers to Datadog. */
  export class DataDogMetricsPlugin extends MetricsPlugin<DataDogMetricsPluginOptions> {}
  /** The same by its other spelling. */
  export const DatadogMetricsPlugin: typeof DataDogMetricsPlugin;

  /** Options of `DynatraceMetricsPlugin`. */
  export interface DynatraceMetricsPluginOptions extends MetricsPluginOptions {
    /** The ingest: `https://…/api/v2/metrics/ingest`. */
    url: string;
    /** The token. */
    apiToken: string;
  }

  /** Sends numbers to Dynatrace. */
  export class DynatraceMetricsPlugin extends MetricsPlugin<DynatraceMetricsPluginOptions> {}

  /** Options of `NewRelicMetricsPlugin`. */
  export interface NewRelicMetricsPluginOptions extends MetricsPluginOptions {
    /** The key. */
    apiKey: string;
    /** The API, where it is not that of the US. */
    url?: string;
  }

  /** Sends numbers to New Relic. */
  export class NewRelicMetricsPlugin extends MetricsPlugin<NewRelicMetricsPluginOptions> {}

  /** Options of `OTelMetricsPlugin`. */
  export interface OTelMetricsPluginOptions extends MetricsPluginOptions {
    /** The receiver: `https://…/v1/metrics`. */
    url: string;
    /** Further header fields. */
    headers?: Record<string, string>;
    /** The service; tollgate, unless said. */
    serviceName?: string;
  }

  /** Sends numbers by OTLP, as JSON. */
  export class OTelMetricsPlugin extends MetricsPlugin<OTelMetricsPluginOptions> {}

  /** What is known of a request besides request, response and context. */
  export interface RequestLogMeta {
    /** When the entry is made (ISO 8601). */
    timestamp: string;
    /** How long the request took, in milliseconds. */
    durationMs?: number;
  }

  /** Makes the entry of a request; `undefined` for none. */
  export type GenerateLogEntry<TEntry = any> = (
    response: Response,
    request: ZuploRequest<any>,
    context: ZuploContext,
    meta: RequestLogMeta,
  ) => TEntry | undefined | Promise<TEntry | undefined>;

  /** What every plugin that sends entries knows. */
  export interface RequestLoggerOptions<TEntry = any> {
    /** Makes the entry of a request. */
    generateLogEntry: GenerateLogEntry<TEntry>;
    /** How long entries are collected, in seconds; one, unless said. */
    batchPeriodSeconds?: number;
    /** Where they are posted, where the plugin does not know better. */
    url?: string;
    /** Further header fields. */
    headers?: Record<string, string>;
  }

  /** Sends entries as JSON to an address, or as `send` of a subclass says. */
  export class RequestLoggerPlugin<TEntry = any> extends SystemRuntimePlugin {
    /** @param options - What is sent, and where to. */
    constructor(options: RequestLoggerOptions<TEntry>);
    /** Sends a batch. */
    send(entries: TEntry[]): Promise<void>;
  }

  /** Sends entries to Hydrolix. */
  export class HydrolixRequestLoggerPlugin extends SystemRuntimePlugin {
    /** @param options - The cluster, the table, and who may write to it. */
    constructor(options: Partial<RequestLoggerOptions> & HydrolixOptions);
  }

  /** The cluster, the table, and who may write to it. */
  export interface HydrolixOptions {
    /** The cluster; or else `url`. */
    hostname?: string;
    /** The table: `project.table`. */
    table: string;
    /** The transform. */
    transform?: string;
    /** The token; or else a user. */
    token?: string;
    /** The user. */
    username?: string;
    /** Its password. */
    password?: string;
  }

  /** What Hydrolix gets of a request unless a project says otherwise. */
  export function defaultGenerateHydrolixEntry(
    response: Response,
    request: ZuploRequest<any>,
    context: ZuploContext,
    meta?: Partial<RequestLogMeta>,
  ): Record<string, unknown>;

  /** Writes every batch as a blob of its own. */
  export class AzureBlobPlugin extends SystemRuntimePlugin {
    /** @param options - With the SAS URL of a container. */
    constructor(options: RequestLoggerOptions & { sasUrl: string });
  }

  /** Sends entries to Azure Event Hubs. */
  export class AzureEventHubsRequestLoggerPlugin extends SystemRuntimePlugin {
    /** @param options - With a connection string; `entityPath` where that names no hub. */
    constructor(options: RequestLoggerOptions & { connectionString: string; entityPath?: string });
  }

  /** Where an AuditLogPlugin keeps its entries. */
  export interface AuditLogProvider {
    /** Keeps a batch. */
    write(entries: any[]): Promise<void>;
  }

  /** Keeps entries as documents of DataStax Astra. */
  export class AuditLogDataStaxProvider implements AuditLogProvider {
    /** @param options - The collection, and the token. */
    constructor(options: { url: string; xCassandraToken: string });
    /** Keeps a batch. */
    write(entries: any[]): Promise<void>;
  }

  /** What of a message is kept. */
  export interface AuditLogInclude {
    /** Its header fields; those with credentials are masked. */
    headers?: boolean;
    /** Its body. */
    body?: boolean;
  }

  /** What an AuditLogPlugin keeps. */
  export interface AuditLogPluginOptions {
    /** Says whether a request is kept. */
    requestFilter?: (request: ZuploRequest<any>, context: ZuploContext) => boolean | Promise<boolean>;
    /** What is kept besides methods, addresses and statuses. */
    include?: { request?: AuditLogInclude; response?: AuditLogInclude };
    /** How long entries are collected, in seconds; one, unless said. */
    batchPeriodSeconds?: number;
  }

  /** Keeps requests and responses. */
  export class AuditLogPlugin extends SystemRuntimePlugin {
    /** @param provider - Where they are kept. @param options - What is kept. */
    constructor(provider: AuditLogProvider, options?: AuditLogPluginOptions);
  }
}
