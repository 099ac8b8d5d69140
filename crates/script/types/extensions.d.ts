// Policies, handlers, and what runs around them.

declare module "@tollgate/runtime" {
  /**
   * An inbound policy as a function. It gives the request to go on with, or the response that ends it.
   *
   * @example
   * ```ts
   * const policy: InboundPolicyHandler = async (request, context) => {
   *   if (!request.user) return HttpProblems.unauthorized(request, context);
   *   return request;
   * };
   * export default policy;
   * ```
   */
  export type InboundPolicyHandler<TOptions = any> = (
    request: ZuploRequest<any>,
    context: ZuploContext,
    options: TOptions,
    policyName: string,
  ) => Request | Response | Promise<Request | Response>;

  /** An outbound policy as a function. It gives the response to go on with. */
  export type OutboundPolicyHandler<TOptions = any> = (
    response: Response,
    request: ZuploRequest<any>,
    context: ZuploContext,
    options: TOptions,
    policyName: string,
  ) => Response | Promise<Response>;

  /** A handler. What is no Response becomes JSON. Its options are `context.route.handler.options`. */
  export type RequestHandler = (request: ZuploRequest<any>, context: ZuploContext) => unknown;

  /** An inbound policy as a class: one instance is made for each policy that the project defines. */
  export abstract class InboundPolicy<TOptions = any> {
    /** @param options - As the project has them. @param policyName - The name in the project. */
    constructor(options: TOptions, policyName: string);
    /** As the project has them. */
    options: TOptions;
    /** The name in the project. */
    policyName: string;
    /** Gives the request to go on with, or the response that ends it. */
    abstract handler(
      request: ZuploRequest<any>,
      context: ZuploContext,
    ): Request | Response | Promise<Request | Response>;
  }

  /** An outbound policy as a class: one instance is made for each policy that the project defines. */
  export abstract class OutboundPolicy<TOptions = any> {
    /** @param options - As the project has them. @param policyName - The name in the project. */
    constructor(options: TOptions, policyName: string);
    /** As the project has them. */
    options: TOptions;
    /** The name in the project. */
    policyName: string;
    /** Gives the response to go on with. */
    abstract handler(
      response: Response,
      request: ZuploRequest<any>,
      context: ZuploContext,
    ): Response | Promise<Response>;
  }

  /** Before routing: gives the request to go on with, or the response that ends it. */
  export type PreRoutingHook = (request: Request) => Request | Response | Promise<Request | Response>;

  /** Before the inbound policies: gives the request to go on with, or the response that ends it. */
  export type RequestHook = (
    request: ZuploRequest<any>,
    context: ZuploContext,
  ) => Request | Response | Promise<Request | Response>;

  /** Answers an error that nobody caught; without a Response the next one is asked. */
  export type ErrorHandler = (
    error: any,
    request: ZuploRequest<any>,
    context: ZuploContext,
  ) => Response | undefined | void | Promise<Response | undefined | void>;

  /** What is known where no route answers. */
  export interface NotFoundOptions {
    /** The routes that have the path, by other methods. */
    routesMatchedByPathOnly: RouteConfiguration[];
  }

  /** Answers a request that no route answers. */
  export type NotFoundHandler = (
    request: ZuploRequest<any>,
    context: ZuploContext,
    options: NotFoundOptions,
  ) => Response | Promise<Response>;

  /** Writes a problem in the project's own way. */
  export type ProblemResponseFormat = (
    input: ProblemResponseInput,
    request: ZuploRequest<any>,
    context: ZuploContext,
  ) => Response | Promise<Response>;

  /**
   * What `runtimeInit` of `modules/tollgate.runtime.ts` (or `zuplo.runtime.ts`) gets.
   *
   * @example
   * ```ts
   * export function runtimeInit(runtime: RuntimeExtensions) {
   *   runtime.addPlugin(new JwtServicePlugin({ algorithm: "RS256", expiresIn: "5m" }));
   * }
   * ```
   */
  export class RuntimeExtensions {
    private constructor();
    /** Installs a plugin. */
    addPlugin(plugin: RuntimePlugin): void;
    /** Runs before routing. */
    addPreRoutingHook(hook: PreRoutingHook): void;
    /** Runs before the inbound policies of every route. */
    addRequestHook(hook: RequestHook): void;
    /** Runs behind the outbound policies of every route. */
    addResponseSendingHook(hook: ResponseSendingHook): void;
    /** Runs as the response of every route is sent. */
    addResponseSendingFinalHook(hook: ResponseSendingFinalHook): void;
    /** Answers errors. */
    addErrorHandler(handler: ErrorHandler): void;
    /** Answers what no route does. */
    notFoundHandler?: NotFoundHandler;
    /** Writes problems, those of the gateway itself included. */
    problemResponseFormat?: ProblemResponseFormat;
  }

  /** What can be installed with `addPlugin`. */
  export abstract class RuntimePlugin {
    /** Called when it is installed. */
    initialize?(runtime: RuntimeExtensions): void | Promise<void>;
  }

  /** What plugins of a project extend: give it `initialize(runtime)`. */
  export abstract class SystemRuntimePlugin extends RuntimePlugin {}
}
