// Problems and statuses.

declare module "@tollgate/runtime" {
  /** A problem (RFC 9457). Further members stand beside these. */
  export interface ProblemDetails {
    /** What kind of problem it is: a URL. */
    type: string;
    /** That kind, in a few words. */
    title: string;
    /** The status of the response. */
    status: number;
    /** This very problem, in a sentence. */
    detail?: string;
    /** Where it happened: the path, unless said. */
    instance?: string;
    /** When it happened, and to which request. */
    trace?: { timestamp?: string; requestId?: string; buildId?: string; [name: string]: unknown };
    [name: string]: unknown;
  }

  /** A problem, and what goes with its response. */
  export interface ProblemResponseInput {
    /** The problem. */
    problem: Partial<ProblemDetails>;
    /** The response's reason phrase. */
    statusText?: string;
    /** Further header fields of the response. */
    additionalHeaders?: HeadersInit;
  }

  /** Makes the response of one kind of problem. What `overrides` has stands in the body as it is. */
  type ProblemFunction = (
    request: Request,
    context: ZuploContext,
    overrides?: Partial<ProblemDetails>,
    additionalHeaders?: HeadersInit,
  ) => Promise<Response>;

  /** The gateway's own way to write a problem, for `problemResponseFormat`. */
  export class ProblemResponseFormatter {
    /** @param input - The problem, alone or with what goes with its response. */
    static format(
      input: ProblemResponseInput | Partial<ProblemDetails>,
      request: Request,
      context: ZuploContext,
    ): Promise<Response>;
  }

