// Everything around a request.

declare module "@tollgate/runtime" {
  /** Writes lines that carry the request's id into the gateway's log. Values may be of any kind. */
  export interface Logger {
    /** What helps to find a mistake. */
    debug(...values: unknown[]): void;
    /** What is worth knowing. */
    info(...values: unknown[]): void;
    /** The same as `info`. */
    log(...values: unknown[]): void;
    /** What may need somebody's attention. */
    warn(...values: unknown[]): void;
    /** What went wrong. */
    error(...values: unknown[]): void;
    /** Adds fields to every later line of this request. */
    setLogProperties(properties: Record<string, unknown>): void;
  }

  /** Where a request came from. A field is there only where the gateway knows it: most need a database of places. */
  export interface IncomingRequestProperties {
    /** The client's address, as the gateway sees it behind the proxies that it trusts. */
    readonly ip?: string;
    /** `HTTP/1.1`, `HTTP/2`. */
    readonly httpProtocol?: string;
    /** The number of the network (autonomous system). */
    readonly asn?: number;
    /** Who runs that network. */
    readonly asOrganization?: string;
    /** The city, in English. */
    readonly city?: string;
    /** Two letters for the continent. */
    readonly continent?: string;
    /** Two letters for the country (ISO 3166-1). */
    readonly country?: string;
    /** The latitude in degrees. */
    readonly latitude?: string;
    /** The longitude in degrees. */
    readonly longitude?: string;
    /** The data centre that took the request. */
    readonly colo?: string;
    /** The postal code. */
    readonly postalCode?: string;
    /** The metropolitan area. */
    readonly metroCode?: string;
    /** The region's name. */
    readonly region?: string;
    /** The region's code (ISO 3166-2). */
    readonly regionCode?: string;
    /** The time zone, such as `Europe/Zurich`. */
    readonly timezone?: string;
  }

  /** What a listener of "responseSending" gets. */
  export interface ResponseSendingEvent {
    /** The name of the event. */
    readonly type: "responseSending";
    /** The request that is answered. */
    readonly request: ZuploRequest;
    /** What is around it. */
    readonly context: ZuploContext;
    /** The response; assign another to send that one. */
    mutableResponse: Response;
  }

  /** What a listener of "responseSent" gets. */
  export interface ResponseSentEvent {
    /** The name of the event. */
    readonly type: "responseSent";
    /** The request that is answered. */
    readonly request: ZuploRequest;
    /** What is around it. */
    readonly context: ZuploContext;
    /** The response, as it is sent. */
    readonly response: Response;
  }

  /** A function that is called with an event, or an object with such a function. */
  export type ContextListener<TEvent> = ((event: TEvent) => unknown) | { handleEvent(event: TEvent): unknown };

  /** Everything around one request. The gateway makes it; all policies and hooks of the request share it. */
  export class ZuploContext {
    private constructor();

    /** What the answer carries as the request's id (`zp-rid`). */
    readonly requestId: string;
    /** The id of this context: another than the request's inside of {@link ZuploContext.invokeRoute}. */
    readonly contextId: string;
    /** The log, with the request's id on every line. */
    readonly log: Logger;
    /** The route that the request takes. */
    readonly route: RouteConfiguration;
    /** A bag for whatever policies and handlers tell each other. Native policies see what JSON can say. */
    readonly custom: Record<string, any>;
    /** Where the request came from. */
    readonly incomingRequestProperties: IncomingRequestProperties;
    /** The context that called this route by {@link ZuploContext.invokeRoute}; absent for a client's request. */
    readonly parentContext?: ZuploContext;

    /**
     * Runs an inbound policy of the project on a request.
     *
     * @param policyName - Its name in the project.
     * @returns The request to go on with, or the response that the policy refuses it with.
     */
    invokeInboundPolicy(policyName: string, request: Request): Promise<ZuploRequest | Response>;

    /**
     * Runs an outbound policy of the project on a response.
     *
     * @param policyName - Its name in the project.
     */
    invokeOutboundPolicy(policyName: string, response: Response, request: Request): Promise<Response>;

    /**
     * Sends a request through another route of the gateway, with all of that route's policies, without
     * leaving the process.
     *
     * @param input - A request, a URL, or a path such as `/users/1`.
     */
    invokeRoute(input: string | URL | Request, init?: RequestInit): Promise<Response>;

    /** Lets work go on after the response was sent. Where it fails, the log says so. */
    waitUntil(promise: Promise<unknown>): void;

    /** Changes the response before it is sent: behind the hooks of the whole gateway. */
    addResponseSendingHook(hook: ResponseSendingHook): void;

    /** Sees the response as it is sent, and cannot change it. */
    addResponseSendingFinalHook(hook: ResponseSendingFinalHook): void;

    /** The older form of {@link ZuploContext.addResponseSendingHook}. */
    addEventListener(
      type: "responseSending",
      listener: ContextListener<ResponseSendingEvent> | null,
      options?: boolean | { once?: boolean },
    ): void;
    /** The older form of {@link ZuploContext.addResponseSendingFinalHook}. */
    addEventListener(
      type: "responseSent",
      listener: ContextListener<ResponseSentEvent> | null,
      options?: boolean | { once?: boolean },
    ): void;
    /** Hears of events that code dispatches. */
    addEventListener(type: string, listener: ContextListener<any> | null, options?: boolean | { once?: boolean }): void;

    /** Takes a listener away again. */
    removeEventListener(type: string, listener: ContextListener<any> | null, options?: unknown): void;

    /** Calls the listeners of an event; `false` where one of them prevented its default. */
    dispatchEvent(event: Event): boolean;
  }

  /**
   * What code keeps for one request under a name of its own, without touching `context.custom`. It is never
   * turned into JSON.
   *
   * @example
   * ```ts
   * const started = new ContextData<number>("started");
   * started.set(context, performance.now());
   * ```
   */
  export class ContextData<T = any> {
    /** @param name - Equal names share their data. */
    constructor(name: string);

    /** What was kept for this request, if anything was. */
    get(context: ZuploContext): T | undefined;
    /** Keeps a value for this request. */
    set(context: ZuploContext, value: T): void;

    /** The same without an object: what was kept under that name. */
    static get<T = any>(context: ZuploContext, name: string): T | undefined;
    /** The same without an object: keeps a value under that name. */
    static set<T = any>(context: ZuploContext, name: string, value: T): void;
  }
}
