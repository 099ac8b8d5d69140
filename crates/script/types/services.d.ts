// Small services, and those of a hosted platform. What this gateway does not have says so when it is
// called.

declare module "@tollgate/runtime" {
  /** Digests, MD5 among them. */
  export const CryptoBeta: {
    /** The digest of bytes, or of a text in UTF-8. */
    digest(algorithm: string | { name: string }, data: BufferSource | string): Promise<ArrayBuffer>;
  };

  /** The `errors` of a GraphQL answer: of a response, which stays readable, of its text, or of its body as a value. */
  export function extractGraphqlErrors(source: unknown): Promise<any[]>;

  /** A token by which the gateway proves itself to a cloud. */
  export class ZuploServices {
    /** Not available in this version. */
    static getIDToken(context: ZuploContext, options?: { audience?: string }): Promise<string>;
  }

  /** A call of the platform's own services: not available in this version. */
  export function apiServices(path: string, options?: RequestInit): Promise<Response>;

  /** A consumer of API keys. */
  export interface ApiKeyConsumer {
    /** `con_…` */
    id: string;
    /** The name, which is `request.user.sub`. */
    name: string;
    /** The bucket. */
    bucketId: string;
    /** What is `request.user.data`. */
    metadata: any;
    /** For finding it again. */
    tags: Record<string, string>;
    /** When it was made (RFC 3339). */
    createdOn: string;
    /** When it was last changed. */
    updatedOn: string;
  }

  /** Reads consumers of API keys from the gateway's store. */
  export class ApiKeyConsumerClient {
    /** @param options - The bucket, and for how long is kept what was read: not at all by default. */
    constructor(options?: { bucketId?: string; cacheDurationSeconds?: number });
    /** The consumer of that name; `undefined` where there is none. */
    get(consumerId: string): Promise<ApiKeyConsumer | undefined>;
  }

  /** An MCP client's message that calls a tool. */
  export interface ZuploMcpCallToolRequest {
    /** `tools/call`. */
    method: string;
    /** Which tool, with what, and what else the client says. */
    params: { name: string; arguments?: Record<string, any>; _meta?: Record<string, any> };
  }

  /** Fields of a tool's result; what is not there stays as it is made of the route's answer. */
  export interface ZuploMcpToolResultOverride {
    /** What the model sees. */
    content?: any[];
    /** The same as data. */
    structuredContent?: Record<string, any>;
    /** What the client sees and the model does not. */
    _meta?: Record<string, any>;
    /** Whether the call failed. */
    isError?: boolean;
  }

  /** The call of an MCP tool, seen from the route that it leads to. */
  export class ZuploMcpSdk {
    /** @param context - That of the route. */
    constructor(context: ZuploContext);
    /** The client's message (`tools/call`); `undefined` where the route was called in another way. */
    getRawCallToolRequest(): ZuploMcpCallToolRequest | undefined;
    /** Fields of the tool's result that go before those which are made of the route's answer. */
    setRawCallToolResult(result: ZuploMcpToolResultOverride): void;
  }

  /** The events that functions of AWS Lambda are called with. */
  export const AwsLambdaHandlerExtensions: {
    /** Changes every event before its function is called; to be called in `runtimeInit`. */
    addSendingAwsLambdaEventHook(
      hook: (request: ZuploRequest, context: ZuploContext, event: any) => any,
    ): void;
  };
}
