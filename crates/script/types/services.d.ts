// Services that code may ask for.

declare module "@tollgate/runtime" {
  /** Digests, MD5 among them. */
  export const CryptoBeta: {
    /** The digest of bytes, or of a text in UTF-8. */
    digest(algorithm: string | { name: string }, data: BufferSource | string): Promise<ArrayBuffer>;
  };

  /** The `errors` of a GraphQL answer: of a response, which stays readable, of its text, or of its value. */
  export function extractGraphqlErrors(source: unknown): Promise<any[]>;

  /** Notes whether a GraphQL answer came from a cache. */
  export function recordGraphqlCacheState(context: ZuploContext, state: unknown): void;

  /** Tells Moesif more of a request. */
  export function setMoesifContext(context: ZuploContext, value: Record<string, unknown>): void;

  /** Proves the gateway to a cloud. Not available in this version: throws when it is called. */
  export class ZuploServices {
    /** A token for an audience. */
    static getIDToken(context: ZuploContext, options?: { audience?: string }): Promise<string>;
  }

  /** The platform's own services. Not available in this version: throws when it is called. */
  export function apiServices(path: string, options?: RequestInit): Promise<Response>;

  /** Reads consumers of API keys. Not available in this version: throws when it is called. */
  export class ApiKeyConsumerClient {
    /** @param options - The bucket, and how long what was read is kept. */
    constructor(options?: { bucketId?: string; cacheDurationSeconds?: number });
    /** The consumer of an id. */
    get(consumerId: string): Promise<any>;
  }

  /** The tool call of an MCP route. Not available in this version: throws when it is called. */
  export class ZuploMcpSdk {
    /** @param context - Of the route that is called. */
    constructor(context: ZuploContext);
    /** The call as it came. */
    getRawCallToolRequest(): any;
    /** The answer as it goes. */
    setRawCallToolResult(result: any): void;
  }

  /** Events of Lambda functions. Not available in this version: throws when it is called. */
  export const AwsLambdaHandlerExtensions: {
    /** Changes the event before it is sent. */
    addSendingAwsLambdaEventHook(hook: (request: ZuploRequest<any>, context: ZuploContext, event: any) => Promise<any>): void;
  };
}
