// `@tollgate/test` (and `@zuplo/test`, which is the same): the tests of a project. Files declare them;
// the gateway runs them, and hears of each as it ends.

import { environment } from "tollgate:runtime-environment";
import { isPromise } from "tollgate:runtime-values";

const { Promise, RegExp, performance } = globalThis;

class Suite {
  constructor(name, parent, mode) {
    this.name = name;
    this.parent = parent;
    this.mode = mode;
    this.items = [];
    this.hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  }

  /** The names around a test, and its own. */
  path(name) {
    const above = this.parent === undefined ? "" : this.parent.path(this.name);
    return above === "" ? name : `${above} ${name}`;
  }
}

let root = new Suite("", undefined, undefined);
let current = root;

function suite(name, declare, mode) {
  const inner = new Suite(String(name), current, mode);
  current.items.push(inner);
  const outer = current;
  current = inner;
  let declared;
  try {
    declared = declare();
  } finally {
    if (!isPromise(declared)) current = outer;
  }
  if (isPromise(declared)) {
    return Promise.resolve(declared).finally(() => {
      current = outer;
    });
  }
  return undefined;
}

function test(name, run, mode) {
  current.items.push({ name: String(name), run, mode, suite: current });
}

const modes = (declare) =>
  Object.assign((name, run) => declare(name, run, undefined), {
    only: (name, run) => declare(name, run, "only"),
    skip: (name, run) => declare(name, run ?? (() => {}), "skip"),
    ignore: (name, run) => declare(name, run ?? (() => {}), "skip"),
    todo: (name) => declare(name, () => {}, "skip"),
  });

export const describe = modes(suite);
export const it = modes(test);
export { it as test };

const hook = (kind) => (run) => {
  if (typeof run !== "function") throw new TypeError(`${kind} expects a function`);
  current.hooks[kind].push(run);
};

export const beforeAll = hook("beforeAll");
export const afterAll = hook("afterAll");
export const beforeEach = hook("beforeEach");
export const afterEach = hook("afterEach");

let url;

/** What tests know of the gateway that they run against. */
export const TestHelper = {
  /** Its URL. */
  get TEST_URL() {
    return url;
  },
  /** The variables of the project. */
  get environment() {
    return environment;
  },
};

/** A filter: a text that a name holds, or an expression between slashes. */
function matcher(filter) {
  if (filter === undefined) return undefined;
  const expression = /^\/(.*)\/([a-z]*)$/.exec(filter);
  if (expression === null) return (name) => name.includes(filter);
  const pattern = new RegExp(expression[1], expression[2].replace("g", ""));
  return (name) => pattern.test(name);
}

function hasOnly(item) {
  return item.mode === "only" || (item.items?.some(hasOnly) ?? false);
}

/** Called by the gateway before the files are loaded. */
export function prepare(endpoint) {
  url = endpoint;
  root = new Suite("", undefined, undefined);
  current = root;
}

/**
 * Runs what the files have declared.
 *
 * @param {{ filter?: string, skipFilter?: string, only: boolean }} options
 * @param {(json: string) => void} report Called with JSON of { name, outcome: "passed" | "failed" | "skipped",
 *   milliseconds, error?: { name, message, stack } } for each test.
 */
export async function runTests(options, report) {
  const wanted = matcher(options.filter);
  const unwanted = matcher(options.skipFilter);
  const onlyOnly = options.only && hasOnly(root);

  const tell = (name, outcome, started, error) => {
    const milliseconds = started === undefined ? 0 : performance.now() - started;
    report(JSON.stringify({ name, outcome, milliseconds, error: error === undefined ? undefined : described(error) }));
  };

  const chosen = (item, name, inherited) => {
    if (inherited.skip || item.mode === "skip") return false;
    if (onlyOnly && !inherited.only && item.mode !== "only") return false;
    return (wanted === undefined || wanted(name)) && !(unwanted?.(name) ?? false);
  };

  const runOne = async (item, name, around) => {
    const started = performance.now();
    try {
      for (const { hooks } of around) for (const hook of hooks.beforeEach) await hook();
      try {
        await item.run();
      } finally {
        for (const { hooks } of [...around].reverse()) for (const hook of hooks.afterEach) await hook();
      }
      tell(name, "passed", started);
    } catch (error) {
      tell(name, "failed", started, error);
    }
  };

  const any = (node, inherited) => {
    const own = inside(node, inherited);
    return node.items.some((item) => (item.items ? any(item, own) : chosen(item, node.path(item.name), own)));
  };

  const inside = (node, inherited) => ({
    skip: inherited.skip || node.mode === "skip",
    only: inherited.only || node.mode === "only",
  });

  const runSuite = async (node, around, inherited) => {
    const own = inside(node, inherited);
    const runs = any(node, inherited);
    const all = [...around, node];
    if (runs) {
      try {
        for (const hook of node.hooks.beforeAll) await hook();
      } catch (error) {
        tell(node.path("beforeAll"), "failed", undefined, error);
        return;
      }
    }
    for (const item of node.items) {
      if (item.items) await runSuite(item, all, own);
      else if (chosen(item, node.path(item.name), own)) await runOne(item, node.path(item.name), all);
      else tell(node.path(item.name), "skipped");
    }
    if (runs) {
      try {
        for (const hook of node.hooks.afterAll) await hook();
      } catch (error) {
        tell(node.path("afterAll"), "failed", undefined, error);
      }
    }
  };

  await runSuite(root, [], { skip: false, only: false });
}

function described(error) {
  if (typeof error !== "object" || error === null) return { name: typeof error, message: String(error), stack: "" };
  const difference = "expected" in error && "actual" in error ? { expected: text(error.expected), actual: text(error.actual) } : {};
  return { name: String(error.name), message: String(error.message), stack: String(error.stack ?? ""), ...difference };
}

function text(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
