import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { backgroundIsDone, receive, received } from "./receiver.mjs";
import { answer, callsOf } from "./fake_host.mjs";

const { HANDLE, ZuploContext, ZuploRequest, createExtensions } = await import("tollgate:runtime-internal");
const runtime = await import("@zuplo/runtime");
const { ConfigurationError } = runtime;

/** What is sent of one request; `during` is what code does while it is under way. */
async function sent(plugin, { during = () => {}, status = 200 } = {}) {
  receive(status);
  answer({
    route: () => JSON.stringify({ path: "/todos/{id}", methods: ["POST"] }),
    properties: () => JSON.stringify({ ip: "192.0.2.1", country: "DE" }),
  });
  const made = createExtensions();
  await made.initialize((extensions) => extensions.addPlugin(plugin));
  const handle = {};
  const context = new ZuploContext(handle);
  const request = new ZuploRequest("https://api.test/todos/7?x=1", {
    method: "POST",
    body: "hello",
    headers: { "content-length": "5", authorization: "Bearer secret", "user-agent": "tests" },
    user: { sub: "ada", data: {} },
  });
  request[HANDLE] = handle;
  const next = await made.runRequestHooks(request, context);
  assert.equal(await next.text(), "hello", "the body is the handler's");
  during(context);
  const response = new Response("world!", { status: 201, headers: { "content-length": "6" } });
  await made.runFinalHooks(response, next, context);
  assert.equal(await response.text(), "world!", "the body is the client's");
  await backgroundIsDone();
  return received[0];
}

const quick = { batchPeriodSeconds: 0.001 };
const all = { country: true, httpMethod: true, statusCode: true, path: true };
const attributes = { country: "DE", http_method: "POST", status_code: "201", path: "/todos/{id}" };

test("Datadog_gets_a_series_for_every_number", async () => {
  const plugin = new runtime.DataDogMetricsPlugin({ ...quick, apiKey: "k", tags: ["env:prod"], include: all, metrics: { requestContentLength: false } });
  const { url, headers, body } = await sent(plugin, { during: (context) => runtime.DataDogMetricsPlugin.setContext(context, { tags: ["tenant:t"] }) });
  assert.equal(url, "https://api.datadoghq.com/api/v2/series");
  assert.equal(headers.get("dd-api-key"), "k");
  const { series } = JSON.parse(body);
  assert.deepEqual(series.map(({ metric, points }) => [metric, points[0].value]), [["request.latency", 12.5], ["response.content_length", 6]]);
  assert.deepEqual(series[0].tags, ["env:prod", "country:DE", "http_method:POST", "status_code:201", "path:/todos/{id}", "tenant:t"]);
  assert.equal(series[0].type, 3);
  assert.ok(Number.isInteger(series[0].points[0].timestamp));
});

test("Dynatrace_gets_a_line_for_every_number", async () => {
  const { headers, body } = await sent(new runtime.DynatraceMetricsPlugin({ ...quick, url: "https://d.test/api/v2/metrics/ingest", apiToken: "k", include: all }));
  assert.equal(headers.get("authorization"), "Api-Token k");
  assert.match(headers.get("content-type"), /^text\/plain/);
  const lines = body.split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^request\.latency,country="DE",http_method="POST",status_code="201",path="\/todos\/\{id\}" gauge,12\.5 \d{13}$/);
});

test("NewRelic_gets_gauges", async () => {
  const { url, headers, body } = await sent(new runtime.NewRelicMetricsPlugin({ ...quick, apiKey: "k", include: all, attributes: { team: "blue" } }));
  assert.equal(url, "https://metric-api.newrelic.com/metric/v1");
  assert.equal(headers.get("api-key"), "k");
  const [{ metrics }] = JSON.parse(body);
  assert.equal(metrics.length, 3);
  assert.deepEqual(metrics[1], { name: "request.content_length", type: "gauge", value: 5, timestamp: metrics[1].timestamp, attributes: { team: "blue", ...attributes } });
});

test("OpenTelemetry_gets_OTLP_as_JSON", async () => {
  const { headers, body } = await sent(new runtime.OTelMetricsPlugin({ ...quick, url: "https://o.test/v1/metrics", headers: { "x-key": "k" }, include: { statusCode: true } }));
  assert.equal(headers.get("x-key"), "k");
  const [{ resource, scopeMetrics }] = JSON.parse(body).resourceMetrics;
  assert.deepEqual(resource.attributes, [{ key: "service.name", value: { stringValue: "tollgate" } }]);
  const [latency] = scopeMetrics[0].metrics;
  assert.deepEqual([latency.name, latency.unit], ["request.latency", "ms"]);
  const [point] = latency.gauge.dataPoints;
  assert.equal(point.asDouble, 12.5);
  assert.match(point.timeUnixNano, /^\d{19}$/);
  assert.deepEqual(point.attributes, [{ key: "status_code", value: { stringValue: "201" } }]);
});

const generateLogEntry = async (response, request, context, meta) => ({
  status: response.status, path: request.url, id: context.requestId, took: meta.durationMs, body: await response.clone().text(),
});
const entry = { status: 201, path: "https://api.test/todos/7?x=1", id: "request-1", took: 12.5, body: "world!" };

test("a_request_logger_posts_what_the_project_makes_of_a_request", async () => {
  const { url, body } = await sent(new runtime.RequestLoggerPlugin({ ...quick, url: "https://l.test/x", generateLogEntry }));
  assert.equal(url, "https://l.test/x");
  assert.deepEqual(JSON.parse(body), [entry]);
});

