//! Every name that the documentation of the project format gives to code, tried in one project.

use serde_json::{Value, json};

use crate::project::{Scripted, good};

const MODULE: &str = r#"
import * as runtime from "@zuplo/runtime";
import * as aws from "@zuplo/runtime/aws";
import * as gateway from "@zuplo/runtime/mcp-gateway";
import * as mocks from "@zuplo/runtime/mocks";
import * as graphql from "@zuplo/graphql";
import * as otel from "@zuplo/otel";

const NAMES = {
  runtime: `ZuploRequest ZuploContext environment HttpProblems HttpStatusCode ProblemResponseFormatter RuntimeError ConfigurationError
    InboundPolicy OutboundPolicy ZoneCache MemoryZoneReadThroughCache StreamingZoneCache BackgroundDispatcher BackgroundDispatchError BackgroundLoader ContextData
    urlForwardHandler urlRewriteHandler redirectHandler openApiSpecHandler awsLambdaHandler webSocketPipelineHandler webSocketHandler mcpServerHandler
    legacyDevPortalHandler redirectLegacyDevPortal aiGatewayHandler aiGatewayHandlerV2 AwsLambdaHandlerExtensions
    DataDogLoggingPlugin AWSLoggingPlugin DynaTraceLoggingPlugin GoogleCloudLoggingPlugin LokiLoggingPlugin NewRelicLoggingPlugin SplunkLoggingPlugin
    SumoLogicLoggingPlugin VMWareLogInsightLoggingPlugin VMwareLogInsightLoggingPlugin DataDogMetricsPlugin DatadogMetricsPlugin DynatraceMetricsPlugin NewRelicMetricsPlugin OTelMetricsPlugin
    JwtServicePlugin OAuthProtectedResourcePlugin AuditLogPlugin AuditLogDataStaxProvider RequestLoggerPlugin HydrolixRequestLoggerPlugin AzureBlobPlugin
    AzureEventHubsRequestLoggerPlugin defaultGenerateHydrolixEntry AkamaiApiSecurityPlugin SystemRuntimePlugin RuntimePlugin
    ZuploServices apiServices ApiKeyConsumerClient ZuploMcpSdk CryptoBeta extractGraphqlErrors recordGraphqlCacheState setMoesifContext
    ComplexRateLimitInboundPolicy QuotaInboundPolicy MonetizationInboundPolicy OpenMeterInboundPolicy AmberfloMeteringInboundPolicy AuditLogInboundPolicy
    AuthZenInboundPolicy AxiomaticsAuthZInboundPolicy OpenFGAAuthZInboundPolicy OktaFGAAuthZInboundPolicy
    ApiAuthKeyInboundPolicy BasicRateLimitInboundPolicy SchemaBasedRequestValidation LogRequestResponseInboundPolicy StripeMonetizationPlugin KeyValueStore ResponseFactory SystemResponse`,
  aws: "AwsClient",
  gateway: "McpGatewayPlugin McpProxyHandler McpOAuthInboundPolicy McpTokenExchangeInboundPolicy McpCapabilityFilterInboundPolicy",
  mocks: "createMockContext MockZuploContext",
  graphql: "GraphQLCacheInboundPolicy GraphQLComplexityLimitInboundPolicy GraphQLDisableIntrospectionInboundPolicy GraphQLIntrospectionFilterOutboundPolicy",
  otel: "OpenTelemetryPlugin OTLPSpanExporter BatchTraceSpanProcessor ZuploSpanExporter",
};
const STATICS = {
  ComplexRateLimitInboundPolicy: "setIncrements getIncrements", QuotaInboundPolicy: "setMeters getUsage",
  MonetizationInboundPolicy: "setMeters addMeters getMeters flushMeters getSubscriptionData setSubscriptionData",
  OpenMeterInboundPolicy: "setMeters", AmberfloMeteringInboundPolicy: "setRequestProperties", AuditLogInboundPolicy: "log",
  AuthZenInboundPolicy: "setAuthorizationPayload getAuthorizationPayload", AxiomaticsAuthZInboundPolicy: "setAuthAttributes",
  OpenFGAAuthZInboundPolicy: "setContextChecks", OktaFGAAuthZInboundPolicy: "setContextChecks", JwtServicePlugin: "signJwt",
  HttpProblems: "format getProblemFromStatus", ProblemResponseFormatter: "format", CryptoBeta: "digest", ContextData: "get set",
  DataDogMetricsPlugin: "setContext", DynatraceMetricsPlugin: "setContext", NewRelicMetricsPlugin: "setContext", OTelMetricsPlugin: "setContext",
};
const PROBLEMS = `continue switchingProtocols processing earlyHints ok created accepted nonAuthoritativeInformation noContent resetContent partialContent
  multiStatus alreadyReported imUsed multipleChoices movedPermanently found seeOther notModified useProxy switchProxy temporaryRedirect permanentRedirect
  badRequest unauthorized paymentRequired forbidden notFound methodNotAllowed notAcceptable proxyAuthenticationRequired requestTimeout conflict gone
  lengthRequired preconditionFailed contentTooLarge uriTooLong unsupportedMediaType rangeNotSatisfiable expectationFailed imATeapot misdirectedRequest
  unprocessableContent locked failedDependency tooEarly upgradeRequired preconditionRequired tooManyRequests requestHeaderFieldsTooLarge
  unavailableForLegalReasons internalServerError notImplemented badGateway serviceUnavailable gatewayTimeout httpVersionNotSupported
  variantAlsoNegotiates insufficientStorage loopDetected notExtended networkAuthenticationRequired`;
