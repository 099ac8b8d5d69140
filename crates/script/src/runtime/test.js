// `@tollgate/test`, `@zuplo/test`: what the tests of a project import.

import { environment } from "tollgate:runtime-environment";
import { host } from "tollgate:runtime-host";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "tollgate:runtime-test-tree";

/** What a test must know of the gateway that it tests. */
export const TestHelper = Object.freeze({
  /** Its address, without a slash at the end. */
  get TEST_URL() {
    return host.testUrl();
  },
  /** The declared variables. */
  environment,
});