test("a_request_logger_of_the_project_sends_in_its_own_way", async () => {
  const batches = [];
  class Mine extends runtime.RequestLoggerPlugin {
    async send(entries) {
      batches.push(entries);
    }
  }
  assert.equal(await sent(new Mine({ ...quick, generateLogEntry })), undefined);
  assert.deepEqual(batches, [[entry]]);
});

test("Hydrolix_gets_entries_for_its_table", async () => {
  const { url, headers, body } = await sent(new runtime.HydrolixRequestLoggerPlugin({ ...quick, hostname: "h.test", table: "p.t", username: "u", password: "p" }));
  assert.equal(url, "https://h.test/ingest/event");
  assert.equal(headers.get("x-hdx-table"), "p.t");
  assert.equal(headers.get("authorization"), "Basic dTpw");
  const [made] = JSON.parse(body);
  assert.deepEqual(
    [made.method, made.hostname, made.path, made.query, made.routePath, made.statusCode, made.clientIp, made.userSub, made.responseBodySize],
    ["POST", "api.test", "/todos/7", "?x=1", "/todos/{id}", 201, "192.0.2.1", "ada", 6],
  );
  assert.ok(!body.includes("secret"));
});

test("a_batch_becomes_a_blob_of_its_own", async () => {
  const { method, url, headers, body } = await sent(new runtime.AzureBlobPlugin({ ...quick, sasUrl: "https://a.blob.test/logs?sv=1&sig=s%2Bx", generateLogEntry }));
  assert.equal(method, "PUT");
  assert.match(url, /^https:\/\/a\.blob\.test\/logs\/\d{4}-\d\d-\d\d\/[\w.-]+\.json\?sv=1&sig=s%2Bx$/);
  assert.equal(headers.get("x-ms-blob-type"), "BlockBlob");
  assert.deepEqual(body.split("\n").map((line) => JSON.parse(line)), [entry]);
});

test("EventHubs_gets_a_batch_with_a_shared_access_signature", async () => {
  const connectionString = "Endpoint=sb://ns.servicebus.test/;SharedAccessKeyName=send;SharedAccessKey=a2V5PQ==;EntityPath=hub";
  const { url, headers, body } = await sent(new runtime.AzureEventHubsRequestLoggerPlugin({ ...quick, connectionString, generateLogEntry }));
  assert.equal(url, "https://ns.servicebus.test/hub/messages");
  assert.equal(headers.get("content-type"), "application/vnd.microsoft.servicebus.json");
  assert.deepEqual(JSON.parse(JSON.parse(body)[0].Body), entry);
  const token = new URLSearchParams(headers.get("authorization").replace("SharedAccessSignature ", ""));
  assert.deepEqual([token.get("sr"), token.get("skn")], ["https://ns.servicebus.test/hub", "send"]);
  const signature = createHmac("sha256", "a2V5PQ==").update(`${encodeURIComponent(token.get("sr"))}\n${token.get("se")}`).digest("base64");
  assert.equal(token.get("sig"), signature);
});

test("an_audit_log_keeps_what_it_is_told_to_and_no_credentials", async () => {
  const provider = new runtime.AuditLogDataStaxProvider({ url: "https://d.test/collections/audit", xCassandraToken: "k" });
  const include = { request: { headers: true, body: true }, response: { headers: true, body: true } };
  const { headers, body } = await sent(new runtime.AuditLogPlugin(provider, { ...quick, include }));
  assert.equal(headers.get("x-cassandra-token"), "k");
  const kept = JSON.parse(body);
  assert.equal(kept.request.body, "hello");
  assert.equal(kept.request.headers.authorization, "[REDACTED]");
  assert.equal(kept.response.body, "world!");
  assert.equal(kept.response.headers["content-length"], "6");
  assert.equal(kept.user, "ada");
  const bare = JSON.parse((await sent(new runtime.AuditLogPlugin(provider, quick))).body);
  assert.deepEqual([bare.request, bare.response], [{ method: "POST", url: "https://api.test/todos/7?x=1" }, { status: 201 }]);
  assert.equal(await sent(new runtime.AuditLogPlugin(provider, { ...quick, requestFilter: () => false })), undefined);
});

test("a_plugin_that_fails_fails_no_request", async () => {
  const broken = () => {
    throw new Error("no entry");
  };
  await sent(new runtime.RequestLoggerPlugin({ ...quick, url: "https://l.test/x", generateLogEntry: broken }));
  assert.deepEqual(callsOf("pluginFailed"), [["RequestLoggerPlugin: no entry"]]);
  await sent(new runtime.NewRelicMetricsPlugin({ ...quick, apiKey: "k" }), { status: 500 });
  assert.deepEqual(callsOf("pluginFailed"), [["NewRelicMetricsPlugin: the receiver answered 500"]]);
});

test("a_plugin_without_what_it_needs_is_a_mistake_of_the_project", () => {
  for (const make of [
    () => new runtime.RequestLoggerPlugin({ url: "https://x.test" }),
    () => new runtime.RequestLoggerPlugin({ generateLogEntry }),
    () => new runtime.HydrolixRequestLoggerPlugin({ hostname: "h" }),
    () => new runtime.AzureBlobPlugin({ generateLogEntry }),
    () => new runtime.AzureEventHubsRequestLoggerPlugin({ connectionString: "Endpoint=sb://x/", generateLogEntry }),
    () => new runtime.AuditLogPlugin({}),
    () => new runtime.AuditLogDataStaxProvider({ url: "https://x.test" }),
    () => new runtime.OTelMetricsPlugin({}),
    () => new runtime.DynatraceMetricsPlugin({ url: "https://x.test" }),
  ]) {
    assert.throws(make, ConfigurationError, String(make));
  }
});
