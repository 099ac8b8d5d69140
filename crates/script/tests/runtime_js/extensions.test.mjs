import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answer, reset } from "./fake_host.mjs";

const { HANDLE, ZuploContext, ZuploRequest, createExtensions } = await import("tollgate:runtime-internal");
const { ConfigurationError, SystemRuntimePlugin } = await import("@zuplo/runtime");

beforeEach(reset);

const context = () => new ZuploContext({});
function request() {
  const request = new ZuploRequest("https://api.test/a", { user: { sub: "ada", data: {} } });
  request[HANDLE] = {};
  return request;
}

/** Extensions as a project's `runtimeInit` leaves them. */
async function extensions(runtimeInit, date) {
  answer({ compatibilityDate: () => date });
  const made = createExtensions();
  await made.initialize(runtimeInit);
  return made;
}

test("nothing_added_is_nothing_described", async () => {
  const described = (await extensions(undefined)).describe();
  for (const kind of ["preRouting", "request", "response", "final", "errors", "notFound", "problemFormat", "logs"]) {
    assert.equal(described[kind], false, kind);
  }
  assert.equal(described.issuer, null);
  assert.deepEqual(described.documents, []);
});

test("pre_routing_hooks_run_in_order_and_a_response_ends_it", async () => {
  const it = await extensions((runtime) => {
    runtime.addPreRoutingHook((r) => new Request(`${r.url}/1`));
    runtime.addPreRoutingHook(async (r) => new Request(`${r.url}/2`));
    runtime.addPreRoutingHook((r) => (r.url.includes("stop") ? new Response("stopped") : r));
    runtime.addPreRoutingHook((r) => new Request(`${r.url}/3`));
  });
  assert.equal((await it.runPreRouting(new Request("https://a.test/x"))).url, "https://a.test/x/1/2/3");
  assert.equal(await (await it.runPreRouting(new Request("https://a.test/stop"))).text(), "stopped");
  assert.equal(it.describe().preRouting, true);
});

test("hooks_without_promises_run_without_waiting", async () => {
  const it = await extensions((runtime) => {
    runtime.addRequestHook((r) => r);
    runtime.addResponseSendingHook((r) => r);
    runtime.addResponseSendingFinalHook(() => {});
  });
  const given = request();
  assert.equal(it.runRequestHooks(given, context()), given);
  const response = new Response("x");
  assert.equal(it.runResponseHooks(response, given, context()), response);
  assert.equal(it.runFinalHooks(response, given, context()), undefined);
});

test("a_request_hook_may_replace_the_request_or_answer", async () => {
  const it = await extensions((runtime) => {
    runtime.addRequestHook(async (r) => new Request(r, { headers: { a: "1" } }));
    runtime.addRequestHook((r) => (r.user.sub === "bob" ? new Response("no", { status: 403 }) : r));
  });
  const next = await it.runRequestHooks(request(), context());
  assert.equal(next.headers.get("a"), "1");
  assert.equal(next.user.sub, "ada");
  const bob = request();
  bob.user = { sub: "bob" };
  assert.equal((await it.runRequestHooks(bob, context())).status, 403);
});

test("a_request_hook_that_returns_nothing_fails_by_its_name", async () => {
  const it = await extensions((runtime) => runtime.addRequestHook(function forgetful() {}));
  assert.throws(() => it.runRequestHooks(request(), context()), /hook `forgetful` must return the request or a Response, and returned undefined/);
});

const append = (text) => async (response) => new Response((await response.clone().text()) + text);

test("response_hooks_chain_global_ones_first", async () => {
  const it = await extensions((runtime) => {
    runtime.addResponseSendingHook(append("1"));
    runtime.addResponseSendingHook(append("2"));
  }, "2026-03-01");
  const ctx = context();
  ctx.addResponseSendingHook(append("3"));
  ctx.addEventListener("responseSending", (event) => {
    event.mutableResponse = new Response("listened", { headers: { was: String(event.mutableResponse.status) } });
  });
  assert.equal(await (await it.runResponseHooks(new Response("0"), request(), context())).text(), "012");
  const response = await it.runResponseHooks(new Response("0"), request(), ctx);
  assert.equal(response.headers.get("was"), "200");
  assert.equal(await response.text(), "listened");
});

