// The same modules by their other names.

declare module "@zuplo/runtime" {
  export * from "@tollgate/runtime";
}

declare module "@tollgate/runtime/mocks" {
  import type { IncomingRequestProperties, Logger, RouteConfiguration, ZuploContext, ZuploRequest } from "@tollgate/runtime";

  /** What a mock context has instead of what it would have. */
  export interface MockContextFields {
    /** The id of the request. */
    requestId?: string;
    /** The id of the context. */
    contextId?: string;
    /** The route; `raw` may be a value or a function. */
    route?: Partial<Omit<RouteConfiguration, "raw">> & { raw?: any };
    /** The bag of policies and handlers. */
    custom?: Record<string, any>;
    /** Where the request came from. */
    incomingRequestProperties?: IncomingRequestProperties;
    /** Where lines go. */
    log?: Logger;
    /** What policies of the project do. */
    invokeInboundPolicy?: ZuploContext["invokeInboundPolicy"];
    /** What policies of the project do. */
    invokeOutboundPolicy?: ZuploContext["invokeOutboundPolicy"];
    /** What other routes answer. */
    invokeRoute?: ZuploContext["invokeRoute"];
  }

  /** A context for tests, without a gateway around it. */
  export interface MockZuploContext extends ZuploContext {
    /** The lines that were logged: the level, and the values. */
    readonly lines: [level: string, ...values: any[]][];
    /** What was given to `waitUntil`. */
    readonly promises: Promise<unknown>[];
    /** Runs the hooks that were added, and gives what they make of a response. */
    runHooks(response: Response, request: ZuploRequest<any>): Promise<Response>;
  }

  /** Makes a context for tests. */
  export const MockZuploContext: new (fields?: MockContextFields) => MockZuploContext;
  /** Makes a context for tests. */
  export function createMockContext(fields?: MockContextFields): MockZuploContext;
}

declare module "@zuplo/runtime/mocks" {
  export * from "@tollgate/runtime/mocks";
}

declare module "@tollgate/otel" {
  import { SystemRuntimePlugin } from "@tollgate/runtime";

  /** Sends spans. It can be installed, and does nothing in this version. */
  export class OpenTelemetryPlugin extends SystemRuntimePlugin {
    /** @param options - Whatever it was given elsewhere. */
    constructor(options?: any);
  }
}

declare module "@zuplo/otel" {
  export * from "@tollgate/otel";
}
