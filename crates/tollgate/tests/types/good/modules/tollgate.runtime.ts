import {
  HttpProblems,
  JwtServicePlugin,
  OAuthProtectedResourcePlugin,
  RuntimeExtensions,
  RuntimePlugin,
  SystemRuntimePlugin,
  ZuploRequest,
} from "@tollgate/runtime";

class Timing extends RuntimePlugin {
  constructor(private readonly header: string) {
    super();
  }

  override async initialize(runtime: RuntimeExtensions) {
    runtime.addRequestHook((request, context) => {
      context.custom.started = Date.now();
      return request;
    });
    runtime.addResponseSendingHook((response, _request, context) => {
      const headers = new Headers(response.headers);
      headers.set(this.header, String(Date.now() - context.custom.started));
      return new Response(response.body, { status: response.status, headers });
    });
  }
}

class Quiet extends SystemRuntimePlugin {
  override initialize() {}
}

export function runtimeInit(runtime: RuntimeExtensions) {
  runtime.addPlugin(new JwtServicePlugin({ basePath: "/__tollgate/issuer", algorithm: "RS256", expiresIn: "5m" }));
  runtime.addPlugin(new OAuthProtectedResourcePlugin({ authorizationServers: ["https://a.example"], resourceName: "A" }));
  runtime.addPlugin(new Timing("x-took"));
  runtime.addPlugin(new Quiet());
  runtime.addPlugin({ initialize: (runtime) => runtime.addPreRoutingHook((request) => new Request(request)) });
  runtime.addRequestHook(async (request) => (request.url.endsWith("/stop") ? new Response("stopped") : new ZuploRequest(request)));
  runtime.addResponseSendingFinalHook((response) => console.log(response.status));
  runtime.addErrorHandler((error, request, context) => {
    if (error instanceof RangeError) return HttpProblems.badRequest(request, context, { detail: error.message });
  });
  runtime.notFoundHandler = async (request, context, { routesMatchedByPathOnly }) => {
    if (routesMatchedByPathOnly.length === 0) return HttpProblems.notFound(request, context);
    const allow = routesMatchedByPathOnly.flatMap((route) => route.methods).join(", ");
    return HttpProblems.methodNotAllowed(request, context, {}, { allow });
  };
  runtime.problemResponseFormat = ({ problem, statusText, additionalHeaders }) =>
    Response.json({ error: problem.title }, { status: problem.status, statusText, headers: additionalHeaders });
}
