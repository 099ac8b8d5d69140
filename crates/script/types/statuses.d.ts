// The statuses of HTTP, by name (RFC 9110 §15, and the registry of IANA).

declare module "@tollgate/runtime" {
  /**
   * The statuses of HTTP.
   *
   * @example
   * ```ts
   * return new Response(null, { status: HttpStatusCode.NO_CONTENT });
   * ```
   */
  export enum HttpStatusCode {
    /** Continue */
    CONTINUE = 100,
    /** Switching Protocols */
    SWITCHING_PROTOCOLS = 101,
    /** Processing */
    PROCESSING = 102,
    /** Early Hints */
    EARLY_HINTS = 103,
    /** OK */
    OK = 200,
    /** Created */
    CREATED = 201,
    /** Accepted */
    ACCEPTED = 202,
    /** Non-Authoritative Information */
    NON_AUTHORITATIVE_INFORMATION = 203,
    /** No Content */
    NO_CONTENT = 204,
    /** Reset Content */
    RESET_CONTENT = 205,
    /** Partial Content */
    PARTIAL_CONTENT = 206,
    /** Multi-Status */
    MULTI_STATUS = 207,
    /** Already Reported */
    ALREADY_REPORTED = 208,
    /** IM Used */
    IM_USED = 226,
    /** Multiple Choices */
    MULTIPLE_CHOICES = 300,
    /** Moved Permanently */
    MOVED_PERMANENTLY = 301,
    /** Found */
    FOUND = 302,
    /** See Other */
    SEE_OTHER = 303,
    /** Not Modified */
    NOT_MODIFIED = 304,
    /** Use Proxy */
    USE_PROXY = 305,
    /** Switch Proxy */
    SWITCH_PROXY = 306,
    /** Temporary Redirect */
    TEMPORARY_REDIRECT = 307,
    /** Permanent Redirect */
    PERMANENT_REDIRECT = 308,
    /** Bad Request */
    BAD_REQUEST = 400,
    /** Unauthorized */
    UNAUTHORIZED = 401,
    /** Payment Required */
    PAYMENT_REQUIRED = 402,
    /** Forbidden */
    FORBIDDEN = 403,
    /** Not Found */
    NOT_FOUND = 404,
    /** Method Not Allowed */
    METHOD_NOT_ALLOWED = 405,
    /** Not Acceptable */
    NOT_ACCEPTABLE = 406,
    /** Proxy Authentication Required */
    PROXY_AUTHENTICATION_REQUIRED = 407,
    /** Request Timeout */
    REQUEST_TIMEOUT = 408,
    /** Conflict */
    CONFLICT = 409,
    /** Gone */
    GONE = 410,
    /** Length Required */
    LENGTH_REQUIRED = 411,
    /** Precondition Failed */
    PRECONDITION_FAILED = 412,
    /** Content Too Large */
    CONTENT_TOO_LARGE = 413,
    /** URI Too Long */
    URI_TOO_LONG = 414,
    /** Unsupported Media Type */
    UNSUPPORTED_MEDIA_TYPE = 415,
    /** Range Not Satisfiable */
    RANGE_NOT_SATISFIABLE = 416,
    /** Expectation Failed */
    EXPECTATION_FAILED = 417,
    /** I'm a teapot */
    I_AM_A_TEAPOT = 418,
    /** Misdirected Request */
    MISDIRECTED_REQUEST = 421,
    /** Unprocessable Content */
    UNPROCESSABLE_CONTENT = 422,
    /** Locked */
    LOCKED = 423,
    /** Failed Dependency */
    FAILED_DEPENDENCY = 424,
    /** Too Early */
    TOO_EARLY = 425,
    /** Upgrade Required */
    UPGRADE_REQUIRED = 426,
    /** Precondition Required */
    PRECONDITION_REQUIRED = 428,
    /** Too Many Requests */
    TOO_MANY_REQUESTS = 429,
    /** Request Header Fields Too Large */
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431,
    /** Unavailable For Legal Reasons */
    UNAVAILABLE_FOR_LEGAL_REASONS = 451,
    /** Internal Server Error */
    INTERNAL_SERVER_ERROR = 500,
    /** Not Implemented */
    NOT_IMPLEMENTED = 501,
    /** Bad Gateway */
    BAD_GATEWAY = 502,
    /** Service Unavailable */
    SERVICE_UNAVAILABLE = 503,
    /** Gateway Timeout */
    GATEWAY_TIMEOUT = 504,
    /** HTTP Version Not Supported */
    HTTP_VERSION_NOT_SUPPORTED = 505,
    /** Variant Also Negotiates */
    VARIANT_ALSO_NEGOTIATES = 506,
    /** Insufficient Storage */
    INSUFFICIENT_STORAGE = 507,
    /** Loop Detected */
    LOOP_DETECTED = 508,
    /** Not Extended */
    NOT_EXTENDED = 510,
    /** Network Authentication Required */
    NETWORK_AUTHENTICATION_REQUIRED = 511,

