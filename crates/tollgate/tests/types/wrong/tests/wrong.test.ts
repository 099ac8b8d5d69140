import { TestHelper, describe, it } from "@tollgate/test";

describe("wrong"); // TS2554
it("says nothing"); // TS2554
it.sometimes("runs", () => {}); // TS2339
TestHelper.TEST_URL = "http://127.0.0.1"; // TS2540
