import { TestHelper, afterAll, beforeAll, beforeEach, describe, it } from "@tollgate/test";
import { describe as same } from "@zuplo/test";
import { expect } from "chai";
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
  it.skip("waits", () => {});
  it.ignore("waits as well");
  it.only("alone", async () => {});
});

same.only("again", () => {
  it("is the same", () => {
    if (same !== describe) throw new Error("another");
  });
});
