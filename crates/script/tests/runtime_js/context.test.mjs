import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answer, calls, callsOf, reset } from "./fake_host.mjs";

const { HANDLE, ZuploContext, ZuploRequest, defineInbound, defineOutbound, deliverLog, setCustom, touchedCustom } =
  await import("tollgate:runtime-internal");
const { ContextData, environment } = await import("@zuplo/runtime");

beforeEach(reset);

const handle = { exchange: 1 };
const context = () => new ZuploContext(handle);

function request() {
  const request = new ZuploRequest("https://api.test/a");
  request[HANDLE] = handle;
  return request;
}

test("making_a_context_asks_nothing", () => {
  context();
  assert.deepEqual(calls, []);
});

test("ids_and_properties_come_from_the_gateway", () => {
  const it = context();
  assert.equal(it.requestId, "request-1");
  assert.equal(it.contextId, "context-1");
  assert.equal(it.incomingRequestProperties.ip, "192.0.2.1");
  assert.equal(it.incomingRequestProperties, it.incomingRequestProperties);
  assert.equal(it.parentContext, undefined);
});

test("custom_begins_with_what_native_policies_left_and_is_read_once", () => {
  answer({ custom: () => '{"basePath":"https://b.test"}' });
  const it = context();
  assert.equal(touchedCustom(it), undefined);
  assert.equal(it.custom.basePath, "https://b.test");
  it.custom.seen = true;
  assert.deepEqual(touchedCustom(it), { basePath: "https://b.test", seen: true });
  assert.equal(callsOf("custom").length, 1);
});

test("what_native_policies_write_into_custom_replaces_only_what_differs", () => {
  const it = context();
  const when = new Date(0);
  it.custom.when = when;
  it.custom.count = 1;
  setCustom(it, JSON.stringify({ when, count: 2, more: "x" }));
  assert.equal(it.custom.when, when);
  assert.equal(it.custom.count, 2);
  assert.equal(it.custom.more, "x");
});

test("lines_carry_level_and_text", () => {
  const { log } = context();
  log.debug("a", 1);
  log.info({ a: 1 });
  log.log("b");
  log.warn("c");
  log.error(new TypeError("broken"));
  const lines = callsOf("log").map(([given, level, text]) => [given === handle, level, text.split("\n")[0]]);
  assert.deepEqual(lines, [
    [true, "debug", "a 1"],
    [true, "info", "{ a: 1 }"],
    [true, "info", "b"],
    [true, "warn", "c"],
    [true, "error", "TypeError: broken"],
  ]);
  log.setLogProperties({ tenant: "t" });
  log.setLogProperties(undefined);
  assert.deepEqual(callsOf("logProperties"), [[handle, '{"tenant":"t"}']]);
});

test("without_a_log_plugin_a_line_is_text_alone_and_a_delivered_one_goes_nowhere", () => {
  context().log.info({ a: 1 });
  assert.equal(callsOf("log")[0][3], undefined);
  deliverLog("{}");
});

test("the_route_is_read_once_for_all_contexts", () => {
  answer({
    routeId: () => 7,
    route: () => JSON.stringify({ path: "/todos/{id}", methods: ["GET"], operationId: "getTodo" }),
    routeRaw: () => JSON.stringify({ "x-custom": { tier: 2 } }),
  });
  const { route } = context();
  assert.equal(route.path, "/todos/{id}");
  assert.equal(route.raw()["x-custom"].tier, 2);
  assert.equal(context().route, route);
  assert.equal(callsOf("route").length, 1);
  assert.ok(!JSON.stringify(route).includes("x-custom"), "the operation is no field of it");
});

test("a_request_without_a_route_still_has_one", () => {
  const { route } = context();
  assert.equal(route.path, "/(.*)");
  assert.deepEqual(route.raw(), {});
});

test("waitUntil_never_rejects_and_logs_what_failed", async () => {
  const it = context();
  it.waitUntil(Promise.reject(new Error("later")));
  const [[given, settled]] = callsOf("waitUntil");
  assert.equal(given, handle);
  await settled;
  assert.match(callsOf("log")[0][2], /^waitUntil: Error: later/);
});

test("the_gateway_hears_once_that_a_context_has_hooks", () => {
  const it = context();
  it.addResponseSendingHook((response) => response);
  it.addResponseSendingFinalHook(() => {});
  it.addEventListener("responseSending", () => {});
  assert.deepEqual(callsOf("hooked"), [[handle]]);
  assert.throws(() => it.addResponseSendingHook("x"), /expects a function/);
});

