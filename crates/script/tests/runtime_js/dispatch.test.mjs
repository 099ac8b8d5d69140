import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { reset } from "./fake_host.mjs";

const internal = await import("tollgate:runtime-internal");
const { InboundPolicy, OutboundPolicy, RuntimeError, ConfigurationError } = await import("@zuplo/runtime");
const { HANDLE, ZuploContext, ZuploRequest, describeError } = internal;
const { defineInbound, defineOutbound, defineHandler, runInbound, runOutbound, runHandler } = internal;

beforeEach(reset);

const context = new ZuploContext({});

function request() {
  const request = new ZuploRequest("https://api.test/a", { user: { sub: "ada", data: {} }, params: { id: "7" } });
  request[HANDLE] = {};
  return request;
}

const inbound = (exported, given = request(), options = {}) => runInbound(defineInbound(exported, options, "mine"), given, context);

test("an_inbound_function_gets_request_context_options_and_name", () => {
  const given = request();
  let got;
  inbound((...args) => ((got = args), args[0]), given, { a: 1 });
  assert.deepEqual(got, [given, context, { a: 1 }, "mine"]);
});

test("a_value_that_is_there_at_once_is_no_promise", () => {
  const given = request();
  assert.equal(inbound((r) => r, given), given);
  assert.ok(inbound(() => new Response("no")) instanceof Response);
  assert.equal(runHandler(defineHandler(() => new Response("x"), "h"), given, context).status, 200);
});

test("the_promise_of_a_policy_is_given_on_as_it_is", () => {
  const promise = Promise.resolve(request());
  const definition = defineInbound(() => promise, {}, "mine");
  assert.equal(internal.startInbound(definition, request(), context), promise);
});

test("a_thenable_of_somebody_else_becomes_a_promise", async () => {
  const response = new Response("x");
  const definition = defineInbound(() => ({ then: (resolve) => resolve(response) }), {}, "mine");
  const started = internal.startInbound(definition, request(), context);
  assert.ok(started instanceof Promise);
  assert.equal(await started, response);
});

test("a_plain_Request_that_is_returned_keeps_user_and_parameters", async () => {
  const next = await inbound(async (r) => new Request(r, { headers: { a: "1" } }));
  assert.ok(next instanceof ZuploRequest);
  assert.equal(next.user.sub, "ada");
  assert.deepEqual(next.params, { id: "7" });
});

for (const [value, name] of [
  [undefined, "undefined"],
  [null, "null"],
  ["x", "a string"],
  [{}, "an object"],
  [[], "an array"],
]) {
  test(`an_inbound_policy_that_returns_${name.replaceAll(" ", "_")}_fails_and_says_so`, async () => {
    const error = new TypeError(`The inbound policy \`mine\` must return the request or a Response, and returned ${name}`);
    await assert.rejects(async () => inbound(() => value), error);
    await assert.rejects(async () => inbound(async () => value), error);
  });
}

test("a_class_is_made_once_with_its_options_and_name", async () => {
  let made = 0;
  class Mine extends InboundPolicy {
    constructor(options, name) {
      super(options, name);
      made += 1;
    }
    async handler(given, ctx) {
      return new Response(`${this.options.word} ${this.policyName} ${ctx === context} ${given.user.sub}`);
    }
  }
  const definition = defineInbound(Mine, { word: "hi" }, "greeter");
  for (let i = 0; i < 2; i++) {
    assert.equal(await (await runInbound(definition, request(), context)).text(), "hi greeter true ada");
  }
  assert.equal(made, 1);
});

test("a_class_without_the_base_class_works_by_its_handler", () => {
  class Loose {
    handler() {
      return new Response("loose");
    }
  }
  assert.ok(inbound(Loose) instanceof Response);
});

test("what_is_no_policy_is_refused_when_it_is_defined", () => {
  assert.throws(() => defineInbound(undefined, {}, "p"), ConfigurationError);
  assert.throws(() => defineInbound(class extends InboundPolicy {}, {}, "p"), /without a method `handler`/);
  assert.throws(() => defineInbound({}, {}, "p"), /without a method `handler`/);
  assert.throws(() => defineHandler("x", "h"), /is a string: export a function/);
});

test("an_outbound_policy_gets_the_response_and_must_give_one", async () => {
  const given = request();
  const response = new Response("x");
  let got;
  const definition = defineOutbound((...args) => ((got = args), args[0]), { o: 1 }, "out");
  assert.equal(runOutbound(definition, response, given, context), response);
  assert.deepEqual(got, [response, given, context, { o: 1 }, "out"]);
  class Out extends OutboundPolicy {
    handler(response, request, context) {
      return new Response(`${response === got[0]} ${request === given} ${context !== undefined} ${this.policyName}`);
    }
  }
  const answer = await runOutbound(defineOutbound(Out, {}, "o2"), response, given, context);
  assert.equal(await answer.text(), "true true true o2");
  assert.throws(() => runOutbound(defineOutbound(() => given, {}, "out"), response, given, context), /`out` must return a Response/);
});

const handled = (value) => runHandler(defineHandler(() => value, "h"), request(), context);

for (const [value, body] of [
  ["What zup?", '"What zup?"'],
  [{ a: [1] }, '{"a":[1]}'],
  [null, "null"],
  [0, "0"],
  [false, "false"],
]) {
  test(`a_handler_that_returns_${body}_answers_with_it_as_JSON`, async () => {
    const response = handled(value);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(await response.text(), body);
  });
}

test("a_handler_that_returns_nothing_answers_with_nothing", async () => {
  const response = await runHandler(defineHandler(async () => {}, "h"), request(), context);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), null);
  assert.equal(await response.text(), "");
});

test("a_handler_that_returns_what_JSON_cannot_say_fails", () => {
  assert.throws(() => handled(10n), /The handler `h` must return a Response or something that JSON can say, and returned a bigint/);
  assert.throws(() => handled(() => {}), /returned a function/);
  const circle = {};
  circle.self = circle;
  assert.throws(() => handled(circle), /returned an object/);
});

test("an_error_is_described_with_its_members", () => {
  const error = new RuntimeError({ message: "broken", extensionMembers: { code: 7 } }, { cause: "why" });
  assert.equal(error.cause, "why");
  const described = JSON.parse(describeError(error));
  assert.deepEqual([described.name, described.message, described.extensionMembers], ["RuntimeError", "broken", { code: 7 }]);
  assert.match(described.stack, /dispatch\.test/);
  assert.equal(JSON.parse(describeError(new ConfigurationError("c"))).configuration, true);
  assert.deepEqual(JSON.parse(describeError("text")).message, "text");
  const circle = new RuntimeError("m");
  circle.extensionMembers = { circle };
  circle.extensionMembers.self = circle.extensionMembers;
  assert.equal(JSON.parse(describeError(circle)).message, "m");
});
