import assert from "node:assert/strict";
import { test } from "node:test";
import { calls, reset } from "./fake_host.mjs";

const { MockZuploContext, createMockContext } = await import("@tollgate/runtime/mocks");

reset();

test("a_mock_context_has_everything_and_asks_no_gateway", async () => {
  const context = createMockContext({ route: { path: "/x", raw: { "x-a": 1 } }, custom: { a: 1 } });
  assert.ok(context instanceof MockZuploContext);
  assert.equal(context.route.path, "/x");
  assert.deepEqual(context.route.raw(), { "x-a": 1 });
  assert.deepEqual(context.custom, { a: 1 });
  assert.notEqual(context.requestId, createMockContext().requestId);
  context.log.warn("a", 1);
  assert.deepEqual(context.lines, [["warn", "a", 1]]);
  const request = new Request("https://a.test");
  assert.equal(await context.invokeInboundPolicy("p", request), request);
  context.addResponseSendingHook((response) => new Response(response.body, { headers: { a: "1" } }));
  assert.equal((await context.runHooks(new Response("x"), request)).headers.get("a"), "1");
  assert.deepEqual(calls, []);
});

test("what_a_test_passes_takes_the_place_of_what_is_there", async () => {
  const context = createMockContext({ requestId: "r", invokeRoute: async () => new Response("mine") });
  assert.equal(context.requestId, "r");
  assert.equal(await (await context.invokeRoute("/x")).text(), "mine");
  await assert.rejects(createMockContext().invokeRoute("/x"), /no routes/);
});
