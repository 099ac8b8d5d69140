// `@tollgate/runtime/mocks`: contexts for tests of policies and handlers, without a gateway around them.

declare module "@zuplo/runtime/mocks" {
  export * from "@tollgate/runtime/mocks";
}

declare module "@tollgate/runtime/mocks" {
  import type { Logger, RouteConfiguration, ZuploContext } from "@tollgate/runtime";

  /** What a mock has instead of what it would have. */
  export interface MockContextFields
    extends Partial<
      Pick<
        ZuploContext,
        | "contextId"
        | "requestId"
        | "custom"
        | "incomingRequestProperties"
        | "parentContext"
        | "invokeInboundPolicy"
        | "invokeOutboundPolicy"
        | "invokeRoute"
      >
    > {
    /** The route; `raw` is the operation, or a function that gives it. */
    route?: Partial<Omit<RouteConfiguration, "raw">> & { raw?: any };
    /** Where lines go, instead of into `lines`. */
    log?: Logger;
  }

  /** What a mock has besides what every context has. */
  export interface MockZuploContext extends ZuploContext {
    /** The lines that were logged: the level, and the values. */
    readonly lines: [level: string, ...values: any[]][];
    /** What was given to `waitUntil`. */
    readonly promises: Promise<unknown>[];
  }

  /**
   * A context that keeps what it is told. Policies of the project let everything through.
   *
   * @example
   * ```ts
   * const context = new MockZuploContext({ route: { path: "/users/{id}" } });
   * await policy(new ZuploRequest("https://a.example/users/1"), context, {}, "mine");
   * context.lines; // [["info", "hello"]]
   * ```
   */
  export class MockZuploContext {
    /** @param fields - What it has instead of what it would have. */
    constructor(fields?: MockContextFields);

    /** Runs the hooks that were added to it: gives what they make of a response. */
    runHooks(response: Response, request: Request): Promise<Response>;
  }

  /** Makes a context that keeps what it is told. */
  export function createMockContext(fields?: MockContextFields): MockZuploContext;
}
