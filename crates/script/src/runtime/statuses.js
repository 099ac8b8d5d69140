// The statuses of HTTP, by the names that `HttpProblems` and `HttpStatusCode` have for them (RFC 9110 §15
// and the registry of IANA).

/** [status, name, title, name of the enum's member] */
export const STATUSES = [
  [100, "continue", "Continue", "CONTINUE"],
  [101, "switchingProtocols", "Switching Protocols", "SWITCHING_PROTOCOLS"],
  [102, "processing", "Processing", "PROCESSING"],
  [103, "earlyHints", "Early Hints", "EARLY_HINTS"],
  [200, "ok", "OK", "OK"],
  [201, "created", "Created", "CREATED"],
  [202, "accepted", "Accepted", "ACCEPTED"],
  [203, "nonAuthoritativeInformation", "Non-Authoritative Information", "NON_AUTHORITATIVE_INFORMATION"],
  [204, "noContent", "No Content", "NO_CONTENT"],
  [205, "resetContent", "Reset Content", "RESET_CONTENT"],
  [206, "partialContent", "Partial Content", "PARTIAL_CONTENT"],
  [207, "multiStatus", "Multi-Status", "MULTI_STATUS"],
  [208, "alreadyReported", "Already Reported", "ALREADY_REPORTED"],
  [226, "imUsed", "IM Used", "IM_USED"],
  [300, "multipleChoices", "Multiple Choices", "MULTIPLE_CHOICES"],
  [301, "movedPermanently", "Moved Permanently", "MOVED_PERMANENTLY"],
  [302, "found", "Found", "FOUND"],
  [303, "seeOther", "See Other", "SEE_OTHER"],
  [304, "notModified", "Not Modified", "NOT_MODIFIED"],
  [305, "useProxy", "Use Proxy", "USE_PROXY"],
  [306, "switchProxy", "Switch Proxy", "SWITCH_PROXY"],
  [307, "temporaryRedirect", "Temporary Redirect", "TEMPORARY_REDIRECT"],
  [308, "permanentRedirect", "Permanent Redirect", "PERMANENT_REDIRECT"],
  [400, "badRequest", "Bad Request", "BAD_REQUEST"],
  [401, "unauthorized", "Unauthorized", "UNAUTHORIZED"],
  [402, "paymentRequired", "Payment Required", "PAYMENT_REQUIRED"],
  [403, "forbidden", "Forbidden", "FORBIDDEN"],
  [404, "notFound", "Not Found", "NOT_FOUND"],
  [405, "methodNotAllowed", "Method Not Allowed", "METHOD_NOT_ALLOWED"],
  [406, "notAcceptable", "Not Acceptable", "NOT_ACCEPTABLE"],
  [407, "proxyAuthenticationRequired", "Proxy Authentication Required", "PROXY_AUTHENTICATION_REQUIRED"],
  [408, "requestTimeout", "Request Timeout", "REQUEST_TIMEOUT"],
  [409, "conflict", "Conflict", "CONFLICT"],
  [410, "gone", "Gone", "GONE"],
  [411, "lengthRequired", "Length Required", "LENGTH_REQUIRED"],
  [412, "preconditionFailed", "Precondition Failed", "PRECONDITION_FAILED"],
  [413, "contentTooLarge", "Content Too Large", "CONTENT_TOO_LARGE"],
  [414, "uriTooLong", "URI Too Long", "URI_TOO_LONG"],
  [415, "unsupportedMediaType", "Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE"],
  [416, "rangeNotSatisfiable", "Range Not Satisfiable", "RANGE_NOT_SATISFIABLE"],
  [417, "expectationFailed", "Expectation Failed", "EXPECTATION_FAILED"],
  [418, "imATeapot", "I'm a teapot", "I_AM_A_TEAPOT"],
  [421, "misdirectedRequest", "Misdirected Request", "MISDIRECTED_REQUEST"],
  [422, "unprocessableContent", "Unprocessable Content", "UNPROCESSABLE_CONTENT"],
  [423, "locked", "Locked", "LOCKED"],
  [424, "failedDependency", "Failed Dependency", "FAILED_DEPENDENCY"],
  [425, "tooEarly", "Too Early", "TOO_EARLY"],
  [426, "upgradeRequired", "Upgrade Required", "UPGRADE_REQUIRED"],
  [428, "preconditionRequired", "Precondition Required", "PRECONDITION_REQUIRED"],
  [429, "tooManyRequests", "Too Many Requests", "TOO_MANY_REQUESTS"],
  [431, "requestHeaderFieldsTooLarge", "Request Header Fields Too Large", "REQUEST_HEADER_FIELDS_TOO_LARGE"],
  [451, "unavailableForLegalReasons", "Unavailable For Legal Reasons", "UNAVAILABLE_FOR_LEGAL_REASONS"],
  [500, "internalServerError", "Internal Server Error", "INTERNAL_SERVER_ERROR"],
  [501, "notImplemented", "Not Implemented", "NOT_IMPLEMENTED"],
  [502, "badGateway", "Bad Gateway", "BAD_GATEWAY"],
  [503, "serviceUnavailable", "Service Unavailable", "SERVICE_UNAVAILABLE"],
  [504, "gatewayTimeout", "Gateway Timeout", "GATEWAY_TIMEOUT"],
  [505, "httpVersionNotSupported", "HTTP Version Not Supported", "HTTP_VERSION_NOT_SUPPORTED"],
  [506, "variantAlsoNegotiates", "Variant Also Negotiates", "VARIANT_ALSO_NEGOTIATES"],
  [507, "insufficientStorage", "Insufficient Storage", "INSUFFICIENT_STORAGE"],
  [508, "loopDetected", "Loop Detected", "LOOP_DETECTED"],
  [510, "notExtended", "Not Extended", "NOT_EXTENDED"],
  [511, "networkAuthenticationRequired", "Network Authentication Required", "NETWORK_AUTHENTICATION_REQUIRED"],
];

const titles = new Map(STATUSES.map(([status, , title]) => [status, title]));

/** The title of a status; that of its class where it has none of its own (RFC 9110 §15). */
export function titleOf(status) {
  return titles.get(status) ?? titles.get(Math.trunc(status / 100) * 100) ?? "Unknown Status";
}

/** `HttpStatusCode.NOT_FOUND`, and back by number, as an enum of TypeScript has it. */
export const HttpStatusCode = {};
for (const [status, name, , upper] of STATUSES) {
  HttpStatusCode[upper] = status;
  HttpStatusCode[status] = upper;
  // An older spelling of the same members.
  HttpStatusCode[name[0].toUpperCase() + name.slice(1)] = status;
}
Object.freeze(HttpStatusCode);
