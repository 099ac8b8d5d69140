// The request, and who sends it.

declare module "@tollgate/runtime" {
  /** What is known of a request's parts: the type argument of {@link ZuploRequest}. */
  export interface RequestGeneric {
    /** The parameters of the path, by name. */
    Params?: unknown;
    /** The parameters of the query, by name. */
    Query?: unknown;
    /** What the authenticating policy knows of the user. */
    UserData?: unknown;
  }

  /** Who calls. */
  export interface RequestUser<TData = any> {
    /** Who it is: the name of a consumer, or the subject of a token. */
    sub: string;
    /** What else is known: a consumer's metadata, or the claims of a token. */
    data: TData;
  }

  /** What a new {@link ZuploRequest} differs in from the one that it is made of. */
  export interface ZuploRequestInit<T extends RequestGeneric = RequestGeneric> extends RequestInit {
    /** The parameters of the path; those of the request that it is made of, unless given. */
    params?: T extends { Params: infer TParams } ? TParams : Record<string, string>;
    /** Who calls; the user of the request that it is made of, unless given. */
    user?: RequestUser<T extends { UserData: infer TData } ? TData : any>;
  }

  /**
   * The Web's `Request`, with the parameters of the path, the query and the user.
   *
   * @typeParam T - What is known of its parts. Nothing is checked at run time: it is the route and its
   * policies that make it true.
   *
   * @example
   * ```ts
   * type Call = ZuploRequest<{ Params: { id: string }; UserData: { plan: "free" | "gold" } }>;
   *
   * export default async function plan(request: Call, context: ZuploContext) {
   *   const headers = new Headers(request.headers);
   *   headers.set("x-plan", request.user?.data.plan ?? "free");
   *   return new ZuploRequest(request, { headers });
   * }
   * ```
   */
  export class ZuploRequest<T extends RequestGeneric = RequestGeneric> extends Request {
    /**
     * A new request. Made of another {@link ZuploRequest} it keeps that one's user and parameters, unless
     * `init` names others.
     *
     * @param input - A URL, or the request that it differs from.
     * @param init - What is different. It may be a request itself.
     */
    constructor(input: string | URL | Request, init?: ZuploRequestInit<T> | Request);

    /** The parameters of the path, decoded: `request.params.id` for `/users/{id}`. */
    params: T extends { Params: infer TParams } ? TParams : Record<string, string>;

    /** The parameters of the query, decoded. Of a name that is there twice the first counts. */
    readonly query: T extends { Query: infer TQuery } ? TQuery : Record<string, string>;

    /**
     * Who calls, once a policy has established it; absent before that, and where nobody is asked. A policy
     * may assign it.
     */
    user?: RequestUser<T extends { UserData: infer TData } ? TData : any>;

    /** A copy with the same user and parameters, whose body is read apart from this one's. */
    clone(): ZuploRequest<T>;
  }
}
