// Problems (RFC 9457), and the errors that become one.

declare module "@tollgate/runtime" {
  /** What a client is told of a problem. Members beyond these stand beside them in the body. */
  export interface ProblemDetails {
    /** A URI that stands for the kind of problem. */
    type: string;
    /** What kind of problem it is, in a few words. */
    title: string;
    /** The status of the answer. */
    status: number;
    /** What is wrong this time. */
    detail?: string;
    /** Where: the path of the request, unless given. */
    instance?: string;
    /** By what the log has it; filled in unless given. */
    trace?: ProblemTrace;
    [extension: string]: any;
  }

  /** By what the log has a problem. */
  export interface ProblemTrace {
    /** When (ISO 8601). */
    timestamp?: string;
    /** The request's id. */
    requestId?: string;
    /** What was running. */
    buildId?: string;
    [extension: string]: any;
  }

  /** A problem, and what else belongs to its response. */
  export interface ProblemResponse {
    /** What the body says. */
    problem: ProblemDetails;
    /** The reason phrase, for HTTP/1.1; the title of the status, unless given. */
    statusText?: string;
    /** Fields of the response. */
    additionalHeaders?: HeadersInit;
  }

  /** Input from which a response can be made: members that are absent are those of the status, or of a 500. */
  export type ProblemInput =
    | { problem: Partial<ProblemDetails>; statusText?: string; additionalHeaders?: HeadersInit }
    | Partial<ProblemDetails>;

  /** The gateway's own way to write a problem: `application/problem+json`. */
  export class ProblemResponseFormatter {
    /** Writes a problem. */
    static format(input: ProblemInput, request: Request, context: ZuploContext): Promise<Response>;
  }

  /**
   * Answers with the problem of one status.
   *
   * @param overrides - Members of the body: `detail`, or any of the project's own.
   * @param additionalHeaders - Fields of the response.
   */
  export type HttpProblem = (
    request: Request,
    context: ZuploContext,
    overrides?: Partial<ProblemDetails>,
    additionalHeaders?: HeadersInit,
  ) => Promise<Response>;

  /**
   * Answers with a problem, by the name of its status. They are written by `problemResponseFormat` where the
   * project has set it.
   *
   * @example
   * ```ts
   * return HttpProblems.tooManyRequests(request, context, { detail: "Later, please." }, { "retry-after": "60" });
   * ```
   */
  export class HttpProblems {
    /** Writes a problem. */
    static format(input: ProblemInput, request: Request, context: ZuploContext): Promise<Response>;
    /** The members of the problem of a status. */
    static getProblemFromStatus(status: number, overrides?: Partial<ProblemDetails>): ProblemDetails;

