import { ZuploRequest } from "@tollgate/runtime";
import { MockZuploContext, createMockContext } from "@tollgate/runtime/mocks";
import { TestHelper, afterAll, beforeAll, beforeEach, describe, it } from "@tollgate/test";
import { describe as same } from "@zuplo/test";
import { expect } from "chai";
import tenant from "../modules/policies";
import routes from "../config/routes.oas.json";

describe("hello", () => {
  let count = 0;
  beforeAll(async () => {
    count = Object.keys(routes.paths).length;
  });
  beforeEach(() => {
    count += 1;
  });
  afterAll(() => console.log(count));

  it("greets", async () => {
    const response = await fetch(`${TestHelper.TEST_URL}/hello/world`, { headers: { "x-team": TestHelper.environment.TEAM ?? "A" } });
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ hello: "world", team: "a", words: "words", backend: "http://127.0.0.1:8888", options: 42 });
  });
  it("has what is declared beyond the compiler's library", () => {
    expect(new URLPattern({ pathname: "/books/:id" }).exec("http://a.example/books/7")?.pathname.groups.id).to.equal("7");
    expect(typeof caches.default.match).to.equal("function");
  });
  it("runs a policy without a gateway", async () => {
    const context: MockZuploContext = createMockContext({ route: { path: "/a", raw: { "x-team": "a" } }, custom: { a: 1 } });
    const result = await tenant(new ZuploRequest("http://a.example/", { headers: { "x-team": "B" } }), context, { header: "x-team" }, "t");
    expect(result instanceof Response).to.equal(false);
    expect(result.headers.get("x-tenant")).to.equal("b");
    expect(context.lines).to.deep.equal([["info", "tenant", "B"]]);
    expect((await context.runHooks(new Response(), new Request("http://a.example/"))).status).to.equal(200);
  });
  it.skip("waits", () => {});
  it.ignore("waits as well");
  it.only("alone", async () => {});
});

same.only("again", () => {
  it("is the same", () => {
    if (same !== describe) throw new Error("another");
  });
});
