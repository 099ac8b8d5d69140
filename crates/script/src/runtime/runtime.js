// `@tollgate/runtime`: everything that a project may import. `@zuplo/runtime` is the same module.

export { BackgroundDispatchError, BackgroundDispatcher, BackgroundLoader } from "tollgate:runtime-background";
export { ContextData } from "tollgate:runtime-context-data";
export { ConfigurationError, RuntimeError } from "tollgate:runtime-errors";
export { RuntimeExtensions } from "tollgate:runtime-extensions";
export { RuntimePlugin, SystemRuntimePlugin } from "tollgate:runtime-plugin";
export { InboundPolicy, OutboundPolicy } from "tollgate:runtime-policy";
export { ZuploContext } from "tollgate:runtime-context";
export { ZuploRequest } from "tollgate:runtime-request";
export { environment } from "tollgate:runtime-environment";
export { HttpProblems, ProblemResponseFormatter } from "tollgate:runtime-problems";
export { HttpStatusCode } from "tollgate:runtime-statuses";
export { MemoryZoneReadThroughCache, StreamingZoneCache, ZoneCache } from "tollgate:runtime-zone-cache";
export * from "tollgate:runtime-built-ins";
export { JwtServicePlugin } from "tollgate:runtime-jwt-service";
export { OAuthProtectedResourcePlugin } from "tollgate:runtime-protected-resource";
