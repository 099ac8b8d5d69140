// `runtimeInit` as projects write it.

import {
  AuditLogDataStaxProvider,
  AuditLogPlugin,
  DataDogLoggingPlugin,
  HydrolixRequestLoggerPlugin,
  HttpLogPlugin,
  LogPlugin,
  LokiLoggingPlugin,
  type LogLine,
  OTelMetricsPlugin,
  RequestLoggerPlugin,
  defaultGenerateHydrolixEntry,
  environment,
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

class MyLog extends LogPlugin {
  async send(lines: LogLine[]) {
    await fetch("https://log.test", { method: "POST", body: JSON.stringify(lines.map((line) => line.fields.requestId)) });
  }
}

export function observed(runtime: RuntimeExtensions) {
  runtime.addPlugin(new DataDogLoggingPlugin({ apiKey: environment.KEY ?? "", tags: { env: "prod" }, fields: { team: "blue" } }));
  runtime.addPlugin(new HttpLogPlugin({ url: "https://log.test", headers: { key: "k" } }));
  runtime.addPlugin(new MyLog());
  // @ts-expect-error: Loki needs a user.
  runtime.addPlugin(new LokiLoggingPlugin({ url: "https://loki.test" }));
  runtime.addPlugin(new OTelMetricsPlugin({ url: "https://o.test/v1/metrics", include: { statusCode: true } }));
  runtime.addPlugin(
    new RequestLoggerPlugin({ url: "https://l.test", generateLogEntry: (response, request, context, meta) => ({ s: response.status, d: meta.durationMs }) }),
  );
  runtime.addPlugin(new HydrolixRequestLoggerPlugin({ hostname: "h", table: "p.t", generateLogEntry: defaultGenerateHydrolixEntry }));
  runtime.addPlugin(new AuditLogPlugin(new AuditLogDataStaxProvider({ url: "u", xCassandraToken: "t" }), { include: { request: { body: true } } }));
  runtime.addRequestHook((request, context) => {
    OTelMetricsPlugin.setContext(context, { attributes: { tenant: request.user?.data.tenant } });
    return request;
  });
}
