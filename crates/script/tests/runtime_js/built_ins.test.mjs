import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { answer, callsOf, reset } from "./fake_host.mjs";

const { ZuploContext, ZuploRequest, defineInbound, runInbound } = await import("tollgate:runtime-internal");
const runtime = await import("@zuplo/runtime");
const { ConfigurationError, InboundPolicy, OutboundPolicy } = runtime;

beforeEach(reset);

const handle = { exchange: 1 };
const context = () => new ZuploContext(handle);
const request = () => new ZuploRequest("https://api.test/a", { user: { sub: "ada", data: {} } });

test("a_policy_of_the_catalog_is_called_as_a_function", async () => {
  answer({ builtInPolicy: async () => ({ request: new Request("https://api.test/b"), user: '{"sub":"key","data":{}}' }) });
  const given = request();
  const next = await runtime.ApiKeyInboundPolicy(given, context(), { cacheTtlSeconds: 5 }, "keys");
  assert.deepEqual(callsOf("builtInPolicy"), [
    [handle, "ApiKeyInboundPolicy", '{"cacheTtlSeconds":5}', "keys", given, { user: '{"sub":"ada","data":{}}' }],
  ]);
  assert.equal(next.url, "https://api.test/b");
  assert.equal(next.user.sub, "key");
});

test("a_policy_of_the_catalog_is_made_and_extended_as_a_class", async () => {
  answer({ builtInPolicy: async () => ({ response: new Response("slow down", { status: 429 }) }) });
  const limit = new runtime.RateLimitInboundPolicy({ requestsAllowed: 1 }, "limit");
  assert.ok(limit instanceof InboundPolicy);
  assert.equal((await limit.handler(request(), context())).status, 429);
  class Mine extends runtime.RateLimitInboundPolicy {
    async handler(given, ctx) {
      const answer = await super.handler(given, ctx);
      return new Response(`${answer.status} ${this.policyName} ${this.options.requestsAllowed}`);
    }
  }
  const definition = defineInbound(Mine, { requestsAllowed: 7 }, "mine");
  assert.equal(await (await runInbound(definition, request(), context())).text(), "429 mine 7");
  assert.equal(callsOf("builtInPolicy")[1][3], "mine");
});

test("an_outbound_policy_of_the_catalog_gets_the_response", async () => {
  answer({ builtInOutbound: async () => ({ response: new Response("changed") }) });
  const [response, given] = [new Response("x"), request()];
  const changed = await runtime.SetHeadersOutboundPolicy(response, given, context(), { headers: [] }, "set");
  assert.equal(await changed.text(), "changed");
  const [[, name, options, policyName, sent, sentRequest]] = callsOf("builtInOutbound");
  assert.deepEqual([name, options, policyName], ["SetHeadersOutboundPolicy", '{"headers":[]}', "set"]);
  assert.ok(sent === response && sentRequest === given);
  const made = new runtime.SetHeadersOutboundPolicy({}, "n");
  assert.ok(made instanceof OutboundPolicy);
  assert.equal(await (await made.handler(response, given, context())).text(), "changed");
});

test("a_handler_of_the_catalog_takes_its_options_from_the_route", async () => {
  answer({
    route: () => JSON.stringify({ path: "/a", methods: [], handler: { options: { baseUrl: "https://b.test" } } }),
    builtInHandler: async () => new Response("forwarded"),
  });
  const given = request();
  assert.equal(await (await runtime.urlForwardHandler(given, context())).text(), "forwarded");
  assert.deepEqual(callsOf("builtInHandler"), [
    [handle, "urlForwardHandler", '{"baseUrl":"https://b.test"}', given, { user: '{"sub":"ada","data":{}}' }],
  ]);
});

test("what_the_catalog_lacks_can_be_imported_and_fails_by_its_name_when_it_is_called", async () => {
  const lacking = (name) => ({ name: "ConfigurationError", message: `${name} is not available in this version` });
  await assert.rejects(runtime.LDAPAuthInboundPolicy(request(), context(), {}), lacking("LDAPAuthInboundPolicy"));
  await assert.rejects(runtime.awsLambdaHandler(request(), context()), lacking("awsLambdaHandler"));
  await assert.rejects(runtime.apiServices("/x"), /^ConfigurationError: apiServices is not available in this version: `ApiKeyConsumerClient`/);
  const { McpGatewayPlugin } = await import("@zuplo/runtime/mcp-gateway");
  assert.throws(() => new McpGatewayPlugin(), lacking("McpGatewayPlugin"));
});

