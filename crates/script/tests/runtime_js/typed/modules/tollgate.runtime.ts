// `runtimeInit` as projects write it.

import {
  HttpProblems,
  JwtServicePlugin,
  OAuthProtectedResourcePlugin,
  ProblemResponseFormatter,
  RuntimeExtensions,
  SystemRuntimePlugin,
} from "@tollgate/runtime";

class Mine extends SystemRuntimePlugin {
  async initialize(runtime: RuntimeExtensions) {
    runtime.addPreRoutingHook((request) => new Request(request.url.toLowerCase(), request));
  }
}

export function runtimeInit(runtime: RuntimeExtensions) {
  runtime.addPlugin(new JwtServicePlugin({ basePath: "/__zuplo/issuer", algorithm: "RS256", expiresIn: "5m" }));
  runtime.addPlugin(new OAuthProtectedResourcePlugin({ authorizationServers: ["https://idp.test"], resourceName: "API" }));
  runtime.addPlugin(new Mine());
  // @ts-expect-error: no such algorithm for the keys of an issuer.
  runtime.addPlugin(new JwtServicePlugin({ algorithm: "HS256" }));
  // @ts-expect-error: a hook is a function.
  runtime.addRequestHook("x");
  runtime.addRequestHook((request, context) => (request.user ? request : HttpProblems.forbidden(request, context)));
  runtime.addResponseSendingHook((response) => response);
  runtime.addResponseSendingFinalHook(async (response, request, context) => context.log.info(response.status, request.url));
  runtime.addErrorHandler(async (error, request, context) => {
    context.log.error(error);
    return HttpProblems.internalServerError(request, context);
  });
  runtime.notFoundHandler = async (request, context, { routesMatchedByPathOnly }) =>
    routesMatchedByPathOnly.length === 0
      ? HttpProblems.notFound(request, context)
      : HttpProblems.methodNotAllowed(request, context, {}, { allow: routesMatchedByPathOnly.flatMap((r) => r.methods).join() });
  runtime.problemResponseFormat = ({ problem, statusText, additionalHeaders }, request, context) =>
    ProblemResponseFormatter.format({ problem: { ...problem, mine: true }, statusText, additionalHeaders }, request, context);
}

export const sign = () => JwtServicePlugin.signJwt({ subject: "ada", audience: "b", expiresIn: "1h", role: "admin" });
