import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { backgroundIsDone, receive, received } from "./receiver.mjs";
import { callsOf } from "./fake_host.mjs";

const { ZuploContext, createExtensions, deliverLog } = await import("tollgate:runtime-internal");
const runtime = await import("@zuplo/runtime");
const { ConfigurationError } = runtime;

const NOW = Date.parse("2026-03-01T12:00:00.250Z");
const quick = { batchPeriodSeconds: 0.001 };

/** What a plugin sends of two lines. Earlier plugins hear them too, so theirs are told apart by address. */
async function sent(Plugin, options, status = 200) {
  receive(status);
  const made = createExtensions();
  await made.initialize((extensions) => extensions.addPlugin(new Plugin({ ...quick, fields: { team: "blue" }, ...options })));
  const common = { requestId: "r-1", source: "request" };
  const at = (ms) => new Date(NOW + ms).toISOString();
  deliverLog(JSON.stringify({ ...common, timestamp: at(0), level: "info", text: "hello { a: 1 }", messages: ["hello", { a: 1 }], properties: { tenant: "t" } }));
  deliverLog(JSON.stringify({ ...common, timestamp: at(5), level: "error", text: "broken" }));
  await backgroundIsDone();
  const mine = received.filter(({ url }) => url === options.url);
  assert.ok(mine.length <= 1, "both lines go in one request");
  return mine[0];
}

const sentJson = async (...args) => {
  const request = await sent(...args);
  assert.equal(request.method, "POST");
  assert.equal(request.headers.get("content-type"), "application/json");
  return { ...request, json: JSON.parse(request.body) };
};

const fields = { severity: "INFO", requestId: "r-1", buildId: "build-1", logSource: "request", tenant: "t", team: "blue" };

function holds(object, expected) {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(object[name], value, name);
}

test("any_address_gets_an_array_of_lines", async () => {
  const { headers, json } = await sentJson(runtime.HttpLogPlugin, { url: "https://http.test/x", headers: { "x-key": "k" } });
  assert.equal(headers.get("x-key"), "k");
  holds(json[0], { ...fields, timestamp: "2026-03-01T12:00:00.250Z", level: "info", message: "hello { a: 1 }", messages: ["hello", { a: 1 }] });
});

test("a_plugin_of_the_project_sends_lines_in_its_own_way", async () => {
  const texts = [];
  class Mine extends runtime.LogPlugin {
    async send(lines) {
      texts.push(lines.map(({ text }) => text));
      throw new Error("enough");
    }
  }
  await sent(Mine, { url: "" });
  assert.deepEqual(texts, [["hello { a: 1 }", "broken"]]);
  assert.ok(callsOf("pluginFailed").some(([text]) => text === "Mine: enough"));
});

test("Datadog_gets_entries_with_its_own_attributes", async () => {
  const { headers, json } = await sentJson(runtime.DataDogLoggingPlugin, { url: "https://datadog.test/api/v2/logs", apiKey: "k", tags: { env: "prod", v: 1 } });
  assert.equal(headers.get("dd-api-key"), "k");
  assert.equal(json.length, 2);
  holds(json[0], { ...fields, ddsource: "Zuplo", ddtags: "env:prod,v:1", message: "hello { a: 1 }", data: ["hello", { a: 1 }], status: "info", timestamp: NOW });
  holds(json[1], { severity: "ERROR", message: "broken", data: ["broken"], status: "error", timestamp: NOW + 5 });
  assert.equal(json[1].atomicCounter, json[0].atomicCounter + 1);
});

test("Dynatrace_gets_content_and_severity", async () => {
  const { headers, json } = await sentJson(runtime.DynaTraceLoggingPlugin, { url: "https://dynatrace.test/api/v2/logs/ingest", apiToken: "k" });
  assert.equal(headers.get("authorization"), "Api-Token k");
  holds(json[0], { content: "hello { a: 1 }", severity: "info", timestamp: "2026-03-01T12:00:00.250Z", requestId: "r-1", team: "blue" });
});

