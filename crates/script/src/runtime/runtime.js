// `@tollgate/runtime`: everything that a project may import. `@zuplo/runtime` is the same module.

export * from "tollgate:runtime-catalog";
export { ZuploContext } from "tollgate:runtime-context";
export { ContextData } from "tollgate:runtime-context-data";
export { environment } from "tollgate:runtime-environment";
export { ConfigurationError, RuntimeError } from "tollgate:runtime-errors";
export { RuntimeExtensions } from "tollgate:runtime-extensions";
export { extractGraphqlErrors } from "tollgate:runtime-graphql-errors";
export { AwsLambdaHandlerExtensions } from "tollgate:runtime-lambda";
export { JwtServicePlugin } from "tollgate:runtime-jwt-service";
export * from "tollgate:runtime-metered";
export * from "tollgate:runtime-on-demand";
export { RuntimePlugin, SystemRuntimePlugin } from "tollgate:runtime-plugin";
export { InboundPolicy, OutboundPolicy } from "tollgate:runtime-policy";
export { HttpProblems, ProblemResponseFormatter } from "tollgate:runtime-problems";
export { OAuthProtectedResourcePlugin } from "tollgate:runtime-protected-resource";
export { ZuploRequest } from "tollgate:runtime-request";
export * from "tollgate:runtime-retired";
export * from "tollgate:runtime-services";
export { HttpStatusCode } from "tollgate:runtime-statuses";
