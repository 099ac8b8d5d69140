// What the tests of a project import.

declare module "@tollgate/test" {
  /** Declares something by its name. */
  interface Declare<TBody> {
    (name: string, body: TBody): void;
    /** With `--only`, everything else is left out. */
    only(name: string, body: TBody): void;
    /** Does not run. */
    skip(name: string, body?: TBody): void;
    /** Does not run. */
    ignore(name: string, body?: TBody): void;
  }

  /** A group of tests. */
  export const describe: Declare<() => void>;
  /** A test: it fails if it throws, or what it promises does. */
  export const it: Declare<() => unknown>;
  /** Runs once, before the first test of the group. */
  export function beforeAll(body: () => unknown): void;
  /** Runs before every test of the group. */
  export function beforeEach(body: () => unknown): void;
  /** Runs behind every test of the group. */
  export function afterEach(body: () => unknown): void;
  /** Runs once, behind the last test of the group. */
  export function afterAll(body: () => unknown): void;

  /** What a test must know of the gateway that it tests. */
  export const TestHelper: {
    /** Its address, without a slash at the end. */
    readonly TEST_URL: string;
    /** The declared variables. */
    readonly environment: Readonly<Record<string, string | undefined>>;
  };
}

declare module "@zuplo/test" {
  export * from "@tollgate/test";
}