test("Loki_gets_a_stream_for_every_level", async () => {
  const options = { url: "https://loki.test/loki/api/v1/push", username: "u", password: "pä" };
  const { headers, json } = await sentJson(runtime.LokiLoggingPlugin, options);
  assert.equal(Buffer.from(headers.get("authorization").slice(6), "base64").toString(), "u:pä");
  assert.deepEqual(json.streams.map(({ stream }) => stream), [{ job: "zuplo", level: "info" }, { job: "zuplo", level: "error" }]);
  const [at, line, metadata] = json.streams[0].values[0];
  assert.equal(at, `${NOW}000000`);
  assert.equal(line, "hello { a: 1 }");
  assert.equal(metadata.team, "blue");
  assert.ok(Object.values(metadata).every((value) => typeof value === "string"));
  const old = await sentJson(runtime.LokiLoggingPlugin, { ...options, url: "https://loki1.test/", job: "mine", version: 1 });
  assert.equal(old.json.streams[0].stream.job, "mine");
  holds(JSON.parse(old.json.streams[0].values[0][1]), { ...fields, messages: ["hello", { a: 1 }] });
});

test("NewRelic_gets_logs_with_common_attributes", async () => {
  const { headers, json } = await sentJson(runtime.NewRelicLoggingPlugin, { url: "https://newrelic.test/log/v1", apiKey: "k" });
  assert.equal(headers.get("api-key"), "k");
  assert.deepEqual(json[0].common, { attributes: { service: "Zuplo" } });
  holds(json[0].logs[0], { timestamp: NOW, message: "hello { a: 1 }" });
  holds(json[0].logs[0].attributes, { ...fields, level: "info" });
});

test("Splunk_gets_one_event_after_the_other", async () => {
  const { headers, body } = await sent(runtime.SplunkLoggingPlugin, { url: "https://splunk.test/services/collector", token: "k", channel: "c" });
  assert.equal(headers.get("authorization"), "Splunk k");
  assert.equal(headers.get("x-splunk-request-channel"), "c");
  const [first, second] = body.split("\n").map((line) => JSON.parse(line));
  holds(first, { time: NOW / 1000, host: "zuplo-api", index: "main", sourcetype: "json" });
  holds(first.event, { ...fields, message: "hello { a: 1 }" });
  assert.equal(second.event.message, "broken");
});

test("SumoLogic_gets_a_line_for_every_event", async () => {
  const { headers, body } = await sent(runtime.SumoLogicLoggingPlugin, { url: "https://sumo.test/receiver/v1/http/secret", name: "n", category: "c" });
  assert.equal(headers.get("x-sumo-name"), "n");
  assert.equal(headers.get("x-sumo-category"), "c");
  const [first, second] = body.split("\n").map((line) => JSON.parse(line));
  holds(first, { ...fields, timestamp: NOW, message: "hello { a: 1 }" });
  assert.equal(second.message, "broken");
});

test("VMware_gets_events_with_fields", async () => {
  const options = {
    url: "https://vmware.test/api/v1/events/ingest/agent",
    textReplacements: [["hello", "bye"]],
    onMessageSending: (event) => ({ ...event, text: `${event.text}!` }),
  };
  const { json } = await sentJson(runtime.VMWareLogInsightLoggingPlugin, options);
  assert.equal(json.events[0].text, "bye { a: 1 }!");
  assert.equal(json.events[0].timestamp, NOW);
  assert.ok(json.events[0].fields.some(({ name, content }) => name === "team" && content === "blue"));
  assert.equal(runtime.VMwareLogInsightLoggingPlugin, runtime.VMWareLogInsightLoggingPlugin);
});

test("CloudWatch_gets_a_signed_PutLogEvents", async () => {
  const options = { url: "https://logs.test/", region: "eu-west-1", accessKeyId: "AKID", secretAccessKey: "secret", logGroupName: "g", logStreamName: "s" };
  const { headers, body } = await sent(runtime.AWSLoggingPlugin, options);
  assert.equal(headers.get("x-amz-target"), "Logs_20140328.PutLogEvents");
  assert.match(
    headers.get("authorization"),
    /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/logs\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/,
  );
  assert.ok(!body.includes("secret"));
  const { logGroupName, logStreamName, logEvents } = JSON.parse(body);
  assert.deepEqual([logGroupName, logStreamName], ["g", "s"]);
  assert.equal(logEvents[0].timestamp, NOW);
  holds(JSON.parse(logEvents[0].message), { ...fields, message: "hello { a: 1 }" });
});