  /**
   * Responses for every kind of problem.
   *
   * @example `return HttpProblems.forbidden(request, context, { detail: "Not on this plan" });`
   */
  export class HttpProblems {
    /** Writes a problem, in the project's own way where it has one. */
    static format(
      input: ProblemResponseInput | Partial<ProblemDetails>,
      request: Request,
      context: ZuploContext,
    ): Promise<Response>;
    /** The members of a problem of that status. */
    static getProblemFromStatus(status: number, overrides?: Partial<ProblemDetails>): ProblemDetails;
    /** 100 Continue. */
    static continue: ProblemFunction;
    /** 101 Switching Protocols. */
    static switchingProtocols: ProblemFunction;
    /** 102 Processing. */
    static processing: ProblemFunction;
    /** 103 Early Hints. */
    static earlyHints: ProblemFunction;
    /** 200 OK. */
    static ok: ProblemFunction;
    /** 201 Created. */
    static created: ProblemFunction;
    /** 202 Accepted. */
    static accepted: ProblemFunction;
    /** 203 Non-Authoritative Information. */
    static nonAuthoritativeInformation: ProblemFunction;
    /** 204 No Content. */
    static noContent: ProblemFunction;
    /** 205 Reset Content. */
    static resetContent: ProblemFunction;
    /** 206 Partial Content. */
    static partialContent: ProblemFunction;
    /** 207 Multi-Status. */
    static multiStatus: ProblemFunction;
    /** 208 Already Reported. */
    static alreadyReported: ProblemFunction;
    /** 226 IM Used. */
    static imUsed: ProblemFunction;
    /** 300 Multiple Choices. */
    static multipleChoices: ProblemFunction;
    /** 301 Moved Permanently. */
    static movedPermanently: ProblemFunction;
    /** 302 Found. */
    static found: ProblemFunction;
    /** 303 See Other. */
    static seeOther: ProblemFunction;
    /** 304 Not Modified. */
    static notModified: ProblemFunction;
    /** 305 Use Proxy. */
    static useProxy: ProblemFunction;
    /** 306 Switch Proxy. */
    static switchProxy: ProblemFunction;
    /** 307 Temporary Redirect. */
    static temporaryRedirect: ProblemFunction;
    /** 308 Permanent Redirect. */
    static permanentRedirect: ProblemFunction;
    /** 400 Bad Request. */
    static badRequest: ProblemFunction;
    /** 401 Unauthorized. */
    static unauthorized: ProblemFunction;
    /** 402 Payment Required. */
    static paymentRequired: ProblemFunction;
    /** 403 Forbidden. */
    static forbidden: ProblemFunction;
    /** 404 Not Found. */
    static notFound: ProblemFunction;
    /** 405 Method Not Allowed. */
    static methodNotAllowed: ProblemFunction;
    /** 406 Not Acceptable. */
    static notAcceptable: ProblemFunction;
    /** 407 Proxy Authentication Required. */
    static proxyAuthenticationRequired: ProblemFunction;
    /** 408 Request Timeout. */
    static requestTimeout: ProblemFunction;
    /** 409 Conflict. */
    static conflict: ProblemFunction;
    /** 410 Gone. */
    static gone: ProblemFunction;
    /** 411 Length Required. */
    static lengthRequired: ProblemFunction;
    /** 412 Precondition Failed. */
    static preconditionFailed: ProblemFunction;
    /** 413 Content Too Large. */
    static contentTooLarge: ProblemFunction;
    /** 414 URI Too Long. */
    static uriTooLong: ProblemFunction;
    /** 415 Unsupported Media Type. */
    static unsupportedMediaType: ProblemFunction;
    /** 416 Range Not Satisfiable. */
    static rangeNotSatisfiable: ProblemFunction;
    /** 417 Expectation Failed. */
    static expectationFailed: ProblemFunction;
    /** 418 I'm a teapot. */
    static imATeapot: ProblemFunction;
    /** 421 Misdirected Request. */
    static misdirectedRequest: ProblemFunction;
    /** 422 Unprocessable Content. */
    static unprocessableContent: ProblemFunction;
    /** 423 Locked. */
    static locked: ProblemFunction;
    /** 424 Failed Dependency. */
    static failedDependency: ProblemFunction;
    /** 425 Too Early. */
    static tooEarly: ProblemFunction;
    /** 426 Upgrade Required. */
    static upgradeRequired: ProblemFunction;
    /** 428 Precondition Required. */
    static preconditionRequired: ProblemFunction;
    /** 429 Too Many Requests. */
    static tooManyRequests: ProblemFunction;
    /** 431 Request Header Fields Too Large. */
    static requestHeaderFieldsTooLarge: ProblemFunction;
    /** 451 Unavailable For Legal Reasons. */
    static unavailableForLegalReasons: ProblemFunction;
    /** 500 Internal Server Error. */
    static internalServerError: ProblemFunction;
    /** 501 Not Implemented. */
    static notImplemented: ProblemFunction;
    /** 502 Bad Gateway. */
    static badGateway: ProblemFunction;
    /** 503 Service Unavailable. */
    static serviceUnavailable: ProblemFunction;
    /** 504 Gateway Timeout. */
    static gatewayTimeout: ProblemFunction;
    /** 505 HTTP Version Not Supported. */
    static httpVersionNotSupported: ProblemFunction;
    /** 506 Variant Also Negotiates. */
    static variantAlsoNegotiates: ProblemFunction;
    /** 507 Insufficient Storage. */
    static insufficientStorage: ProblemFunction;
    /** 508 Loop Detected. */
    static loopDetected: ProblemFunction;
    /** 510 Not Extended. */
    static notExtended: ProblemFunction;
    /** 511 Network Authentication Required. */
    static networkAuthenticationRequired: ProblemFunction;
  }