const words = (text: string) => text.trim().split(/\s+/);

export function names() {
  const modules: Record<string, any> = { runtime, aws, gateway, mocks, graphql, otel };
  const missing: string[] = [];
  for (const [module, text] of Object.entries(NAMES)) for (const name of words(text)) if (modules[module][name] === undefined) missing.push(`${module}.${name}`);
  for (const [name, text] of Object.entries(STATICS)) for (const part of words(text)) if (typeof (runtime as any)[name]?.[part] !== "function") missing.push(`${name}.${part}`);
  for (const name of words(PROBLEMS)) if (typeof (runtime.HttpProblems as any)[name] !== "function") missing.push(`HttpProblems.${name}`);
  for (const name of ["NOT_FOUND", "I_AM_A_TEAPOT", "CONTENT_TOO_LARGE"]) if (typeof (runtime.HttpStatusCode as any)[name] !== "number") missing.push(name);
  return missing;
}

export async function uses(request: runtime.ZuploRequest, context: runtime.ZuploContext) {
  const wrong: string[] = [];
  const check = async (name: string, called: () => unknown) => {
    try {
      const seen = await called();
      if (seen !== true) wrong.push(`${name}: ${JSON.stringify(seen)}`);
    } catch (error) { wrong.push(`${name}: ${error}`); }
  };
  const { ZuploRequest, HttpProblems } = runtime;
  await check("query, params", () => request.query.q === "1" && request.params.id === "7");
  await check("a request of a request", () => {
    request.user = { sub: "acme", data: { a: 1 } };
    const next = new ZuploRequest(request, { headers: { "x-a": "b" } });
    return next.user?.sub === "acme" && next.params.id === "7" && next.headers.get("x-a") === "b";
  });
  await check("ids", () => context.requestId.length > 10 && context.contextId.length > 10);
  await check("route", () => context.route.path === "/uses/{id}" && context.route.methods[0] === "GET" && context.route.handler.export === "uses" && (context.route.raw<any>()["x-custom"]).hello === true);
  await check("where it came from", () => context.incomingRequestProperties.ip === "127.0.0.1" && context.incomingRequestProperties.asn === undefined);
  await check("invokeRoute", async () => (await (await context.invokeRoute("/names")).json()).length === 0);
  await check("invokeInboundPolicy", async () => (await context.invokeInboundPolicy("add", request)).headers.get("x-added") === "yes");
  await check("invokeOutboundPolicy", async () => (await context.invokeOutboundPolicy("mark", new Response("a"), request)).headers.get("x-marked") === "yes");
  await check("problems", async () => {
    const answer = await HttpProblems.badRequest(request, context, { detail: "why", extra: 1 } as any, { "x-b": "c" });
    const body = await answer.json();
    return answer.status === 400 && body.detail === "why" && body.extra === 1 && answer.headers.get("x-b") === "c" && answer.headers.get("content-type")!.startsWith("application/problem+json");
  });
  await check("format, nested and flat", async () => {
    const problem = { type: "about:blank", title: "T", status: 409 };
    const one = await runtime.ProblemResponseFormatter.format({ problem } as any, request, context);
    const other = await runtime.ProblemResponseFormatter.format(problem as any, request, context);
    return one.status === 409 && other.status === 409;
  });
  await check("errors", () => {
    const error = new runtime.RuntimeError({ message: "m", extensionMembers: { code: 1 } }, { cause: "c" });
    return error.message === "m" && (error as any).extensionMembers.code === 1 && new runtime.ConfigurationError("x") instanceof Error;
  });
  await check("ContextData", () => {
    const data = new runtime.ContextData<{ a: number }>("things");
    data.set(context, { a: 1 });
    return data.get(context)?.a === 1 && (runtime.ContextData.get(context, "things") as any).a === 1;
  });
  await check("ZoneCache", async () => {
    const cache = new runtime.ZoneCache<number[]>("zone", context);
    await cache.put("k", [1], 10);
    const seen = await cache.get("k");
    await cache.delete("k");
    return seen?.[0] === 1 && await cache.get("k") === undefined;
  });
  await check("MemoryZoneReadThroughCache", async () => {
    const cache = new runtime.MemoryZoneReadThroughCache<string>("memory", context, { maxSize: 10 } as any);
    cache.put("k", "v", 10);
    return await cache.get("k") === "v";
  });
  await check("StreamingZoneCache", async () => {
    const cache = new runtime.StreamingZoneCache("stream", context);
    await cache.put("k", new Response("body").body!, 10);
    return await new Response(await cache.get("k")).text() === "body";
  });
  await check("caches", async () => {
    const cache = await caches.open("web");
    await cache.put("https://a.example/", new Response("x", { headers: { "cache-control": "max-age=10" } }));
    return await (await cache.match("https://a.example/"))!.text() === "x" && await cache.delete("https://a.example/");
  });
  await check("BackgroundLoader", async () => {
    let calls = 0;
    const loader = new runtime.BackgroundLoader<string>(async (key) => `${key} ${++calls}`, { ttlSeconds: 60 });
    return await loader.get("a") === "a 1" && await loader.get("a") === "a 1";
  });
  await check("BackgroundDispatcher", async () => {
    let sent: number[] = [];
    const dispatcher = new runtime.BackgroundDispatcher<number>(async (entries) => { sent.push(...entries); }, { msDelay: 1 });
    dispatcher.enqueue(1);
    dispatcher.enqueue(2);
    await dispatcher.flush();
    return sent.join() === "1,2" && dispatcher.totalDropped === 0;
  });
  await check("signJwt", async () => (await runtime.JwtServicePlugin.signJwt({ subject: "a" })).split(".").length === 3);
  await check("CryptoBeta", async () => new Uint8Array(await runtime.CryptoBeta.digest("MD5", "a")).length === 16);
  await check("environment", () => runtime.environment.MINE === "value" && runtime.environment.ZUPLO_ENVIRONMENT_TYPE !== undefined && process.env.MINE === "value");
  await check("statics", () => {
    runtime.ComplexRateLimitInboundPolicy.setIncrements(context, { a: 2 });
    runtime.MonetizationInboundPolicy.setMeters(context, { m: 1 });
    runtime.MonetizationInboundPolicy.addMeters(context, { m: 2 });
    return runtime.ComplexRateLimitInboundPolicy.getIncrements(context).a === 2 && runtime.MonetizationInboundPolicy.getMeters(context).m === 3;
  });
  await check("catalogue from code", async () => (await runtime.SetHeadersInboundPolicy(request, context, { headers: [{ name: "x-c", value: "d" }] } as any, "set") as Request).headers.get("x-c") === "d");
  await check("listeners", () => {
    context.addEventListener("responseSending", (event: any) => { event.mutableResponse = new Response(event.mutableResponse.body, { headers: { "x-listened": "yes" } }); });
    context.addResponseSendingHook((response) => response);
    context.waitUntil(Promise.resolve());
    return context.parentContext === undefined;
  });
  await check("graphql errors", async () => (await runtime.extractGraphqlErrors(JSON.stringify({ errors: [{ message: "m" }] }))).length === 1);
  await check("mocks", () => mocks.createMockContext() !== undefined);
  return wrong;
}

export const add = (request: runtime.ZuploRequest) => {
  const next = new runtime.ZuploRequest(request);
  next.headers.set("x-added", "yes");
  return next;
};
export const mark = (response: Response) => new Response(response.body, { headers: { "x-marked": "yes" } });
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_name_is_there_and_does_what_it_says() {
    let project = Scripted::new()
        .await
        .module("documented.ts", MODULE)
        .file(".env", "MINE=value\n")
        .policy("add", "documented", "add", json!({}))
        .policy("mark", "documented", "mark", json!({}))
        .handled("/names", "get", ("documented", "names"), &[], &[])
        .handled("/uses/{id}", "get", ("documented", "uses"), &[], &[]);
    let gateway = project.start().await;
    let missing = good(&gateway.get("/names", None).await, &gateway);
    assert_eq!(missing, Value::Array(Vec::new()));
    let reply = gateway.get("/uses/7?q=1", None).await;
    assert_eq!(good(&reply, &gateway), Value::Array(Vec::new()), "{}", gateway.child.output());
    assert_eq!(reply.headers["x-listened"], "yes");
}
