import assert from "node:assert/strict";
import { test } from "node:test";
import { answer } from "./fake_host.mjs";

const { TestHelper, afterAll, afterEach, beforeAll, beforeEach, describe, it } = await import("@zuplo/test");
const { beginFile, runTests } = await import("tollgate:runtime-test-tree");

/** Declares tests, runs them, and gives [path, outcome] of each with the totals and the events. */
async function run(declare, options = {}) {
  beginFile("tests/a.test.ts");
  declare();
  const events = [];
  const totals = await runTests(options, (json) => events.push(JSON.parse(json)));
  return { totals, events, outcomes: events.map(({ path, outcome }) => [path.join(" > "), outcome]) };
}

const pass = () => {};
const fail = () => {
  throw new Error("no");
};

test("tests_pass_fail_and_are_told_with_their_suites", async () => {
  const { totals, events, outcomes } = await run(() => {
    describe("outer", () => {
      it("a", pass);
      describe("inner", () => it("b", async () => fail()));
    });
    it("c", pass);
  });
  assert.deepEqual(outcomes, [["outer > a", "passed"], ["outer > inner > b", "failed"], ["c", "passed"]]);
  assert.deepEqual(totals, { passed: 2, failed: 1, skipped: 0 });
  assert.equal(events[1].error.message, "no");
  assert.equal(events[1].file, "tests/a.test.ts");
});

test("skipped_and_ignored_tests_do_not_run", async () => {
  const { outcomes } = await run(() => {
    it.skip("a", fail);
    it.ignore("b", fail);
    describe.skip("c", () => it("d", fail));
    it.only("e", pass);
  });
  assert.deepEqual(outcomes.map(([, outcome]) => outcome), ["skipped", "skipped", "skipped", "passed"]);
});

test("only_counts_where_it_is_asked_for", async () => {
  const declare = () => {
    it("a", pass);
    it.only("b", pass);
    describe.only("c", () => it("d", pass));
  };
  assert.equal((await run(declare)).totals.passed, 3);
  assert.deepEqual((await run(declare, { only: true })).outcomes, [["a", "skipped"], ["b", "passed"], ["c > d", "passed"]]);
});

test("filters_look_at_suite_and_test_together", async () => {
  const declare = () => describe("todo api", () => ["get one", "get all", "put"].forEach((name) => it(name, pass)));
  const passed = async (options) => (await run(declare, options)).outcomes.filter(([, o]) => o === "passed").map(([n]) => n.slice(11));
  assert.deepEqual(await passed({ filter: "api get" }), ["get one", "get all"]);
  assert.deepEqual(await passed({ filter: "/GET (one|two)$/i" }), ["get one"]);
  assert.deepEqual(await passed({ skipFilter: "get" }), ["put"]);
});

test("hooks_run_around_tests_from_the_outside_in_and_back", async () => {
  const seen = [];
  const note = (name) => () => void seen.push(name);
  await run(() => {
    beforeEach(note("file each"));
    describe("s", () => {
      beforeAll(note("all"));
      beforeEach(async () => seen.push("each"));
      afterEach(note("after"));
      afterAll(note("after all"));
      it("1", note("1"));
      it("2", note("2"));
    });
    afterEach(note("file after"));
  });
  assert.deepEqual(seen, [
    "all", "file each", "each", "1", "after", "file after", "file each", "each", "2", "after", "file after", "after all",
  ]);
});

test("hooks_of_a_suite_in_which_nothing_runs_do_not_run", async () => {
  const { totals } = await run(() =>
    describe("s", () => {
      beforeAll(fail);
      it.skip("x", pass);
    }),
  );
  assert.deepEqual(totals, { passed: 0, failed: 0, skipped: 1 });
});

test("a_hook_that_fails_fails_its_tests", async () => {
  const { outcomes } = await run(() => {
    describe("all", () => {
      beforeAll(fail);
      it("a", pass);
      it.skip("b", pass);
    });
    describe("each", () => {
      beforeEach(fail);
      it("a", pass);
    });
    describe("after", () => {
      afterEach(fail);
      it("a", pass);
    });
    describe("last", () => {
      afterAll(fail);
      it("a", pass);
    });
  });
  assert.deepEqual(outcomes, [
    ["all > a", "failed"], ["all > b", "skipped"], ["each > a", "failed"], ["after > a", "failed"],
    ["last > a", "passed"], ["last > afterAll", "failed"],
  ]);
});

test("a_test_that_takes_too_long_fails", async () => {
  const { events } = await run(() => it("a", () => new Promise(() => {})), { timeoutMs: 1 });
  assert.equal(events[0].error.message, "took longer than 1 ms");
});

test("what_declares_nothing_is_refused", async () => {
  await assert.rejects(run(() => it("x")), /expects a function/);
  await assert.rejects(run(() => describe("x", async () => {})), /must not be async/);
  await assert.rejects(run(() => beforeAll()), /expects a function/);
  await runTests({}, () => {});
});

test("TestHelper_knows_the_gateway", () => {
  answer({ testUrl: () => "http://127.0.0.1:9000" });
  assert.equal(TestHelper.TEST_URL, "http://127.0.0.1:9000");
  assert.equal(TestHelper.environment.BACKEND, "http://backend.test");
});