test("the_signature_of_AWS_is_that_of_its_own_examples", async () => {
  const { signed } = await import("tollgate:runtime-plugins-aws-signature");
  const signer = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region: "us-east-1", service: "service" };
  const signature = async (url) => (await signed({ method: "GET", url }, signer, new Date("2015-08-30T12:36:00Z"))).authorization.slice(-64);
  // The cases get-vanilla and get-vanilla-query-order-key-case of the published test suite.
  assert.equal(await signature("https://example.amazonaws.com/"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  assert.equal(
    await signature("https://example.amazonaws.com/?Param2=value2&Param1=value1"),
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  );
});

test("Google_gets_entries_by_a_token_that_the_account_signed", async () => {
  const pair = await webcrypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", pair.privateKey)).toString("base64");
  const account = { project_id: "p", client_email: "a@p.test", private_key_id: "kid", private_key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n` };
  const { headers, json } = await sentJson(runtime.GoogleCloudLoggingPlugin, { url: "https://google.test/v2/entries:write", logName: "my/log".replace("/", "-"), serviceAccountJson: JSON.stringify(account) });
  holds(json.entries[0], { logName: "projects/p/logs/my-log", resource: { type: "global" }, severity: "INFO", timestamp: "2026-03-01T12:00:00.250Z" });
  holds(json.entries[0].jsonPayload, { ...fields, message: "hello { a: 1 }" });
  assert.equal(json.entries[1].severity, "ERROR");
  const [head, claims, signature] = headers.get("authorization").slice(7).split(".");
  const decode = (text) => JSON.parse(Buffer.from(text, "base64url"));
  assert.deepEqual(decode(head), { alg: "RS256", typ: "JWT", kid: "kid" });
  holds(decode(claims), { iss: "a@p.test", sub: "a@p.test", aud: "https://logging.googleapis.com/" });
  assert.ok(await webcrypto.subtle.verify("RSASSA-PKCS1-v1_5", pair.publicKey, Buffer.from(signature, "base64url"), Buffer.from(`${head}.${claims}`)));
});

for (const [status, what] of [[503, "the receiver answered 503"], [0, "the receiver cannot be reached"]]) {
  test(`a_receiver_that_fails_with_${status}_is_told_of_and_its_address_is_not`, async () => {
    await sent(runtime.SumoLogicLoggingPlugin, { url: "https://sumo.test/secret" }, status);
    const told = callsOf("pluginFailed").map(([text]) => text);
    assert.ok(told.includes(`SumoLogicLoggingPlugin: ${what}`), told.join());
    assert.ok(!told.join().includes("secret"));
    assert.equal(callsOf("log").length, 0, "nothing that plugins would read again");
  });
}

test("a_plugin_that_throws_keeps_no_line_from_the_others", async () => {
  receive();
  const { addSink } = await import("tollgate:runtime-sinks");
  const seen = [];
  addSink(() => {
    throw new Error("mine");
  });
  addSink((entry) => seen.push(entry.text));
  deliverLog(JSON.stringify({ timestamp: new Date().toISOString(), level: "info", text: "x" }));
  assert.deepEqual(seen, ["x"]);
  assert.match(callsOf("pluginFailed")[0][0], /mine/);
});

test("with_a_plugin_the_values_themselves_go_to_the_gateway", () => {
  receive();
  const circle = {};
  circle.self = circle;
  const { log } = new ZuploContext({});
  log.info("a", { b: 1 }, new TypeError("t"), 10n);
  log.info(circle);
  const [[, , , json], [, , text, none]] = callsOf("log");
  const [a, b, error, big] = JSON.parse(json);
  assert.deepEqual([a, b, error.message, big], ["a", { b: 1 }, "t", "10"]);
  assert.equal(none, undefined);
  assert.equal(typeof text, "string");
});

test("a_plugin_without_what_it_needs_is_a_mistake_of_the_project", () => {
  const incomplete = [
    [runtime.DataDogLoggingPlugin, {}, "apiKey"],
    [runtime.LokiLoggingPlugin, { url: "https://x.test", username: "u" }, "password"],
    [runtime.AWSLoggingPlugin, { region: "r" }, "accessKeyId"],
    [runtime.GoogleCloudLoggingPlugin, { logName: "n", serviceAccountJson: "{}" }, "client_email"],
    [runtime.SplunkLoggingPlugin, undefined, "url"],
  ];
  for (const [Plugin, options, missing] of incomplete) {
    assert.throws(() => new Plugin(options), (error) => error instanceof ConfigurationError && error.message.includes(missing), Plugin.name);
  }
  assert.throws(() => new runtime.GoogleCloudLoggingPlugin({ logName: "n", serviceAccountJson: "key" }), /is no JSON$/);
});
