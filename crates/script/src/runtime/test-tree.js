// Tests of a project: what its files declare, and how they are run.

import { describeError } from "tollgate:runtime-errors";
import { kindOf, stringify } from "tollgate:runtime-values";

const { Promise, clearTimeout, setTimeout } = globalThis;

class Suite {
  name;
  parent;
  mode;
  children = [];
  hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };

  constructor(name, parent, mode) {
    this.name = name;
    this.parent = parent;
    this.mode = mode;
  }
}

class Test {
  constructor(name, parent, mode, body) {
    this.name = name;
    this.parent = parent;
    this.mode = mode;
    this.body = body;
  }
}

const files = [];
let current;

/** Says which file the tests that are declared from now on belong to. */
export function beginFile(file) {
  current = new Suite(file, undefined, "run");
  files.push(current);
}

function here() {
  if (current === undefined) beginFile("");
  return current;
}

function declareSuite(mode, name, body) {
  const parent = here();
  const suite = new Suite(String(name), parent, mode);
  parent.children.push(suite);
  current = suite;
  try {
    const result = body?.();
    if (typeof result?.then === "function") {
      throw new TypeError(`describe("${suite.name}") must not be async: what it declares would come too late`);
    }
  } finally {
    current = parent;
  }
}

function declareTest(mode, name, body) {
  if (typeof body !== "function" && mode !== "skip") {
    throw new TypeError(`it("${String(name)}") expects a function, and got ${kindOf(body)}`);
  }
  const parent = here();
  parent.children.push(new Test(String(name), parent, mode, body));
}

function withModes(declare) {
  const run = (name, body) => declare("run", name, body);
  run.only = (name, body) => declare("only", name, body);
  run.skip = (name, body) => declare("skip", name, body);
  run.ignore = run.skip;
  return run;
}

export const describe = withModes(declareSuite);
export const it = withModes(declareTest);

const hook = (kind) => (body) => {
  if (typeof body !== "function") throw new TypeError(`${kind} expects a function, and got ${kindOf(body)}`);
  here().hooks[kind].push(body);
};

export const beforeAll = hook("beforeAll");
export const beforeEach = hook("beforeEach");
export const afterEach = hook("afterEach");
export const afterAll = hook("afterAll");

/** A test's suites from the file inwards. */
function chain(node) {
  const suites = [];
  for (let suite = node.parent; suite !== undefined; suite = suite.parent) suites.unshift(suite);
  return suites;
}

/** The names of the suites around a test and its own; the file's is not among them. */
function path(test) {
  return [...chain(test).slice(1), test].map((node) => node.name);
}

/** "text" is found anywhere in a name; "/regular expression/flags" matches it. */
function matcher(filter) {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(filter) ?? [];
  if (source === undefined) return (name) => name.includes(filter);
  const pattern = new RegExp(source, flags.replace(/[gy]/g, ""));
  return (name) => pattern.test(name);
}

function chooser({ filter, skipFilter, only }) {
  const wanted = filter === undefined ? () => true : matcher(filter);
  const unwanted = skipFilter === undefined ? () => false : matcher(skipFilter);
  return (test) => {
    const nodes = [...chain(test), test];
    const name = path(test).join(" ");
    if (nodes.some((node) => node.mode === "skip")) return false;
    if (only === true && !nodes.some((node) => node.mode === "only")) return false;
    return wanted(name) && !unwanted(name);
  };
}

function* testsOf(node) {
  for (const child of node.children) {
    if (child instanceof Test) yield child;
    else yield* testsOf(child);
  }
}

class Run {
  totals = { passed: 0, failed: 0, skipped: 0 };
  #chosen;
  #report;
  #timeout;

  constructor(options, report) {
    this.#chosen = chooser(options);
    this.#report = report;
    this.#timeout = options.timeoutMs;
  }

  async suite(suite) {
    const runs = [...testsOf(suite)].some(this.#chosen);
    const broken = runs ? await this.#all(suite.hooks.beforeAll) : undefined;
    for (const child of suite.children) {
      if (broken !== undefined) for (const test of child instanceof Test ? [child] : testsOf(child)) this.#end(test, broken, 0);
      else if (child instanceof Suite) await this.suite(child);
      else await this.#test(child);
    }
    const failed = runs ? await this.#all(suite.hooks.afterAll) : undefined;
    if (failed === undefined) return;
    this.totals.failed += 1;
    const [file, ...suites] = [...chain(suite), suite].map((around) => around.name);
    this.#tell({ file, path: [...suites, "afterAll"], outcome: "failed", milliseconds: 0 }, failed);
  }

  /** Runs hooks in turn, and gives what the first that fails throws, in a box. */
  async #all(hooks) {
    for (const body of hooks) {
      const failed = await this.#attempt(body);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  async #attempt(body) {
    let timer;
    try {
      const running = Promise.resolve(body());
      if (this.#timeout === undefined) {
        await running;
      } else {
        const late = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error(`took longer than ${this.#timeout} ms`)), this.#timeout);
        });
        await Promise.race([running, late]);
      }
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      clearTimeout(timer);
    }
  }

  async #test(test) {
    if (!this.#chosen(test)) return this.#end(test, undefined, 0);
    const began = Date.now();
    const suites = chain(test);
    let failed = await this.#all(suites.flatMap((suite) => suite.hooks.beforeEach));
    failed ??= await this.#attempt(test.body);
    const after = await this.#all(suites.reverse().flatMap((suite) => suite.hooks.afterEach));
    return this.#end(test, failed ?? after, Date.now() - began);
  }

  #end(test, failed, milliseconds) {
    let outcome = failed === undefined ? "passed" : "failed";
    if (!this.#chosen(test)) outcome = "skipped";
    this.totals[outcome] += 1;
    this.#tell({ file: chain(test)[0].name, path: path(test), outcome, milliseconds }, outcome === "failed" ? failed : undefined);
  }

  #tell(event, failed) {
    this.#report(stringify({ ...event, error: failed === undefined ? undefined : JSON.parse(describeError(failed.error)) }));
  }
}

/**
 * Runs everything that was declared.
 *
 * @param {{ filter?: string, skipFilter?: string, only?: boolean, timeoutMs?: number }} options
 * @param {(json: string) => void} report Called for each test with { file, path (names), outcome ("passed",
 *   "failed" or "skipped"), milliseconds, error? (as describeError gives it) }.
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runTests(options, report) {
  const run = new Run(options, report);
  for (const file of files.splice(0)) await run.suite(file);
  current = undefined;
  return run.totals;
}
