import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answer, callsOf, reset } from "./fake_host.mjs";

const { BackgroundDispatchError, BackgroundDispatcher, BackgroundLoader } = await import("@zuplo/runtime");

let tasks;
beforeEach(() => {
  reset();
  tasks = [];
  answer({ background: (work) => void tasks.push(work()) });
});

async function backgroundIsDone() {
  while (tasks.length > 0) await tasks.shift();
}

test("entries_of_a_while_are_handed_over_together", async () => {
  const batches = [];
  const dispatcher = new BackgroundDispatcher(async (entries) => void batches.push(entries), { msDelay: 1 });
  dispatcher.enqueue(1);
  dispatcher.enqueue(2, {});
  assert.equal(callsOf("background").length, 1, "one task for both");
  await backgroundIsDone();
  assert.deepEqual(batches, [[1, 2]]);
  dispatcher.enqueue(3);
  await backgroundIsDone();
  assert.deepEqual(batches, [[1, 2], [3]]);
});

test("batches_and_queue_have_their_limits", async () => {
  const batches = [];
  const options = { msDelay: 1, maxBatchSize: 2, maxQueueSize: 3 };
  const dispatcher = new BackgroundDispatcher(async (entries) => void batches.push(entries), options);
  for (let i = 1; i <= 5; i++) dispatcher.enqueue(i);
  assert.equal(dispatcher.totalDropped, 2);
  await dispatcher.flush();
  assert.deepEqual(batches, [[1, 2], [3]]);
});

test("a_batch_that_fails_is_told_and_the_next_goes_on", async () => {
  const seen = [];
  const dispatcher = new BackgroundDispatcher(
    async ([entry]) => {
      if (entry === 1) throw new Error("down");
      seen.push(entry);
    },
    { msDelay: 1, maxBatchSize: 1, name: "mine" },
  );
  dispatcher.enqueue(1);
  dispatcher.enqueue(2);
  await assert.rejects(dispatcher.flush(), (error) => {
    assert.ok(error instanceof BackgroundDispatchError);
    assert.match(error.message, /^mine: 1 entries were lost: down$/);
    return error.cause.message === "down";
  });
  assert.deepEqual(seen, [2]);
  dispatcher.enqueue(1);
  await backgroundIsDone();
  assert.match(callsOf("log")[0][2], /BackgroundDispatchError: mine/);
});

test("what_makes_no_dispatcher_or_loader_is_refused", () => {
  assert.throws(() => new BackgroundDispatcher(undefined, { msDelay: 1 }), TypeError);
  assert.throws(() => new BackgroundDispatcher(() => {}, {}), /msDelay/);
  assert.throws(() => new BackgroundLoader(() => {}, {}), /ttlSeconds/);
});

test("all_who_ask_at_once_get_one_load", async () => {
  let loads = 0;
  const loader = new BackgroundLoader(async (key) => `${key}${++loads}`, 60);
  assert.deepEqual(await Promise.all([loader.get("a"), loader.get("a"), loader.get("b")]), ["a1", "a1", "b2"]);
  assert.equal(await loader.get("a"), "a1");
  assert.equal(loads, 2);
});

test("an_old_value_is_given_while_a_new_one_is_loaded", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000 });
  let loads = 0;
  const loader = new BackgroundLoader(async () => ++loads, { ttlSeconds: 1 });
  assert.equal(await loader.get("a"), 1);
  t.mock.timers.setTime(3_000);
  assert.deepEqual(await Promise.all([loader.get("a"), loader.get("a")]), [1, 1]);
  await backgroundIsDone();
  assert.equal(await loader.get("a"), 2);
  assert.equal(loads, 2);
});

test("a_failed_load_is_the_callers_and_a_failed_refresh_the_logs", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000 });
  let fails = true;
  const loader = new BackgroundLoader(
    async () => {
      if (fails) throw new Error("down");
      return "up";
    },
    { ttlSeconds: 1 },
  );
  await assert.rejects(loader.get("a"), /down/);
  fails = false;
  assert.equal(await loader.get("a"), "up");
  fails = true;
  t.mock.timers.setTime(3_000);
  assert.equal(await loader.get("a"), "up");
  await backgroundIsDone();
  await null;
  assert.equal(callsOf("log").length, 1);
  assert.equal(await loader.get("a"), "up");
});

test("a_load_that_takes_too_long_fails", async () => {
  const loader = new BackgroundLoader(() => new Promise(() => {}), { ttlSeconds: 1, loaderTimeoutSeconds: 0.001 });
  await assert.rejects(loader.get("a"), /longer than 1 ms/);
});
