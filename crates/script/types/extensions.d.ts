// What `runtimeInit` in `modules/tollgate.runtime.ts` (or `modules/zuplo.runtime.ts`) sets up.

declare module "@tollgate/runtime" {
  /** Sees a request before it is routed: returns it, a new one, or a `Response` that ends it. */
  export type PreRoutingHook = (request: Request) => Request | Response | Promise<Request | Response>;

  /** Sees a request before its policies: returns it, a new one, or a `Response` that ends it. */
  export type RequestHook = (
    request: ZuploRequest,
    context: ZuploContext,
  ) => Request | Response | Promise<Request | Response>;

  /** Sees a response before it is sent: returns it, or a new one. */
  export type ResponseSendingHook = (
    response: Response,
    request: ZuploRequest,
    context: ZuploContext,
  ) => Response | Promise<Response>;

  /** Sees a response as it is sent, and cannot change it. The response waits for what it promises. */
  export type ResponseSendingFinalHook = (
    response: Response,
    request: ZuploRequest,
    context: ZuploContext,
  ) => void | Promise<void>;

  /** Answers for something that a policy, a handler or a hook threw: a `Response`, or nothing to leave it to others. */
  export type ErrorHandler = (
    error: unknown,
    request: ZuploRequest,
    context: ZuploContext,
  ) => Response | undefined | void | Promise<Response | undefined | void>;

  /** What is known of a request that no route answers. */
  export interface NotFoundOptions {
    /** The routes that have its path, by other methods: enough for a 405 with `Allow`. */
    readonly routesMatchedByPathOnly: RouteConfiguration[];
  }

  /** Answers a request that no route answers. */
  export type NotFoundHandler = (
    request: ZuploRequest,
    context: ZuploContext,
    options: NotFoundOptions,
  ) => Response | Promise<Response>;

  /** Writes a problem in a form of the project's own; see {@link ProblemResponseFormatter} for the gateway's. */
  export type ProblemResponseFormat = (
    input: ProblemResponse,
    request: ZuploRequest,
    context: ZuploContext,
  ) => Response | Promise<Response>;

  /**
   * What `runtimeInit` is given. It runs once when the project is loaded; what it throws is a mistake of the
   * project.
   *
   * @example
   * ```ts
   * export function runtimeInit(runtime: RuntimeExtensions) {
   *   runtime.addResponseSendingHook((response) => {
   *     const headers = new Headers(response.headers);
   *     headers.delete("server");
   *     return new Response(response.body, { status: response.status, headers });
   *   });
   * }
   * ```
   */
  export class RuntimeExtensions {
    private constructor();

    /** Answers requests that no route answers, instead of the gateway's problem. */
    notFoundHandler?: NotFoundHandler;
    /** Writes every problem, the gateway's own and those of {@link HttpProblems}. */
    problemResponseFormat?: ProblemResponseFormat;

    /** Adds a plugin: one of this module's, or an object with `initialize(runtime)`. */
    addPlugin(plugin: RuntimePlugin): void;
    /** Adds a hook that runs before routing, on every request. */
    addPreRoutingHook(hook: PreRoutingHook): void;
    /** Adds a hook that runs before the policies of every route. */
    addRequestHook(hook: RequestHook): void;
    /** Adds a hook that may change every response. */
    addResponseSendingHook(hook: ResponseSendingHook): void;
    /** Adds a hook that sees every response as it is sent. */
    addResponseSendingFinalHook(hook: ResponseSendingFinalHook): void;
    /** Adds a handler of errors. Of several, the first that returns a `Response` answers. */
    addErrorHandler(handler: ErrorHandler): void;
  }
}
