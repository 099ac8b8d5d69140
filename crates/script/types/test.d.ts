// What the tests of a project import (`tests/**/*.test.ts`, run by `tollgate test`). `@zuplo/test` is the
// same module under another name.

declare module "@zuplo/test" {
  export * from "@tollgate/test";
}

declare module "@tollgate/test" {
  /** What a test or a hook does. It fails where it throws, or where what it promises is rejected. */
  export type TestFunction = () => unknown;

  /** Declares something by its name, and says whether it runs. */
  export interface Declare<TBody> {
    (name: string, body: TBody): void;
    /** With `--only`, nothing runs but what is declared so. */
    only(name: string, body: TBody): void;
    /** Declares something that does not run. */
    skip(name: string, body?: TBody): void;
    /** The same as `skip`. */
    ignore(name: string, body?: TBody): void;
  }

  /**
   * Declares tests that belong together: what is given calls `it`, hooks, and `describe` for suites within
   * this one. It must not be `async`.
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
  export const describe: Declare<() => void>;

  /** Declares a test. */
  export const it: Declare<TestFunction>;

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