test("a_policy_needs_the_context_of_a_request", async () => {
  await assert.rejects(runtime.ApiKeyInboundPolicy(request(), {}, {}), ConfigurationError);
  await assert.rejects(runtime.ApiKeyInboundPolicy(request()), ConfigurationError);
});

test("every_policy_that_the_gateway_has_is_exported", async () => {
  // Those for GraphQL have a module of their own.
  const exported = { ...runtime, ...(await import("@zuplo/graphql")) };
  const folder = new URL("../../../policies/src/", import.meta.url);
  const catalog = readFileSync(new URL("lib.rs", folder), "utf8");
  const names = [...catalog.matchAll(/^(?:pub )?mod (\w+);/gm)].flatMap(([, module]) => {
    for (const file of [`${module}/mod.rs`, `${module}.rs`]) {
      try {
        const text = readFileSync(new URL(file, folder), "utf8");
        return [...text.matchAll(/\.exports\(&\[([^\]]*)\]\)/g)].flatMap(([, list]) => list.match(/\w+/g) ?? [])
          .map((name) => (name === "EXPORT" ? /const EXPORT: &str = "(\w+)"/.exec(text)[1] : name));
      } catch {
        // The other spelling of the same module.
      }
    }
    return [];
  });
  assert.ok(names.includes("ApiKeyInboundPolicy"), "the list was read");
  for (const name of names) assert.equal(typeof exported[name], "function", name);
});

test("what_code_says_to_a_policy_belongs_to_one_request_and_reaches_the_gateway", () => {
  const [a, b] = [context(), context()];
  runtime.QuotaInboundPolicy.setMeters(a, { requests: 2 });
  runtime.QuotaInboundPolicy.setMeters(a, { bytes: 10 });
  assert.deepEqual(callsOf("note").at(-1), [handle, "QuotaInboundPolicy", "meters", '{"requests":2,"bytes":10}']);
  runtime.ComplexRateLimitInboundPolicy.setIncrements(a, { tokens: 5 });
  assert.deepEqual(runtime.ComplexRateLimitInboundPolicy.getIncrements(a), { tokens: 5 });
  assert.deepEqual(runtime.ComplexRateLimitInboundPolicy.getIncrements(b), {});
  const money = runtime.MonetizationInboundPolicy;
  money.addMeters(a, { api: 1 });
  money.addMeters(a, { api: 2, x: 1 });
  assert.deepEqual(money.getMeters(a), { api: 3, x: 1 });
  money.setMeters(a, { api: 9 });
  assert.deepEqual(money.getMeters(a), { api: 9 });
  money.setSubscriptionData(a, { plan: "gold" });
  assert.deepEqual(money.getSubscriptionData(a), { plan: "gold" });
  runtime.AuditLogInboundPolicy.log(a, { type: "x" });
  runtime.AuditLogInboundPolicy.log(a, { type: "y" });
  assert.equal(callsOf("note").at(-1)[3], '[{"type":"x"},{"type":"y"}]');
  runtime.AuthZenInboundPolicy.setAuthorizationPayload(a, { p: 1 });
  assert.deepEqual(runtime.AuthZenInboundPolicy.getAuthorizationPayload(a), { p: 1 });
});

test("the_usage_of_a_quota_is_the_gateways_to_know", () => {
  assert.equal(runtime.QuotaInboundPolicy.getUsage(context(), "q"), undefined);
  answer({ policyUsage: (_, name) => JSON.stringify({ name, requests: 4 }) });
  assert.deepEqual(runtime.QuotaInboundPolicy.getUsage(context(), "q"), { name: "q", requests: 4 });
});

test("the_statics_do_no_harm_with_a_mock_context", async () => {
  const { createMockContext } = await import("@zuplo/runtime/mocks");
  const mock = createMockContext();
  runtime.QuotaInboundPolicy.setMeters(mock, { a: 1 });
  runtime.setMoesifContext(mock, { userId: "u" });
  runtime.recordGraphqlCacheState(mock, "HIT");
  assert.equal(callsOf("note").length, 0);
});

test("errors_of_GraphQL_are_found_wherever_they_stand", async () => {
  const { extractGraphqlErrors } = runtime;
  const errors = [{ message: "e" }];
  const response = new Response(JSON.stringify({ errors }));
  assert.deepEqual(await extractGraphqlErrors(response), errors);
  assert.equal(response.bodyUsed, false);
  assert.deepEqual(await extractGraphqlErrors([{ errors }, { data: {} }]), errors);
  assert.deepEqual(await extractGraphqlErrors("no JSON"), []);
});

test("a_digest_may_be_of_text", async () => {
  const digest = Buffer.from(await runtime.CryptoBeta.digest("SHA-256", "abc")).toString("hex");
  assert.equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
