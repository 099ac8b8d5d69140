// What the gateway does for this module: the only door to it. Everything that crosses is a string of
// JSON, a number, a Request, a Response or a promise, so that neither side holds the other's objects.
//
// `handle` is an object of the gateway's own, one for each context; JavaScript only passes it back.
// `undefined` is always allowed where "or nothing" stands. A promise may also be given as the value
// itself, where it is there at once.
//
//   Of the engine
//     environment()                  JSON of an object of strings: the declared variables
//     buildId()                      the id of the snapshot
//     builtIns()                     JSON { policies: [{ export, direction }], handlers: [export] }:
//                                    what the catalog has; direction is "inbound" or "outbound"
//     testUrl()                      the address of the gateway under test: only asked for by tests
//     compatibilityDate()            "2026-03-01", or nothing: as the newest
//     module(name)                   the exports of one of the runtime's modules ("runtime-zone-cache"), loaded now
//     background(callback)           calls it soon in a task of its own that no request owns, waits for
//                                    what it promises, and logs what it throws
//     own(promise)                   a promise of the call that asks, settled like another one: what waits for it
//                                    goes on in that call's time, and not in that of whoever settles the other
//     pluginFailed(text)             a line for the gateway's own log, which no log plugin gets
//     consumer(bucket?, name)        promise of a consumer as JSON, or of nothing
//     signJwt(json)                  promise of a compact JWT; { subject?, audience?, expiresIn? (s), claims }
//
//   Of a context
//     requestId(handle)              text
//     contextId(handle)              text; differs from the request's id inside of invokeRoute
//     routeId(handle)                a number that stands for the route as long as the engine lives, or nothing
//     route(handle)                  JSON of the RouteConfiguration, or nothing: no route matched
//     routeRaw(handle)               JSON of the operation as the document has it, or nothing
//     elapsed(handle)                milliseconds since the request came
//     properties(handle)             JSON of the incomingRequestProperties
//     params(handle)                 JSON of the path parameters, or nothing
//     user(handle)                   JSON of { sub, data } as policies before this call left it, or nothing
//     custom(handle)                 JSON of the custom bag as policies before this call left it, or nothing
//     origin(handle)                 "https://host[:port]" that the client asked for
//     parentContext(handle)          the context (object) that called invokeRoute, or nothing
//     log(handle, level, text, json) writes a line; level is debug | info | warn | error; the handle is
//                                    undefined outside of a request; json is an array of the values as they
//                                    were given, or nothing: there only if a log plugin is installed
//     logProperties(handle, json)    merges an object into the fields of every later line
//     waitUntil(handle, promise)     keeps the context's task alive until it is settled; never rejects
//     assigned()                     code has assigned a user or parameters to a request: from now on the
//                                    gateway asks after each call whether something has changed
//     hooked(handle)                 the context now has hooks or listeners of its own, so that
//                                    runResponseHooks and runFinalHooks are to be called for it
//
//   Other parts of the gateway; `state` is { user?, params?, custom? }, each JSON and there only where the
//   script has touched it ("null" for no user); an outcome is { request } or { response }, and with it
//   again user?, params?, custom? as JSON where they changed, or { definition } where the policy is one
//   of this engine's scripts (an object that defineInbound or defineOutbound made): then it is called here
//     invokeInbound(handle, name, request, state)             promise of an outcome
//     invokeOutbound(handle, name, response, request, state)  promise of an outcome
//     invokeRoute(handle, request)                            promise of a Response
//     builtInPolicy(handle, export, options, name, request, state)
//                                    promise of an outcome; options is JSON
//     builtInOutbound(handle, export, options, name, response, request, state)
//                                    promise of an outcome
//     builtInHandler(handle, export, options, request, state) promise of a Response
//     toolCall(handle)               JSON of the message (tools/call) of an MCP client that led to this route,
//                                    or nothing: it was called in another way
//     toolResult(handle, json)       the fields of an object go before those of the result of that call
//     note(handle, policy, name, json)
//                                    what code said to a policy by its class ("QuotaInboundPolicy",
//                                    "meters", …), each time all of it; may be ignored
//     policyUsage(handle, name)      JSON of what a quota has counted, or nothing
//
// What the gateway calls in turn is in internal.js.

export const host = import.meta.native;

/** The exports of an area of the Web's APIs, loaded when they are first needed. */
export const loadUrl = () => host.module("url");
export const loadEncoding = () => host.module("encoding");
export const loadCrypto = () => host.module("crypto").crypto;
