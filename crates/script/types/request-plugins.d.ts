// Plugins that send an entry for every request somewhere else.

declare module "@tollgate/runtime" {
  /** What is known of a request besides itself, its response and its context. */
  export interface RequestLogMeta {
    /** When the entry is made (ISO 8601). */
    timestamp: string;
    /** How long the request took, in milliseconds. */
    durationMs: number;
  }

  /** Makes the entry of a request; nothing, for none. It may read copies of the bodies. */
  export type GenerateLogEntry<TEntry = any> = (
    response: Response,
    request: ZuploRequest,
    context: ZuploContext,
    meta: RequestLogMeta,
  ) => TEntry | null | undefined | Promise<TEntry | null | undefined>;

  /** What every plugin that sends entries knows. */
  export interface RequestLoggerOptions<TEntry = any> extends BatchOptions {
    /** Makes the entry of a request. */
    generateLogEntry: GenerateLogEntry<TEntry>;
    /** Where entries are posted. Needed, unless the plugin knows it from other options. */
    url?: string;
    /** Fields of those requests. */
    headers?: Record<string, string>;
  }

  /** Posts entries to any address, as a list; a class that extends it says in `send` how else. */
  export class RequestLoggerPlugin<
    TEntry = any,
    TOptions = RequestLoggerOptions<TEntry>,
  > extends SystemRuntimePlugin {
    /** @param options - What is sent, and where to. */
    constructor(options: TOptions);

    /** As they were given. */
    readonly options: TOptions;

    /** Sends a batch. What it throws costs these entries, and nothing else. */
    send(entries: TEntry[]): Promise<void>;
  }

  /** Where {@link HydrolixRequestLoggerPlugin} sends entries. */
  export interface HydrolixRequestLoggerPluginOptions extends BatchOptions {
    /** Makes the entry of a request; {@link defaultGenerateHydrolixEntry}, unless given. */
    generateLogEntry?: GenerateLogEntry;
    /** The host of the cluster. Needed, unless `url` is given. */
    hostname?: string;
    /** The streaming ingest; that of the cluster, unless given. */
    url?: string;
    /** The table: `project.table`. */
    table: string;
    /** The transform. */
    transform?: string;
    /** The token; instead of a user. */
    token?: string;
    /** The user. */
    username?: string;
    /** The user's password. */
    password?: string;
  }

  /** Sends entries to Hydrolix. */
  export class HydrolixRequestLoggerPlugin extends RequestLoggerPlugin<any, HydrolixRequestLoggerPluginOptions> {
    /** @param options - What is sent, and where to. */
    constructor(options: HydrolixRequestLoggerPluginOptions);
    /** Sends a batch. */
    send(entries: any[]): Promise<void>;
  }

  /** What Hydrolix is sent of a request, unless the project says otherwise. */
  export function defaultGenerateHydrolixEntry(
    response: Response,
    request: ZuploRequest,
    context: ZuploContext,
    meta?: Partial<RequestLogMeta>,
  ): Record<string, unknown>;

  /** Where {@link AzureBlobPlugin} sends entries. */
  export interface AzureBlobPluginOptions extends RequestLoggerOptions {
    /** The SAS URL of a container, which allows to write. */
    sasUrl: string;
  }

  /** Writes every batch as a blob of its own: lines of JSON. */
  export class AzureBlobPlugin extends RequestLoggerPlugin<any, AzureBlobPluginOptions> {
    /** @param options - What is sent, and where to. */
    constructor(options: AzureBlobPluginOptions);
    /** Sends a batch. */
    send(entries: any[]): Promise<void>;
  }

  /** Where {@link AzureEventHubsRequestLoggerPlugin} sends entries. */
  export interface AzureEventHubsRequestLoggerPluginOptions extends RequestLoggerOptions {
    /** The connection string: `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…`. */
    connectionString: string;
    /** The hub, where the connection string names none. */
    entityPath?: string;
  }

  /** Sends entries to Azure Event Hubs. */
  export class AzureEventHubsRequestLoggerPlugin extends RequestLoggerPlugin<
    any,
    AzureEventHubsRequestLoggerPluginOptions
  > {
    /** @param options - What is sent, and where to. */
    constructor(options: AzureEventHubsRequestLoggerPluginOptions);
    /** Sends a batch. */
    send(entries: any[]): Promise<void>;
  }

  /** What an {@link AuditLogPlugin} keeps of one request. */
  export interface AuditLogEntry {
    /** When the response was sent (ISO 8601). */
    timestamp: string;
    /** The request's id. */
    requestId: string;
    /** Who called. */
    user?: string;
    /** What was asked. */
    request: { method: string; url: string; headers?: Record<string, string>; body?: string };
    /** What was answered. */
    response: { status: number; headers?: Record<string, string>; body?: string };
  }

  /** Where an {@link AuditLogPlugin} keeps its entries. */
  export interface AuditLogProvider {
    /** Keeps a batch. */
    write(entries: AuditLogEntry[]): Promise<void>;
  }

  /** Keeps entries as documents of DataStax Astra. */
  export class AuditLogDataStaxProvider implements AuditLogProvider {
    /** @param options - The collection, and the token. */
    constructor(options: { url: string; xCassandraToken: string });
    /** Keeps a batch. */
    write(entries: AuditLogEntry[]): Promise<void>;
  }

  /** What of a request or a response is kept. */
  export interface AuditLogInclude {
    /** Its fields, without the values of those that hold credentials. */
    headers?: boolean;
    /** Its body. */
    body?: boolean;
  }

  /** What an {@link AuditLogPlugin} keeps. */
  export interface AuditLogPluginOptions extends BatchOptions {
    /** Says whether a request is kept; all are, unless given. */
    requestFilter?: (request: ZuploRequest, context: ZuploContext) => boolean | Promise<boolean>;
    /** What is kept besides methods, URLs and statuses. */
    include?: { request?: AuditLogInclude; response?: AuditLogInclude };
  }

  /** Keeps requests and their responses. */
  export class AuditLogPlugin extends SystemRuntimePlugin {
    /**
     * @param provider - Where they are kept.
     * @param options - What is kept.
     */
    constructor(provider: AuditLogProvider, options?: AuditLogPluginOptions);
  }
}