test("listeners_of_other_events_are_called_and_removed", () => {
  const it = context();
  const seen = [];
  const listener = (event) => seen.push(event.detail);
  const object = { handleEvent: (event) => seen.push(`object ${event.detail}`) };
  it.addEventListener("mine", listener);
  it.addEventListener("mine", listener);
  it.addEventListener("mine", object, { once: true });
  it.dispatchEvent(new CustomEvent("mine", { detail: 1 }));
  it.dispatchEvent(new CustomEvent("mine", { detail: 2 }));
  it.removeEventListener("mine", listener);
  it.dispatchEvent(new CustomEvent("mine", { detail: 3 }));
  assert.deepEqual(seen, [1, "object 1", 2]);
});

test("a_native_policy_that_is_invoked_gets_what_scripts_touched_and_gives_it_back", async () => {
  const it = context();
  it.custom.a = 1;
  const before = request();
  before.user = { sub: "ada", data: {} };
  answer({
    invokeInbound: async () => ({
      request: new Request("https://api.test/b"),
      user: '{"sub":"bob","data":{"x":1}}',
      params: '{"id":"2"}',
      custom: '{"a":1,"b":2}',
    }),
  });
  const next = await it.invokeInboundPolicy("auth", before);
  const [[given, name, sent, state]] = callsOf("invokeInbound");
  assert.equal(given, handle);
  assert.equal(name, "auth");
  assert.equal(sent, before);
  assert.deepEqual(state, { user: '{"sub":"ada","data":{}}', custom: '{"a":1}' });
  assert.ok(next instanceof ZuploRequest);
  assert.deepEqual(next.user, { sub: "bob", data: { x: 1 } });
  assert.deepEqual(next.params, { id: "2" });
  assert.deepEqual(it.custom, { a: 1, b: 2 });
});

test("an_invoked_policy_may_answer", async () => {
  answer({ invokeInbound: () => ({ response: new Response("no", { status: 401 }) }) });
  assert.equal((await context().invokeInboundPolicy("auth", request())).status, 401);
});

test("an_untouched_user_survives_an_invoked_policy", async () => {
  answer({ user: () => '{"sub":"ada","data":{}}', invokeInbound: () => ({ request: new Request("https://api.test/b") }) });
  assert.equal((await context().invokeInboundPolicy("auth", request())).user.sub, "ada");
});

test("a_script_that_is_invoked_runs_with_the_same_context", async () => {
  const it = context();
  const before = request();
  const inbound = defineInbound((got, given) => (given === it && got === before ? new Response("same") : got), {}, "p");
  answer({ invokeInbound: () => ({ definition: inbound }) });
  assert.equal(await (await it.invokeInboundPolicy("p", before)).text(), "same");
  const outbound = defineOutbound((response, got, given) => new Response(given === it && got === before ? "same" : ""), {}, "q");
  answer({ invokeOutbound: () => ({ definition: outbound }) });
  assert.equal(await (await it.invokeOutboundPolicy("q", new Response("x"), before)).text(), "same");
});

test("a_native_outbound_policy_gives_the_response_to_go_on_with", async () => {
  answer({ invokeOutbound: () => ({ response: new Response("changed"), custom: '{"z":1}' }) });
  const it = context();
  it.custom.y = 1;
  assert.equal(await (await it.invokeOutboundPolicy("q", new Response("x"), request())).text(), "changed");
  assert.deepEqual(it.custom, { y: 1, z: 1 });
});

test("invokeRoute_takes_a_path_a_URL_or_a_request", async () => {
  answer({ invokeRoute: (_, sent) => new Response(`${sent.method} ${sent.url}`) });
  const it = context();
  assert.equal(await (await it.invokeRoute("/x?y=1")).text(), "GET https://api.test/x?y=1");
  assert.equal(await (await it.invokeRoute(new URL("https://b.test/z"), { method: "PUT" })).text(), "PUT https://b.test/z");
  assert.equal(await (await it.invokeRoute(new Request("https://c.test/"))).text(), "GET https://c.test/");
});

test("ContextData_belongs_to_one_context_and_one_name", () => {
  const [a, b] = [context(), context()];
  const data = new ContextData("n");
  data.set(a, 1);
  assert.equal(data.get(a), 1);
  assert.equal(data.get(b), undefined);
  assert.equal(ContextData.get(a, "n"), 1);
  ContextData.set(a, "m", 2);
  assert.equal(data.get(a), 1);
});

test("environment_has_the_declared_variables_and_cannot_be_changed", () => {
  assert.equal(environment.BACKEND, "http://backend.test");
  assert.equal(environment.EMPTY, "");
  assert.equal(environment.MISSING, undefined);
  assert.throws(() => {
    environment.BACKEND = "x";
  }, TypeError);
});
