// The request, and what stands around it.

declare module "@tollgate/runtime" {
  /** What a project may say of its requests: `ZuploRequest<{ Params: { id: string }; UserData: Plan }>`. */
  export interface RequestShape {
    /** The parameters of the path. */
    Params?: any;
    /** The parameters of the query. */
    Query?: any;
    /** What is known of the caller besides its name. */
    UserData?: any;
  }

  /** Who calls, once a policy has established it. */
  export interface RequestUser<TData = any> {
    /** A consumer's name, or a token's `sub`. */
    sub: string;
    /** A consumer's metadata, or a token's claims. */
    data: TData;
  }

  /** The member of a shape, or what there is where the shape does not say. */
  type Shaped<T, Name extends keyof RequestShape, Otherwise> = T extends Record<Name, infer Member>
    ? Member
    : Otherwise;

  /** What a request may be made with. */
  export interface ZuploRequestInit<T extends RequestShape = any> extends RequestInit {
    /** The parameters of the path; those of the request it is made from, unless said. */
    params?: Shaped<T, "Params", Record<string, string>>;
    /** Who calls; as for the request it is made from, unless said. */
    user?: RequestUser<Shaped<T, "UserData", any>>;
  }

  /**
   * A request on its way through the gateway: the Web's `Request`, with the path's parameters, the query
   * and the user.
   *
   * @example
   * ```ts
   * const headers = new Headers(request.headers);
   * headers.set("x-plan", request.user?.data.plan);
   * return new ZuploRequest(request, { headers });
   * ```
   */
  export class ZuploRequest<T extends RequestShape = {}> extends Request {
    /**
     * @param input - An address, or a request whose method, headers and body are taken over; where it is
     *   a ZuploRequest, its parameters and user too.
     * @param init - What is to be different.
     */
    constructor(input: string | URL | Request, init?: ZuploRequestInit<T> | Request);
    /** The parameters of the path, decoded. */
    params: Shaped<T, "Params", Record<string, string>>;
    /** The parameters of the query, decoded. Of a name that is there twice, the first. */
    readonly query: Shaped<T, "Query", Record<string, string>>;
    /** Who calls; `undefined` until a policy has established it. May be assigned. */
    user?: RequestUser<Shaped<T, "UserData", any>>;
    /** A copy with a body of its own. */
    clone(): ZuploRequest<T>;
  }

  /** Where a request came from, as far as it is known. */
  export interface IncomingRequestProperties {
    /** The caller's address. */
    readonly ip?: string;
    /** The number of its autonomous system. */
    readonly asn?: number;
    /** Whose autonomous system that is. */
    readonly asOrganization?: string;
    /** Its city. */
    readonly city?: string;
    /** Its continent, in two letters. */
    readonly continent?: string;
    /** Its country, in two letters (ISO 3166-1). */
    readonly country?: string;
    /** Its latitude, in degrees. */
    readonly latitude?: string;
    /** Its longitude, in degrees. */
    readonly longitude?: string;
    /** The data centre that answers. */
    readonly colo?: string;
    /** Its postal code. */
    readonly postalCode?: string;
    /** Its metropolitan area. */
    readonly metroCode?: string;
    /** Its region, by name. */
    readonly region?: string;
    /** Its region, by code (ISO 3166-2). */
    readonly regionCode?: string;
    /** Its time zone, such as `Europe/Berlin`. */
    readonly timezone?: string;
    /** The protocol it used, such as `HTTP/2`. */
    readonly httpProtocol?: string;
  }

  /** Writes lines that carry the request's id. */
  export interface Logger {
    /** What only helps to find mistakes. */
    debug(...values: any[]): void;
    /** What is as it should be. */
    info(...values: any[]): void;
    /** The same as `info`. */
    log(...values: any[]): void;
    /** What somebody should look at. */
    warn(...values: any[]): void;
    /** What went wrong. */
    error(...values: any[]): void;
    /** Adds fields to every later line of this request. */
    setLogProperties(properties: Record<string, unknown>): void;
  }

  /** Where a module's export is named. */
  export interface ModuleReference {
    /** The module: `$import(./modules/x)`. */
    module: string;
    /** The export. */
    export: string;
    /** The options. */
    options?: any;
  }

