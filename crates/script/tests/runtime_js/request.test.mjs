import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answer, callsOf, reset } from "./fake_host.mjs";

const { HANDLE, ZuploRequest, inherit, touchedParams, touchedUser } = await import("tollgate:runtime-internal");

beforeEach(reset);

function fromGateway(url = "https://api.test/todos/7?a=1&b=x%20y&a=2#end") {
  answer({ user: () => '{"sub":"ada","data":{"plan":"gold"}}', params: () => '{"id":"7"}' });
  const request = new ZuploRequest(url, { headers: { "x-old": "1" } });
  request[HANDLE] = { exchange: 1 };
  return request;
}

test("user_and_parameters_are_asked_for_once_and_only_when_they_are_read", () => {
  const request = fromGateway();
  assert.equal(callsOf("user").length + callsOf("params").length, 0);
  assert.equal(request.user.sub, "ada");
  assert.equal(request.user.data.plan, "gold");
  assert.deepEqual(request.params, { id: "7" });
  assert.deepEqual(callsOf("user"), [[{ exchange: 1 }]]);
  assert.deepEqual(callsOf("params"), [[{ exchange: 1 }]]);
});

test("a_request_derived_from_another_has_its_user_and_parameters_without_reading_them", () => {
  const request = fromGateway();
  const derived = new ZuploRequest(new ZuploRequest(request, { headers: { "x-new": "2" } }));
  assert.equal(callsOf("user").length, 0);
  assert.equal(touchedUser(derived), undefined);
  assert.equal(derived.user, request.user, "one and the same object");
  assert.equal(derived.params, request.params);
  assert.equal(derived.headers.get("x-new"), "2");
});

test("a_request_as_init_gives_its_user_and_parameters", () => {
  const request = fromGateway();
  const derived = new ZuploRequest("https://other.test/", request);
  assert.equal(derived.user.sub, "ada");
  assert.equal(derived.headers.get("x-old"), "1");
  const own = new ZuploRequest("https://other.test/", { ...request, user: { sub: "bob", data: {} } });
  assert.equal(own.user.sub, "bob");
  assert.deepEqual(own.params, { id: "7" });
});

test("init_names_user_and_parameters", () => {
  const request = new ZuploRequest(fromGateway(), { user: { sub: "bob", data: null }, params: { id: "8" } });
  assert.equal(request.user.sub, "bob");
  assert.deepEqual(request.params, { id: "8" });
  assert.equal(callsOf("user").length, 0);
  assert.equal(new ZuploRequest("https://x.test").user, undefined);
  assert.deepEqual(new ZuploRequest("https://x.test").params, {});
});

test("an_assigned_user_stays_with_the_request_and_with_those_derived_from_it_later", () => {
  const request = fromGateway();
  const before = new ZuploRequest(request);
  request.user = { sub: "bob", data: {} };
  const behind = new ZuploRequest(request);
  assert.equal(before.user.sub, "ada");
  assert.equal(request.user.sub, "bob");
  assert.equal(behind.user.sub, "bob");
  request.user = undefined;
  assert.equal(request.user, undefined);
  assert.equal(touchedUser(request), null, "the gateway learns that there is nobody");
  assert.equal(behind.user.sub, "bob");
});

test("the_gateway_learns_what_was_touched", () => {
  const request = fromGateway();
  assert.equal(touchedUser(request), undefined);
  assert.equal(touchedParams(request), undefined);
  request.user.data.plan = "silver";
  assert.deepEqual(touchedUser(request), { sub: "ada", data: { plan: "silver" } });
  assert.deepEqual(touchedUser(new ZuploRequest(request)), { sub: "ada", data: { plan: "silver" } });
});

test("nobody_read_is_nobody_untouched", () => {
  answer({ user: () => undefined });
  const request = new ZuploRequest("https://x.test");
  request[HANDLE] = {};
  assert.equal(request.user, undefined);
  assert.equal(touchedUser(request), undefined);
});

test("the_query_is_decoded_and_the_first_of_a_name_counts", () => {
  assert.deepEqual({ ...fromGateway().query }, { a: "1", b: "x y" });
  assert.deepEqual({ ...fromGateway("https://api.test/#x?a=1").query }, {});
  assert.equal({}.x, undefined);
  const odd = new ZuploRequest("https://api.test/?__proto__=1&x=2").query;
  assert.equal(odd.x, "2");
  assert.equal(Object.getPrototypeOf(odd), Object.prototype);
});

test("a_clone_is_a_ZuploRequest_with_the_same_user_and_body", async () => {
  const request = new ZuploRequest(fromGateway(), { method: "POST", body: "hello" });
  const copy = request.clone();
  assert.ok(copy instanceof ZuploRequest);
  assert.equal(copy.user.sub, "ada");
  assert.equal(await copy.text(), "hello");
  assert.equal(await request.text(), "hello");
});

test("a_plain_Request_inherits_user_and_parameters", () => {
  const request = fromGateway();
  const next = inherit(new Request(request, { headers: { "x-new": "2" } }), request);
  assert.ok(next instanceof ZuploRequest);
  assert.equal(next.user.sub, "ada");
  assert.deepEqual(next.params, { id: "7" });
  request.user = { sub: "bob", data: {} };
  assert.equal(inherit(new Request(request), request).user.sub, "bob");
});

test("a_new_ZuploRequest_that_names_no_user_inherits_it_and_one_that_does_keeps_its_own", () => {
  const request = fromGateway();
  assert.equal(inherit(new ZuploRequest("https://b.test"), request).user.sub, "ada");
  const own = inherit(new ZuploRequest("https://b.test", { user: { sub: "bob", data: {} } }), request);
  assert.equal(own.user.sub, "bob");
  assert.deepEqual(own.params, { id: "7" });
});

test("a_subclass_of_Request_is_taken_over_as_a_copy", () => {
  class Mine extends Request {}
  const mine = new Mine("https://b.test/x");
  const next = inherit(mine, fromGateway());
  assert.ok(next instanceof ZuploRequest && next.url === "https://b.test/x");
  assert.equal(next.user.sub, "ada");
});
