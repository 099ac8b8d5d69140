// Policies and handlers that a project writes, and the functions that options of built-in ones name.

declare module "@tollgate/runtime" {
  /**
   * A policy in front of the handler, as a function: returns the request, a new one, or a `Response` that
   * ends it.
   *
   * @typeParam TOptions - The options of the policy, as the project's document has them.
   *
   * @example
   * ```ts
   * const tenant: InboundPolicyHandler<{ header: string }> = (request, context, options) => {
   *   if (!request.headers.has(options.header)) {
   *     return HttpProblems.badRequest(request, context, { detail: `${options.header} is missing.` });
   *   }
   *   return request;
   * };
   * export default tenant;
   * ```
   */
  export type InboundPolicyHandler<TOptions = any> = (
    request: ZuploRequest,
    context: ZuploContext,
    options: TOptions,
    policyName: string,
  ) => Request | Response | Promise<Request | Response>;

  /**
   * A policy behind the handler, as a function: returns the response, or a new one.
   *
   * @typeParam TOptions - The options of the policy, as the project's document has them.
   */
  export type OutboundPolicyHandler<TOptions = any> = (
    response: Response,
    request: ZuploRequest,
    context: ZuploContext,
    options: TOptions,
    policyName: string,
  ) => Response | Promise<Response>;

  /**
   * What ends a route: returns a `Response`, or any value, which becomes JSON (a string in its quotes;
   * `undefined` is an empty 200). Its options are `context.route.handler.options`.
   */
  export type RequestHandler = (request: ZuploRequest, context: ZuploContext) => unknown;

  /**
   * A policy in front of the handler, as a class. One instance is made for each policy that the project
   * defines, and lives as long as the project is loaded.
   *
   * @typeParam TOptions - The options of the policy, as the project's document has them.
   *
   * @example
   * ```ts
   * export class Tenant extends InboundPolicy<{ header: string }> {
   *   async handler(request: ZuploRequest, context: ZuploContext) {
   *     context.log.info(this.policyName, request.headers.get(this.options.header));
   *     return request;
   *   }
   * }
   * ```
   */
  export abstract class InboundPolicy<TOptions = any> {
    /**
     * @param options - Its options, as the project's document has them.
     * @param policyName - Its name in the project.
     */
    constructor(options: TOptions, policyName: string);

    /** Its options, as the project's document has them. */
    readonly options: TOptions;
    /** Its name in the project. */
    readonly policyName: string;

    /** Called for every request: returns the request, a new one, or a `Response` that ends it. */
    abstract handler(request: ZuploRequest, context: ZuploContext): Request | Response | Promise<Request | Response>;
  }

  /**
   * A policy behind the handler, as a class; see {@link InboundPolicy}.
   *
   * @typeParam TOptions - The options of the policy, as the project's document has them.
   */
  export abstract class OutboundPolicy<TOptions = any> {
    /**
     * @param options - Its options, as the project's document has them.
     * @param policyName - Its name in the project.
     */
    constructor(options: TOptions, policyName: string);

    /** Its options, as the project's document has them. */
    readonly options: TOptions;
    /** Its name in the project. */
    readonly policyName: string;

    /** Called for every response: returns it, or a new one. */
    abstract handler(
      response: Response,
      request: ZuploRequest,
      context: ZuploContext,
    ): Response | Promise<Response>;
  }

  /** Who is counted, and how often that one may call. */
  export interface CustomRateLimitDetails {
    /** Requests of equal keys are counted together. */
    key: string;
    /** How many requests; the policy's own number, unless given. */
    requestsAllowed?: number;
    /** In how many minutes, fractions allowed; the policy's own number, unless given. */
    timeWindowMinutes?: number;
  }

  /** The function that a rate limit names: `undefined` for a request that is not limited. */
  export type RateLimitFunction = (
    request: ZuploRequest,
    context: ZuploContext,
    policyName: string,
  ) => CustomRateLimitDetails | undefined | Promise<CustomRateLimitDetails | undefined>;

  /** Who is counted, and how much of several things that one may use. */
  export interface ComplexCustomRateLimitDetails {
    /** Requests of equal keys are counted together. */
    key: string;
    /** How much of each thing, by name; the policy's own numbers, unless given. */
    limits?: Record<string, number>;
    /** In how many minutes, fractions allowed; the policy's own number, unless given. */
    timeWindowMinutes?: number;
  }

  /** The function that a rate limit of several counters names: `undefined` for a request that is not limited. */
  export type ComplexRateLimitFunction = (
    request: ZuploRequest,
    context: ZuploContext,
    policyName: string,
  ) => ComplexCustomRateLimitDetails | undefined | Promise<ComplexCustomRateLimitDetails | undefined>;

  /** Whose quota a request counts for, and how much it holds. */
  export interface QuotaDetail {
    /** Requests of equal keys share a quota. */
    key: string;
    /** How much of each meter, by name. */
    allowances: Record<string, number>;
  }

  /** The function by which a quota asks whose it is. */
  export type GetQuotaDetailFunction = (
    request: ZuploRequest,
    context: ZuploContext,
    policyName: string,
  ) => QuotaDetail | Promise<QuotaDetail>;

  /** The function by which a quota asks when its periods begin. */
  export type GetQuotaAnchorDateFunction = (
    request: ZuploRequest,
    context: ZuploContext,
    policyName: string,
  ) => Date | Promise<Date>;
}
