// What the tests of a project import (`tests/**/*.test.ts`, run by `tollgate test`). `@zuplo/test` is the
// same module under another name.

declare module "@zuplo/test" {
  export * from "@tollgate/test";
}

declare module "@tollgate/test" {
  /** What a test or a hook does. It fails where it throws, or where what it promises is rejected. */
  export type TestFunction = () => unknown;

  /** Declares tests that belong together. */
  export interface Describe {
    /** @param declare - Calls `it`, hooks, and `describe` for suites within this one. */
    (name: string, declare: () => void | Promise<void>): void | Promise<void>;
    /** With `--only`, nothing runs but what is declared so. */
    only(name: string, declare: () => void | Promise<void>): void | Promise<void>;
    /** Declares tests that do not run. */
    skip(name: string, declare: () => void | Promise<void>): void | Promise<void>;
    /** The same as `skip`. */
    ignore(name: string, declare: () => void | Promise<void>): void | Promise<void>;
    /** Declares that tests are yet to be written. */
    todo(name: string): void | Promise<void>;
  }

  /** Declares a test. */
  export interface It {
    (name: string, run: TestFunction): void;
    /** With `--only`, nothing runs but what is declared so. */
    only(name: string, run: TestFunction): void;
    /** Declares a test that does not run. */
    skip(name: string, run?: TestFunction): void;
    /** The same as `skip`. */
    ignore(name: string, run?: TestFunction): void;
    /** Declares a test that is yet to be written. */
    todo(name: string): void;
  }

  /**
   * Declares tests that belong together.
   *
   * @example
   * ```ts
   * describe("hello", () => {
   *   it("greets", async () => {
   *     const response = await fetch(`${TestHelper.TEST_URL}/hello/world`);
   *     if (response.status !== 200) throw new Error(`it answered ${response.status}`);
   *   });
   * });
   * ```
   */
  export const describe: Describe;

  /** Declares a test. */
  export const it: It;

  /** The same as {@link it}. */
  export const test: It;

  /** Runs once before the tests of the suite. */
  export const beforeAll: (run: TestFunction) => void;
  /** Runs once after the tests of the suite. */
  export const afterAll: (run: TestFunction) => void;
  /** Runs before each test of the suite. */
  export const beforeEach: (run: TestFunction) => void;
  /** Runs after each test of the suite, passed or failed. */
  export const afterEach: (run: TestFunction) => void;

  /** What a test knows of the gateway that it runs against. */
  export const TestHelper: {
    /** Its address, without a slash at the end. */
    readonly TEST_URL: string;
    /** The variables that the project declares. */
    readonly environment: Readonly<Record<string, string | undefined>>;
  };
}