  /** A route: one operation of the document. */
  export interface RouteConfiguration {
    /** Its path, with its parameters. */
    readonly path: string;
    /** Its methods. */
    readonly methods: string[];
    /** A name for people. */
    readonly label?: string;
    /** A name for programs. */
    readonly key?: string;
    /** What answers. */
    readonly handler: ModuleReference;
    /** The CORS policy: `none`, `anything-goes` or one of the project's own. */
    readonly corsPolicy?: string;
    /** Data of the project's own. */
    readonly custom?: any;
    /** How it is offered as a tool (MCP). */
    readonly mcp?: any;
    /** The names of its policies. */
    readonly policies?: { readonly inbound?: string[]; readonly outbound?: string[] };
    /** Whether it is left out of the published document. */
    readonly excludeFromOpenApi?: boolean;
    /** The pattern that its path is matched by. */
    readonly pathPattern?: string;
    /** Where it was read. */
    readonly metadata?: { readonly filepath?: string };
    /** The operation's id. */
    readonly operationId?: string;
    /** The operation's summary. */
    readonly summary?: string;
    /** The operation's tags. */
    readonly tags?: string[];
    /** The operation's parameters. */
    readonly parameters?: any[];
    /** The operation's responses. */
    readonly responses?: any;
    /**
     * The operation as the document has it, extensions included.
     *
     * @example `const tier = context.route.raw<{ "x-tier": number }>()["x-tier"];`
     */
    raw<T = any>(): T;
  }

  /** Changes a response before it is sent. */
  export type ResponseSendingHook = (
    response: Response,
    request: ZuploRequest<any>,
    context: ZuploContext,
  ) => Response | Promise<Response>;

  /** Sees a response as it is sent. */
  export type ResponseSendingFinalHook = (
    response: Response,
    request: ZuploRequest<any>,
    context: ZuploContext,
  ) => void | Promise<void>;

  /** What a listener of "responseSending" gets. */
  export interface ResponseSendingEvent extends Event {
    /** The request. */
    readonly request: ZuploRequest<any>;
    /** The context. */
    readonly context: ZuploContext;
    /** The response: assign another to send that one. */
    mutableResponse: Response;
  }

  /** What a listener of "responseSent" gets. */
  export interface ResponseSentEvent extends Event {
    /** The request. */
    readonly request: ZuploRequest<any>;
    /** The context. */
    readonly context: ZuploContext;
    /** The response. */
    readonly response: Response;
  }

  /** Everything around a request. */
  export class ZuploContext {
    private constructor();
    /** The id of this context; differs from the request's inside of `invokeRoute`. */
    readonly contextId: string;
    /** The id of the request, as the answer carries it. */
    readonly requestId: string;
    /** Writes lines that carry the request's id. */
    readonly log: Logger;
    /** The route that answers. */
    readonly route: RouteConfiguration;
    /** A bag for whatever policies and handlers tell each other. */
    readonly custom: Record<string, any>;
    /** Where the request came from. */
    readonly incomingRequestProperties: IncomingRequestProperties;
    /** The context that called this route by `invokeRoute`. */
    readonly parentContext?: ZuploContext;
    /**
     * Runs an inbound policy of the project.
     *
     * @param policyName - Its name in the project.
     * @returns The request to go on with, or the response that the policy answers with.
     */
    invokeInboundPolicy(policyName: string, request: ZuploRequest<any>): Promise<ZuploRequest<any> | Response>;
    /** Runs an outbound policy of the project, and gives the response to go on with. */
    invokeOutboundPolicy(policyName: string, response: Response, request: ZuploRequest<any>): Promise<Response>;
    /**
     * Sends a request through another route of this gateway, without leaving the process.
     *
     * @param input - A request, an address, or a path such as `/todos/7`.
     */
    invokeRoute(input: string | URL | Request, init?: RequestInit): Promise<Response>;
    /** Lets work go on after the response was sent. */
    waitUntil(promise: Promise<unknown>): void;
    /** Changes this request's response before it is sent. */
    addResponseSendingHook(hook: ResponseSendingHook): void;
    /** Sees this request's response as it is sent. */
    addResponseSendingFinalHook(hook: ResponseSendingFinalHook): void;
    /** The older form of `addResponseSendingHook`. */
    addEventListener(type: "responseSending", listener: (event: ResponseSendingEvent) => any): void;
    /** The older form of `addResponseSendingFinalHook`. */
    addEventListener(type: "responseSent", listener: (event: ResponseSentEvent) => any): void;
    /** Hears of events that code of the project dispatches. */
    addEventListener(type: string, listener: ((event: any) => any) | EventListenerObject, options?: { once?: boolean }): void;
    /** Does not hear of them any longer. */
    removeEventListener(type: string, listener: ((event: any) => any) | EventListenerObject): void;
    /** Tells listeners of an event. */
    dispatchEvent(event: Event): boolean;
  }

  /** The declared variables, readable from the first line of a module on. */
  export const environment: Readonly<Record<string, string | undefined>>;

  /** What code keeps for one request, under a name. */
  export class ContextData<T = any> {
    /** @param name - Equal names share their data. */
    constructor(name: string);
    /** What was set for that request. */
    get(context: ZuploContext): T | undefined;
    /** Keeps a value for that request. */
    set(context: ZuploContext, value: T): void;
    /** What was set for that request under a name. */
    static get<T = any>(context: ZuploContext, name: string): T | undefined;
    /** Keeps a value for that request under a name. */
    static set<T = any>(context: ZuploContext, name: string, value: T): void;
  }
}
