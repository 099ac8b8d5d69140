// The statuses of HTTP, by the names that `HttpProblems` and `HttpStatusCode` have for them (RFC 9110 §15
// and the registry of IANA).

/** [status, name, title] */
export const STATUSES = [
  [100, "continue", "Continue"],
  [101, "switchingProtocols", "Switching Protocols"],
  [102, "processing", "Processing"],
  [103, "earlyHints", "Early Hints"],
  [200, "ok", "OK"],
  [201, "created", "Created"],
  [202, "accepted", "Accepted"],
  [203, "nonAuthoritativeInformation", "Non-Authoritative Information"],
  [204, "noContent", "No Content"],
  [205, "resetContent", "Reset Content"],
  [206, "partialContent", "Partial Content"],
  [207, "multiStatus", "Multi-Status"],
  [208, "alreadyReported", "Already Reported"],
  [226, "imUsed", "IM Used"],
  [300, "multipleChoices", "Multiple Choices"],
  [301, "movedPermanently", "Moved Permanently"],
  [302, "found", "Found"],
  [303, "seeOther", "See Other"],
  [304, "notModified", "Not Modified"],
  [305, "useProxy", "Use Proxy"],
  [306, "switchProxy", "Switch Proxy"],
  [307, "temporaryRedirect", "Temporary Redirect"],
  [308, "permanentRedirect", "Permanent Redirect"],
  [400, "badRequest", "Bad Request"],
  [401, "unauthorized", "Unauthorized"],
  [402, "paymentRequired", "Payment Required"],
  [403, "forbidden", "Forbidden"],
  [404, "notFound", "Not Found"],
  [405, "methodNotAllowed", "Method Not Allowed"],
  [406, "notAcceptable", "Not Acceptable"],
  [407, "proxyAuthenticationRequired", "Proxy Authentication Required"],
  [408, "requestTimeout", "Request Timeout"],
  [409, "conflict", "Conflict"],
  [410, "gone", "Gone"],
  [411, "lengthRequired", "Length Required"],
  [412, "preconditionFailed", "Precondition Failed"],
  [413, "contentTooLarge", "Content Too Large"],
  [414, "uriTooLong", "URI Too Long"],
  [415, "unsupportedMediaType", "Unsupported Media Type"],
  [416, "rangeNotSatisfiable", "Range Not Satisfiable"],
  [417, "expectationFailed", "Expectation Failed"],
  [418, "imATeapot", "I'm a teapot"],
  [421, "misdirectedRequest", "Misdirected Request"],
  [422, "unprocessableContent", "Unprocessable Content"],
  [423, "locked", "Locked"],
  [424, "failedDependency", "Failed Dependency"],
  [425, "tooEarly", "Too Early"],
  [426, "upgradeRequired", "Upgrade Required"],
  [428, "preconditionRequired", "Precondition Required"],
  [429, "tooManyRequests", "Too Many Requests"],
  [431, "requestHeaderFieldsTooLarge", "Request Header Fields Too Large"],
  [451, "unavailableForLegalReasons", "Unavailable For Legal Reasons"],
  [500, "internalServerError", "Internal Server Error"],
  [501, "notImplemented", "Not Implemented"],
  [502, "badGateway", "Bad Gateway"],
  [503, "serviceUnavailable", "Service Unavailable"],
  [504, "gatewayTimeout", "Gateway Timeout"],
  [505, "httpVersionNotSupported", "HTTP Version Not Supported"],
  [506, "variantAlsoNegotiates", "Variant Also Negotiates"],
  [507, "insufficientStorage", "Insufficient Storage"],
  [508, "loopDetected", "Loop Detected"],
  [510, "notExtended", "Not Extended"],
  [511, "networkAuthenticationRequired", "Network Authentication Required"],
];

const titles = new Map(STATUSES.map(([status, , title]) => [status, title]));

/** The title of a status; that of its class where it has none of its own (RFC 9110 §15). */
export function titleOf(status) {
  return titles.get(status) ?? titles.get(Math.trunc(status / 100) * 100) ?? "Unknown Status";
}

/** `HttpStatusCode.NOT_FOUND`, and back by number, as an enum of TypeScript has it. */
export const HttpStatusCode = {};
for (const [status, name] of STATUSES) {
  const upper = name === "imATeapot" ? "I_AM_A_TEAPOT" : name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  HttpStatusCode[upper] = status;
  HttpStatusCode[status] = upper;
  // An older spelling of the same members.
  Object.defineProperty(HttpStatusCode, name[0].toUpperCase() + name.slice(1), { value: status });
}
Object.freeze(HttpStatusCode);
