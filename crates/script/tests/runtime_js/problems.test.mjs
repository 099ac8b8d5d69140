import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { reset } from "./fake_host.mjs";

const { ZuploContext, ZuploRequest, createExtensions } = await import("tollgate:runtime-internal");
const { HttpProblems, HttpStatusCode, ProblemResponseFormatter } = await import("@zuplo/runtime");

beforeEach(() => {
  reset();
  createExtensions();
});

const context = new ZuploContext({});
const request = new ZuploRequest("https://api.test/not-a-path?x=1");

async function body(promise) {
  const response = await promise;
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  return response.json();
}

test("a_problem_has_every_member", async () => {
  const response = await HttpProblems.notFound(request, context);
  assert.equal(response.status, 404);
  assert.equal(response.statusText, "Not Found");
  const { trace, ...rest } = await body(response);
  assert.deepEqual(rest, {
    type: "https://httpproblems.com/http-status/404",
    title: "Not Found",
    status: 404,
    detail: "Not Found",
    instance: "/not-a-path",
  });
  assert.equal(trace.requestId, "request-1");
  assert.equal(trace.buildId, "build-1");
  assert.match(trace.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test("overrides_and_further_headers_are_taken_over", async () => {
  const overrides = { detail: "No key", errors: ["a"], extensions: { b: 1 }, instance: "/other" };
  const response = await HttpProblems.unauthorized(request, context, overrides, { "www-authenticate": "Bearer" });
  assert.equal(response.headers.get("www-authenticate"), "Bearer");
  const problem = await response.json();
  assert.equal(problem.detail, "No key");
  assert.deepEqual(problem.errors, ["a"]);
  assert.deepEqual(problem.extensions, { b: 1 });
  assert.equal(problem.instance, "/other");
  assert.equal(problem.title, "Unauthorized");
});

test("there_is_one_for_every_status_that_can_be_an_answer", async () => {
  const names = Object.getOwnPropertyNames(HttpProblems).filter(
    (name) => !["length", "name", "prototype", "format", "getProblemFromStatus"].includes(name),
  );
  assert.equal(names.length, 63);
  for (const name of names) {
    if (["continue", "switchingProtocols", "processing", "earlyHints"].includes(name)) {
      await assert.rejects(HttpProblems[name](request, context), RangeError);
      continue;
    }
    const response = await HttpProblems[name](request, context);
    assert.equal(await response.text() === "", [204, 205, 304].includes(response.status), name);
  }
});

test("format_takes_the_problem_alone_or_wrapped", async () => {
  const flat = await body(ProblemResponseFormatter.format({ title: "Mine", status: 418, code: 7 }, request, context));
  assert.equal(flat.title, "Mine");
  assert.equal(flat.code, 7);
  assert.equal(flat.type, "https://httpproblems.com/http-status/418");
  const response = await ProblemResponseFormatter.format(
    { problem: { status: 402, detail: "pay" }, statusText: "Pay", additionalHeaders: [["a", "1"]] },
    request,
    context,
  );
  assert.equal(response.statusText, "Pay");
  assert.equal(response.headers.get("a"), "1");
  const wrapped = await body(response);
  assert.equal(wrapped.detail, "pay");
  assert.equal(wrapped.title, "Payment Required");
});

test("getProblemFromStatus_gives_members_and_no_response", () => {
  const problem = HttpProblems.getProblemFromStatus(429, { detail: "slow down" });
  assert.deepEqual(problem, {
    type: "https://httpproblems.com/http-status/429",
    title: "Too Many Requests",
    status: 429,
    detail: "slow down",
  });
  assert.equal(HttpProblems.getProblemFromStatus(499).title, "Bad Request");
});

test("problems_of_the_project_are_written_in_its_own_way", async () => {
  const made = createExtensions();
  made.initialize((runtime) => {
    runtime.problemResponseFormat = async (input, ...rest) => {
      const response = await ProblemResponseFormatter.format(input, ...rest);
      return new Response(`mine: ${(await response.json()).title}`, { status: response.status });
    };
  });
  const response = await HttpProblems.conflict(request, context);
  assert.equal(response.status, 409);
  assert.equal(await response.text(), "mine: Conflict");
});

test("a_problem_without_a_context_is_still_a_problem", async () => {
  assert.equal((await body(HttpProblems.forbidden(request))).status, 403);
});

test("statuses_have_names_and_names_statuses", () => {
  assert.equal(HttpStatusCode.NOT_FOUND, 404);
  assert.equal(HttpStatusCode[404], "NOT_FOUND");
  assert.equal(HttpStatusCode.I_AM_A_TEAPOT, 418);
  assert.equal(HttpStatusCode.CONTENT_TOO_LARGE, 413);
  assert.equal(HttpStatusCode.IM_USED, 226);
  assert.equal(HttpStatusCode.URI_TOO_LONG, 414);
  assert.equal(HttpStatusCode.NON_AUTHORITATIVE_INFORMATION, 203);
  assert.equal(HttpStatusCode.NotFound, 404);
});