  /** The statuses of HTTP, by their names. */
  export enum HttpStatusCode {
    /** Continue. */
    CONTINUE = 100,
    /** Switching Protocols. */
    SWITCHING_PROTOCOLS = 101,
    /** Processing. */
    PROCESSING = 102,
    /** Early Hints. */
    EARLY_HINTS = 103,
    /** OK. */
    OK = 200,
    /** Created. */
    CREATED = 201,
    /** Accepted. */
    ACCEPTED = 202,
    /** Non-Authoritative Information. */
    NON_AUTHORITATIVE_INFORMATION = 203,
    /** No Content. */
    NO_CONTENT = 204,
    /** Reset Content. */
    RESET_CONTENT = 205,
    /** Partial Content. */
    PARTIAL_CONTENT = 206,
    /** Multi-Status. */
    MULTI_STATUS = 207,
    /** Already Reported. */
    ALREADY_REPORTED = 208,
    /** IM Used. */
    IM_USED = 226,
    /** Multiple Choices. */
    MULTIPLE_CHOICES = 300,
    /** Moved Permanently. */
    MOVED_PERMANENTLY = 301,
    /** Found. */
    FOUND = 302,
    /** See Other. */
    SEE_OTHER = 303,
    /** Not Modified. */
    NOT_MODIFIED = 304,
    /** Use Proxy. */
    USE_PROXY = 305,
    /** Switch Proxy. */
    SWITCH_PROXY = 306,
    /** Temporary Redirect. */
    TEMPORARY_REDIRECT = 307,
    /** Permanent Redirect. */
    PERMANENT_REDIRECT = 308,
    /** Bad Request. */
    BAD_REQUEST = 400,
    /** Unauthorized. */
    UNAUTHORIZED = 401,
    /** Payment Required. */
    PAYMENT_REQUIRED = 402,
    /** Forbidden. */
    FORBIDDEN = 403,
    /** Not Found. */
    NOT_FOUND = 404,
    /** Method Not Allowed. */
    METHOD_NOT_ALLOWED = 405,
    /** Not Acceptable. */
    NOT_ACCEPTABLE = 406,
    /** Proxy Authentication Required. */
    PROXY_AUTHENTICATION_REQUIRED = 407,
    /** Request Timeout. */
    REQUEST_TIMEOUT = 408,
    /** Conflict. */
    CONFLICT = 409,
    /** Gone. */
    GONE = 410,
    /** Length Required. */
    LENGTH_REQUIRED = 411,
    /** Precondition Failed. */
    PRECONDITION_FAILED = 412,
    /** Content Too Large. */
    CONTENT_TOO_LARGE = 413,
    /** URI Too Long. */
    URI_TOO_LONG = 414,
    /** Unsupported Media Type. */
    UNSUPPORTED_MEDIA_TYPE = 415,
    /** Range Not Satisfiable. */
    RANGE_NOT_SATISFIABLE = 416,
    /** Expectation Failed. */
    EXPECTATION_FAILED = 417,
    /** I'm a teapot. */
    I_AM_A_TEAPOT = 418,
    /** Misdirected Request. */
    MISDIRECTED_REQUEST = 421,
    /** Unprocessable Content. */
    UNPROCESSABLE_CONTENT = 422,
    /** Locked. */
    LOCKED = 423,
    /** Failed Dependency. */
    FAILED_DEPENDENCY = 424,
    /** Too Early. */
    TOO_EARLY = 425,
    /** Upgrade Required. */
    UPGRADE_REQUIRED = 426,
    /** Precondition Required. */
    PRECONDITION_REQUIRED = 428,
    /** Too Many Requests. */
    TOO_MANY_REQUESTS = 429,
    /** Request Header Fields Too Large. */
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431,
    /** Unavailable For Legal Reasons. */
    UNAVAILABLE_FOR_LEGAL_REASONS = 451,
    /** Internal Server Error. */
    INTERNAL_SERVER_ERROR = 500,
    /** Not Implemented. */
    NOT_IMPLEMENTED = 501,
    /** Bad Gateway. */
    BAD_GATEWAY = 502,
    /** Service Unavailable. */
    SERVICE_UNAVAILABLE = 503,
    /** Gateway Timeout. */
    GATEWAY_TIMEOUT = 504,
    /** HTTP Version Not Supported. */
    HTTP_VERSION_NOT_SUPPORTED = 505,
    /** Variant Also Negotiates. */
    VARIANT_ALSO_NEGOTIATES = 506,
    /** Insufficient Storage. */
    INSUFFICIENT_STORAGE = 507,
    /** Loop Detected. */
    LOOP_DETECTED = 508,
    /** Not Extended. */
    NOT_EXTENDED = 510,
    /** Network Authentication Required. */
    NETWORK_AUTHENTICATION_REQUIRED = 511,
  }

  /** An error whose `extensionMembers` become members of the problem that the client gets. */
  export class RuntimeError extends Error {
    /** @param message - For the log; or both, as an object. */
    constructor(message: string | { message: string; extensionMembers?: Record<string, unknown> }, options?: ErrorOptions);
    /** Members of the problem. */
    extensionMembers?: Record<string, unknown>;
  }

  /** The project asks for something that cannot be. */
  export class ConfigurationError extends Error {}
}