test("before_2026_03_01_every_response_hook_got_the_original_and_the_last_one_won", async () => {
  const it = await extensions((runtime) => {
    runtime.addResponseSendingHook(append("1"));
    runtime.addResponseSendingHook(append("2"));
  }, "2025-02-06");
  const ctx = context();
  ctx.addResponseSendingHook(append("3"));
  assert.equal(await (await it.runResponseHooks(new Response("0"), request(), ctx)).text(), "03");
  assert.equal(await (await it.runResponseHooks(new Response("0"), request(), context())).text(), "02");
});

test("a_response_hook_must_give_a_response", async () => {
  const it = await extensions((runtime) => runtime.addResponseSendingHook(() => undefined));
  assert.throws(() => it.runResponseHooks(new Response(), request(), context()), TypeError);
  const none = await extensions(undefined);
  const ctx = context();
  ctx.addEventListener("responseSending", (event) => {
    event.mutableResponse = "x";
  });
  await assert.rejects(async () => none.runResponseHooks(new Response(), request(), ctx), /set mutableResponse to a string/);
});

test("final_hooks_are_awaited_in_order", async () => {
  const seen = [];
  const it = await extensions((runtime) => {
    runtime.addResponseSendingFinalHook(async (response) => {
      await null;
      seen.push(`global ${response.status}`);
    });
  });
  const ctx = context();
  ctx.addResponseSendingFinalHook((_, given) => seen.push(`own ${given.user.sub}`));
  ctx.addEventListener("responseSent", async (event) => seen.push(`heard ${event.response.status}`));
  await it.runFinalHooks(new Response(null, { status: 204 }), request(), ctx);
  assert.deepEqual(seen, ["global 204", "own ada", "heard 204"]);
});

test("notFoundHandler_gets_the_routes_with_that_path", async () => {
  const it = await extensions((runtime) => {
    runtime.notFoundHandler = async (_, __, { routesMatchedByPathOnly }) =>
      new Response(null, { status: 405, headers: { allow: routesMatchedByPathOnly.flatMap((r) => r.methods).join(), x: routesMatchedByPathOnly[0].raw().summary } });
  });
  assert.equal(it.describe().notFound, true);
  const routes = JSON.stringify([{ route: { path: "/a", methods: ["GET", "PUT"] }, raw: { summary: "s" } }]);
  const response = await it.runNotFound(request(), context(), routes);
  assert.equal(response.headers.get("allow"), "GET,PUT");
  assert.equal(response.headers.get("x"), "s");
});

test("problemResponseFormat_writes_the_gateways_problems", async () => {
  const it = await extensions((runtime) => {
    runtime.problemResponseFormat = ({ problem, additionalHeaders }) =>
      new Response(`<p>${problem.title}</p>`, { status: problem.status, headers: additionalHeaders });
  });
  const json = JSON.stringify({ problem: { title: "Unauthorized", status: 401 }, additionalHeaders: { "www-authenticate": "Bearer" } });
  const response = await it.runProblemFormat(json, request(), context());
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("www-authenticate"), "Bearer");
});

test("the_first_error_handler_that_answers_wins", async () => {
  const it = await extensions((runtime) => {
    runtime.addErrorHandler(async () => undefined);
    runtime.addErrorHandler((error, given, ctx) => new Response(`${error.message} ${given.user.sub} ${ctx.requestId}`));
    runtime.addErrorHandler(() => new Response("late"));
  });
  assert.equal(await (await it.runErrorHandlers(new Error("e"), request(), context())).text(), "e ada request-1");
  assert.equal(await (await extensions(undefined)).runErrorHandlers(new Error("e"), request(), context()), undefined);
});

test("a_plugin_of_the_project_is_initialized_and_waited_for", async () => {
  class Mine extends SystemRuntimePlugin {
    async initialize(runtime) {
      await null;
      runtime.addRequestHook((r) => r);
    }
  }
  const it = await extensions((runtime) => runtime.addPlugin(new Mine()));
  assert.equal(it.describe().request, true);
  assert.deepEqual(it.describe().plugins, ["Mine"]);
});

test("what_is_no_hook_or_plugin_is_a_mistake_of_the_project", async () => {
  for (const wrong of [
    (runtime) => runtime.addPlugin({}),
    (runtime) => runtime.addPlugin(undefined),
    (runtime) => runtime.addRequestHook("x"),
    (runtime) => runtime.addErrorHandler(),
  ]) {
    await assert.rejects(extensions(wrong), ConfigurationError);
  }
  await assert.rejects(extensions(7), ConfigurationError);
});

test("an_error_in_runtimeInit_is_the_one_that_it_threw", async () => {
  const error = new Error("mine");
  await assert.rejects(
    extensions(() => {
      throw error;
    }),
    error,
  );
});
