import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answer, callsOf, reset } from "./fake_host.mjs";

const { createExtensions } = await import("tollgate:runtime-internal");
const { ConfigurationError, JwtServicePlugin, OAuthProtectedResourcePlugin } = await import("@zuplo/runtime");

beforeEach(reset);

function described(...plugins) {
  const made = createExtensions();
  made.initialize((runtime) => plugins.forEach((plugin) => runtime.addPlugin(plugin)));
  return made.describe();
}

test("JwtServicePlugin_describes_the_issuer", () => {
  assert.deepEqual(described(new JwtServicePlugin()).issuer, { path: "/__zuplo/issuer", algorithm: undefined, expiresIn: undefined });
  const given = new JwtServicePlugin({ basePath: "/keys", algorithm: "RS256", expiresIn: "5m" });
  assert.deepEqual(described(given).issuer, { path: "/keys", algorithm: "RS256", expiresIn: 300 });
  assert.equal(described(new JwtServicePlugin({ tokenExpiration: 120 })).issuer.expiresIn, 120);
});

for (const [text, seconds] of [
  ["30", 30], ["30s", 30], ["1 sec", 1], ["2 seconds", 2], ["5m", 300], ["5 mins", 300], ["1minute", 60],
  ["1h", 3600], ["2 hrs", 7200], ["1 Hour", 3600], ["1d", 86400], ["3 days", 259200], ["1w", 604800],
  ["2 weeks", 1209600], ["1y", 31557600], ["1 yr", 31557600], ["1.5h", 5400],
]) {
  test(`${text.replaceAll(" ", "_")}_is_a_lifetime`, () => {
    assert.equal(described(new JwtServicePlugin({ expiresIn: text })).issuer.expiresIn, seconds);
  });
}

test("what_makes_no_issuer_is_refused", () => {
  for (const wrong of [{ algorithm: "HS256" }, { algorithm: "none" }, { basePath: "issuer" }, { expiresIn: "soon" }, { expiresIn: 0 }, { expiresIn: "-5m" }]) {
    assert.throws(() => new JwtServicePlugin(wrong), ConfigurationError, JSON.stringify(wrong));
  }
});

test("signJwt_passes_subject_audience_lifetime_and_claims", async () => {
  answer({ signJwt: async (json) => `signed ${json}` });
  const token = await JwtServicePlugin.signJwt({ subject: "ada", audience: "b", expiresIn: "1m", role: "admin" });
  assert.deepEqual(JSON.parse(token.slice(7)), { subject: "ada", audience: "b", expiresIn: 60, claims: { role: "admin" } });
  await JwtServicePlugin.signJwt();
  const { expiresIn, ...rest } = JSON.parse(callsOf("signJwt")[1][0]);
  assert.deepEqual([typeof expiresIn, rest], ["number", { claims: {} }]);
});

test("OAuthProtectedResourcePlugin_describes_its_document", () => {
  const plugin = new OAuthProtectedResourcePlugin({ authorizationServers: ["https://idp.test"], resourceName: "API" });
  assert.deepEqual(described(plugin).documents, [
    {
      path: "/.well-known/oauth-protected-resource",
      body: { authorization_servers: ["https://idp.test"], bearer_methods_supported: ["header"], resource_name: "API" },
    },
  ]);
  assert.throws(() => new OAuthProtectedResourcePlugin({}), ConfigurationError);
});

test("OpenTelemetryPlugin_says_where_spans_go_and_what_it_lacks", async () => {
  const { OpenTelemetryPlugin, OTLPSpanExporter, ZuploSpanExporter } = await import("@zuplo/otel");
  const exporter = new OTLPSpanExporter({ url: "https://o.test", headers: { key: 1 } });
  const { traces } = described(new OpenTelemetryPlugin({ exporter, sampling: { headSampler: { ratio: 0.5 } }, postProcessor: () => {} }));
  assert.deepEqual(traces, {
    url: "https://o.test", headers: { key: "1" }, format: "json", service: "tollgate", serviceVersion: undefined, ratio: 0.5, acceptRemote: true,
  });
  assert.match(callsOf("log")[0][2], /`postProcessor` has no effect here/);
  assert.equal(described(new OpenTelemetryPlugin()).traces, null);
  assert.match(callsOf("log")[1][2], /no spans are sent/);
  assert.throws(() => new ZuploSpanExporter(), ConfigurationError);
});
