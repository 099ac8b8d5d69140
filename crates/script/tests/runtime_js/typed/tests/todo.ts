import { TestHelper, afterAll, beforeEach, describe, it } from "@zuplo/test";

describe("todo", () => {
  beforeEach(async () => {});
  afterAll(() => {});
  it("answers", async () => {
    const response = await fetch(`${TestHelper.TEST_URL}/todos`, { headers: { key: TestHelper.environment.KEY ?? "" } });
    if (response.status !== 200) throw new Error("no");
  });
  it.only("alone", () => {});
  it.skip("later");
  // @ts-expect-error: a test has a name.
  it(() => {});
});