    /** Answers 100 Continue. */
    static readonly continue: HttpProblem;
    /** Answers 101 Switching Protocols. */
    static readonly switchingProtocols: HttpProblem;
    /** Answers 102 Processing. */
    static readonly processing: HttpProblem;
    /** Answers 103 Early Hints. */
    static readonly earlyHints: HttpProblem;
    /** Answers 200 OK. */
    static readonly ok: HttpProblem;
    /** Answers 201 Created. */
    static readonly created: HttpProblem;
    /** Answers 202 Accepted. */
    static readonly accepted: HttpProblem;
    /** Answers 203 Non-Authoritative Information. */
    static readonly nonAuthoritativeInformation: HttpProblem;
    /** Answers 204 No Content. */
    static readonly noContent: HttpProblem;
    /** Answers 205 Reset Content. */
    static readonly resetContent: HttpProblem;
    /** Answers 206 Partial Content. */
    static readonly partialContent: HttpProblem;
    /** Answers 207 Multi-Status. */
    static readonly multiStatus: HttpProblem;
    /** Answers 208 Already Reported. */
    static readonly alreadyReported: HttpProblem;
    /** Answers 226 IM Used. */
    static readonly imUsed: HttpProblem;
    /** Answers 300 Multiple Choices. */
    static readonly multipleChoices: HttpProblem;
    /** Answers 301 Moved Permanently. */
    static readonly movedPermanently: HttpProblem;
    /** Answers 302 Found. */
    static readonly found: HttpProblem;
    /** Answers 303 See Other. */
    static readonly seeOther: HttpProblem;
    /** Answers 304 Not Modified. */
    static readonly notModified: HttpProblem;
    /** Answers 305 Use Proxy. */
    static readonly useProxy: HttpProblem;
    /** Answers 306 Switch Proxy. */
    static readonly switchProxy: HttpProblem;
    /** Answers 307 Temporary Redirect. */
    static readonly temporaryRedirect: HttpProblem;
    /** Answers 308 Permanent Redirect. */
    static readonly permanentRedirect: HttpProblem;
    /** Answers 400 Bad Request. */
    static readonly badRequest: HttpProblem;
    /** Answers 401 Unauthorized. */
    static readonly unauthorized: HttpProblem;
    /** Answers 402 Payment Required. */
    static readonly paymentRequired: HttpProblem;
    /** Answers 403 Forbidden. */
    static readonly forbidden: HttpProblem;
    /** Answers 404 Not Found. */
    static readonly notFound: HttpProblem;
    /** Answers 405 Method Not Allowed. */
    static readonly methodNotAllowed: HttpProblem;
    /** Answers 406 Not Acceptable. */
    static readonly notAcceptable: HttpProblem;
    /** Answers 407 Proxy Authentication Required. */
    static readonly proxyAuthenticationRequired: HttpProblem;
    /** Answers 408 Request Timeout. */
    static readonly requestTimeout: HttpProblem;
    /** Answers 409 Conflict. */
    static readonly conflict: HttpProblem;
    /** Answers 410 Gone. */
    static readonly gone: HttpProblem;
    /** Answers 411 Length Required. */
    static readonly lengthRequired: HttpProblem;
    /** Answers 412 Precondition Failed. */
    static readonly preconditionFailed: HttpProblem;
    /** Answers 413 Content Too Large. */
    static readonly contentTooLarge: HttpProblem;
    /** Answers 414 URI Too Long. */
    static readonly uriTooLong: HttpProblem;
    /** Answers 415 Unsupported Media Type. */
    static readonly unsupportedMediaType: HttpProblem;
    /** Answers 416 Range Not Satisfiable. */
    static readonly rangeNotSatisfiable: HttpProblem;
    /** Answers 417 Expectation Failed. */
    static readonly expectationFailed: HttpProblem;
    /** Answers 418 I'm a teapot. */
    static readonly imATeapot: HttpProblem;
    /** Answers 421 Misdirected Request. */
    static readonly misdirectedRequest: HttpProblem;
    /** Answers 422 Unprocessable Content. */
    static readonly unprocessableContent: HttpProblem;
    /** Answers 423 Locked. */
    static readonly locked: HttpProblem;
    /** Answers 424 Failed Dependency. */
    static readonly failedDependency: HttpProblem;
    /** Answers 425 Too Early. */
    static readonly tooEarly: HttpProblem;
    /** Answers 426 Upgrade Required. */
    static readonly upgradeRequired: HttpProblem;
    /** Answers 428 Precondition Required. */
    static readonly preconditionRequired: HttpProblem;
    /** Answers 429 Too Many Requests. */
    static readonly tooManyRequests: HttpProblem;
    /** Answers 431 Request Header Fields Too Large. */
    static readonly requestHeaderFieldsTooLarge: HttpProblem;
    /** Answers 451 Unavailable For Legal Reasons. */
    static readonly unavailableForLegalReasons: HttpProblem;
    /** Answers 500 Internal Server Error. */
    static readonly internalServerError: HttpProblem;
    /** Answers 501 Not Implemented. */
    static readonly notImplemented: HttpProblem;
    /** Answers 502 Bad Gateway. */
    static readonly badGateway: HttpProblem;
    /** Answers 503 Service Unavailable. */
    static readonly serviceUnavailable: HttpProblem;
    /** Answers 504 Gateway Timeout. */
    static readonly gatewayTimeout: HttpProblem;
    /** Answers 505 HTTP Version Not Supported. */
    static readonly httpVersionNotSupported: HttpProblem;
    /** Answers 506 Variant Also Negotiates. */
    static readonly variantAlsoNegotiates: HttpProblem;
    /** Answers 507 Insufficient Storage. */
    static readonly insufficientStorage: HttpProblem;
    /** Answers 508 Loop Detected. */
    static readonly loopDetected: HttpProblem;
    /** Answers 510 Not Extended. */
    static readonly notExtended: HttpProblem;
    /** Answers 511 Network Authentication Required. */
    static readonly networkAuthenticationRequired: HttpProblem;
  }

  /** What a {@link RuntimeError} is made of. */
  export interface RuntimeErrorDetails {
    /** What the log has. The client never sees it. */
    message: string;
    /** Members of the problem that the client gets. */
    extensionMembers?: Record<string, unknown>;
  }

  /**
   * An error that becomes a problem with members of its own. Its message stays in the log.
   *
   * @example
   * ```ts
   * throw new RuntimeError({ message: "no stock for 7", extensionMembers: { code: "out-of-stock" } });
   * ```
   */
  export class RuntimeError extends Error {
    /**
     * @param message - What the log has.
     * @param options - `cause`, and `extensionMembers` of the problem.
     */
    constructor(message: string, options?: ErrorOptions & { extensionMembers?: Record<string, unknown> });
    /**
     * @param details - What the log has, and what the client gets.
     * @param options - `cause`: what was thrown before.
     */
    constructor(details: RuntimeErrorDetails, options?: ErrorOptions);

    /** Members of the problem that the client gets. */
    extensionMembers?: Record<string, unknown>;
  }

  /** The project asks for something that cannot be: a mistake of its author, and never of the client. */
  export class ConfigurationError extends Error {
    /**
     * @param message - What went wrong.
     * @param options - `cause`: what was thrown before.
     */
    constructor(message?: string, options?: ErrorOptions);
  }
}