    // An older spelling of the same.
    /** @deprecated Write `CONTINUE`. */ Continue = 100,
    /** @deprecated Write `SWITCHING_PROTOCOLS`. */ SwitchingProtocols = 101,
    /** @deprecated Write `PROCESSING`. */ Processing = 102,
    /** @deprecated Write `EARLY_HINTS`. */ EarlyHints = 103,
    /** @deprecated Write `OK`. */ Ok = 200,
    /** @deprecated Write `CREATED`. */ Created = 201,
    /** @deprecated Write `ACCEPTED`. */ Accepted = 202,
    /** @deprecated Write `NON_AUTHORITATIVE_INFORMATION`. */ NonAuthoritativeInformation = 203,
    /** @deprecated Write `NO_CONTENT`. */ NoContent = 204,
    /** @deprecated Write `RESET_CONTENT`. */ ResetContent = 205,
    /** @deprecated Write `PARTIAL_CONTENT`. */ PartialContent = 206,
    /** @deprecated Write `MULTI_STATUS`. */ MultiStatus = 207,
    /** @deprecated Write `ALREADY_REPORTED`. */ AlreadyReported = 208,
    /** @deprecated Write `IM_USED`. */ ImUsed = 226,
    /** @deprecated Write `MULTIPLE_CHOICES`. */ MultipleChoices = 300,
    /** @deprecated Write `MOVED_PERMANENTLY`. */ MovedPermanently = 301,
    /** @deprecated Write `FOUND`. */ Found = 302,
    /** @deprecated Write `SEE_OTHER`. */ SeeOther = 303,
    /** @deprecated Write `NOT_MODIFIED`. */ NotModified = 304,
    /** @deprecated Write `USE_PROXY`. */ UseProxy = 305,
    /** @deprecated Write `SWITCH_PROXY`. */ SwitchProxy = 306,
    /** @deprecated Write `TEMPORARY_REDIRECT`. */ TemporaryRedirect = 307,
    /** @deprecated Write `PERMANENT_REDIRECT`. */ PermanentRedirect = 308,
    /** @deprecated Write `BAD_REQUEST`. */ BadRequest = 400,
    /** @deprecated Write `UNAUTHORIZED`. */ Unauthorized = 401,
    /** @deprecated Write `PAYMENT_REQUIRED`. */ PaymentRequired = 402,
    /** @deprecated Write `FORBIDDEN`. */ Forbidden = 403,
    /** @deprecated Write `NOT_FOUND`. */ NotFound = 404,
    /** @deprecated Write `METHOD_NOT_ALLOWED`. */ MethodNotAllowed = 405,
    /** @deprecated Write `NOT_ACCEPTABLE`. */ NotAcceptable = 406,
    /** @deprecated Write `PROXY_AUTHENTICATION_REQUIRED`. */ ProxyAuthenticationRequired = 407,
    /** @deprecated Write `REQUEST_TIMEOUT`. */ RequestTimeout = 408,
    /** @deprecated Write `CONFLICT`. */ Conflict = 409,
    /** @deprecated Write `GONE`. */ Gone = 410,
    /** @deprecated Write `LENGTH_REQUIRED`. */ LengthRequired = 411,
    /** @deprecated Write `PRECONDITION_FAILED`. */ PreconditionFailed = 412,
    /** @deprecated Write `CONTENT_TOO_LARGE`. */ ContentTooLarge = 413,
    /** @deprecated Write `URI_TOO_LONG`. */ UriTooLong = 414,
    /** @deprecated Write `UNSUPPORTED_MEDIA_TYPE`. */ UnsupportedMediaType = 415,
    /** @deprecated Write `RANGE_NOT_SATISFIABLE`. */ RangeNotSatisfiable = 416,
    /** @deprecated Write `EXPECTATION_FAILED`. */ ExpectationFailed = 417,
    /** @deprecated Write `I_AM_A_TEAPOT`. */ ImATeapot = 418,
    /** @deprecated Write `MISDIRECTED_REQUEST`. */ MisdirectedRequest = 421,
    /** @deprecated Write `UNPROCESSABLE_CONTENT`. */ UnprocessableContent = 422,
    /** @deprecated Write `LOCKED`. */ Locked = 423,
    /** @deprecated Write `FAILED_DEPENDENCY`. */ FailedDependency = 424,
    /** @deprecated Write `TOO_EARLY`. */ TooEarly = 425,
    /** @deprecated Write `UPGRADE_REQUIRED`. */ UpgradeRequired = 426,
    /** @deprecated Write `PRECONDITION_REQUIRED`. */ PreconditionRequired = 428,
    /** @deprecated Write `TOO_MANY_REQUESTS`. */ TooManyRequests = 429,
    /** @deprecated Write `REQUEST_HEADER_FIELDS_TOO_LARGE`. */ RequestHeaderFieldsTooLarge = 431,
    /** @deprecated Write `UNAVAILABLE_FOR_LEGAL_REASONS`. */ UnavailableForLegalReasons = 451,
    /** @deprecated Write `INTERNAL_SERVER_ERROR`. */ InternalServerError = 500,
    /** @deprecated Write `NOT_IMPLEMENTED`. */ NotImplemented = 501,
    /** @deprecated Write `BAD_GATEWAY`. */ BadGateway = 502,
    /** @deprecated Write `SERVICE_UNAVAILABLE`. */ ServiceUnavailable = 503,
    /** @deprecated Write `GATEWAY_TIMEOUT`. */ GatewayTimeout = 504,
    /** @deprecated Write `HTTP_VERSION_NOT_SUPPORTED`. */ HttpVersionNotSupported = 505,
    /** @deprecated Write `VARIANT_ALSO_NEGOTIATES`. */ VariantAlsoNegotiates = 506,
    /** @deprecated Write `INSUFFICIENT_STORAGE`. */ InsufficientStorage = 507,
    /** @deprecated Write `LOOP_DETECTED`. */ LoopDetected = 508,
    /** @deprecated Write `NOT_EXTENDED`. */ NotExtended = 510,
    /** @deprecated Write `NETWORK_AUTHENTICATION_REQUIRED`. */ NetworkAuthenticationRequired = 511,
  }
}
