// `node:assert`.

import { coded, needFunction, wrongType } from "tollgate:node-errors";
import { isDeepLooseEqual, isDeepStrictEqual } from "tollgate:node-equal";
import { inspect } from "tollgate:node-inspect";
import { isPromise, isRegExp } from "tollgate:node-types";

const { is, keys } = Object;

/** What a claim that does not hold throws. */
export class AssertionError extends Error {
  constructor(options) {
    if (typeof options !== "object" || options === null) throw wrongType("options", "an object", options);
    const { message, actual, expected, operator } = options;
    super(message === undefined ? told(actual, expected, operator) : `${message}`);
    Object.defineProperty(this, "name", { value: "AssertionError", writable: true, configurable: true });
    Object.assign(this, { generatedMessage: message === undefined, code: "ERR_ASSERTION", actual, expected, operator });
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

const WORDS = {
  __proto__: null,
  strictEqual: "Expected values to be strictly equal:",
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  deepEqual: "Expected values to be loosely deep-equal:",
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
};

const told = (actual, expected, operator) => {
  const words = WORDS[operator];
  if (words === undefined) return `${inspect(actual)} ${operator} ${inspect(expected)}`;
  return operator.startsWith("not") ? `${words} ${inspect(expected)}` : `${words}\n\n${inspect(actual)} !== ${inspect(expected)}\n`;
};

// Throws what somebody gave, an error of theirs or its message, or says it itself.
const refuse = (given, actual, expected, operator, otherwise = undefined) => {
  if (given instanceof Error) throw given;
  const error = new AssertionError({ message: given ?? otherwise, actual, expected, operator });
  error.generatedMessage = given === undefined || given === null;
  throw error;
};

export function ok(...values) {
  const [value, message] = values;
  if (value) return;
  const why = values.length === 0 ? "No value argument passed to `assert.ok()`" : "The expression evaluated to a falsy value";
  refuse(message, value, true, "==", why);
}

export function fail(message = undefined) {
  if (message instanceof Error) throw message;
  refuse(message, undefined, undefined, "fail", "Failed");
}

const needBoth = (given) => {
  if (given < 2) throw coded(TypeError, "ERR_MISSING_ARGS", 'The "actual" and "expected" arguments must be specified');
};

const claim = (name, holds, operator = name) =>
  ({
    [name](actual, expected, message) {
      needBoth(arguments.length);
      if (!holds(actual, expected)) refuse(message, actual, expected, operator);
    },
  })[name];

// eslint-disable-next-line eqeqeq
const looselyEqual = (one, other) => one == other || (one !== one && other !== other);

export const equal = claim("equal", looselyEqual, "==");
export const notEqual = claim("notEqual", (one, other) => !looselyEqual(one, other), "!=");
export const strictEqual = claim("strictEqual", is);
export const notStrictEqual = claim("notStrictEqual", (one, other) => !is(one, other));
export const deepEqual = claim("deepEqual", isDeepLooseEqual);
export const notDeepEqual = claim("notDeepEqual", (one, other) => !isDeepLooseEqual(one, other));
export const deepStrictEqual = claim("deepStrictEqual", isDeepStrictEqual);
export const notDeepStrictEqual = claim("notDeepStrictEqual", (one, other) => !isDeepStrictEqual(one, other));

const matching = (operator, wants) =>
  ({
    [operator](text, pattern, message) {
      if (!isRegExp(pattern)) throw wrongType("regexp", "an instance of RegExp", pattern);
      if (typeof text === "string" && pattern.test(text) === wants) return;
      const why = wants ? "The input did not match the regular expression" : "The input was expected to not match the regular expression";
      refuse(message, text, pattern, operator, `${why} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`);
    },
  })[operator];

export const match = matching("match", true);
export const doesNotMatch = matching("doesNotMatch", false);

// Whether what was thrown is what was expected; throws where it is not.
const checkThrown = (actual, expected, message, operator) => {
  const differs = (why) => {
    const error = new AssertionError({ message: message ?? why, actual, expected, operator });
    error.generatedMessage = message === undefined;
    throw error;
  };
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && actual instanceof expected) return;
    if (Error.isPrototypeOf(expected)) {
      differs(`The error is expected to be an instance of "${expected.name}". Received ${inspect(actual)}`);
    }
    if (Reflect.apply(expected, {}, [actual]) !== true) differs(`The ${expected.name ? `"${expected.name}" ` : ""}validation function is expected to return "true".`);
    return;
  }
  if (isRegExp(expected)) {
    if (!expected.test(String(actual))) differs(`The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(actual))}\n`);
    return;
  }
  if (typeof actual !== "object" || actual === null) differs();
  const names = expected instanceof Error ? [...keys(expected), "name", "message"] : keys(expected);
  if (names.length === 0) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", 'The argument "error" may not be an empty object');
  for (const name of names) {
    const wanted = expected[name];
    if (typeof actual[name] === "string" && isRegExp(wanted) && wanted.test(actual[name])) continue;
    if (!(name in actual) || !isDeepStrictEqual(actual[name], wanted)) differs();
  }
};

const needExpectation = (expected, message) => {
  if (typeof expected === "string") {
    if (message !== undefined) throw wrongType("error", "of type function or an instance of Error, RegExp, or Object", expected);
    return [undefined, expected];
  }
  if (expected !== undefined && expected !== null && typeof expected !== "object" && typeof expected !== "function") {
    throw wrongType("error", "of type function or an instance of Error, RegExp, or Object", expected);
  }
  return [expected, message];
};

const expectThrown = (thrown, expected, message, operator) => {
  [expected, message] = needExpectation(expected, message);
  if (thrown === undefined) {
    const name = expected?.name ? ` (${expected.name})` : "";
    const kind = operator === "rejects" ? "rejection" : "exception";
    refuse(`Missing expected ${kind}${name}${message ? `: ${message}` : "."}`, undefined, expected, operator);
  }
  if (expected !== undefined && expected !== null) checkThrown(thrown.error, expected, message, operator);
};

const expectNotThrown = (thrown, expected, message, operator) => {
  if (thrown === undefined) return;
  [expected, message] = needExpectation(expected, message);
  const { error } = thrown;
  const isMeant = expected === undefined || (isRegExp(expected) ? expected.test(String(error)) : error instanceof expected);
  if (!isMeant) throw error;
  const kind = operator === "doesNotReject" ? "rejection" : "exception";
  const details = message ? `: ${message}` : ".";
  refuse(`Got unwanted ${kind}${details}\nActual message: "${error?.message}"`, error, expected, operator);
};

const attempt = (called) => {
  needFunction(called, "fn");
  try {
    called();
    return undefined;
  } catch (error) {
    return { error };
  }
};

const attemptLater = async (promise) => {
  if (typeof promise === "function") {
    promise = promise();
    if (typeof promise?.then !== "function") throw coded(TypeError, "ERR_INVALID_RETURN_VALUE", 'Expected instance of Promise to be returned from the "promiseFn" function');
  } else if (!isPromise(promise) && !(typeof promise?.then === "function" && typeof promise.catch === "function")) {
    throw wrongType("promiseFn", "of type function or an instance of Promise", promise);
  }
  try {
    await promise;
    return undefined;
  } catch (error) {
    return { error };
  }
};

export function throws(called, error, message) {
  expectThrown(attempt(called), error, message, "throws");
}

export function doesNotThrow(called, error, message) {
  expectNotThrown(attempt(called), error, message, "doesNotThrow");
}

export async function rejects(promise, error, message) {
  expectThrown(await attemptLater(promise), error, message, "rejects");
}

export async function doesNotReject(promise, error, message) {
  expectNotThrown(await attemptLater(promise), error, message, "doesNotReject");
}

export function ifError(value) {
  if (value === null || value === undefined) return;
  const said = value?.message ?? inspect(value);
  refuse(`ifError got unwanted exception: ${said}`, value, null, "ifError");
}

const claims = {
  AssertionError,
  deepEqual,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  equal,
  fail,
  ifError,
  match,
  notDeepEqual,
  notDeepStrictEqual,
  notEqual,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
};

const assert = Object.assign((...values) => ok(...values), claims);

/** The same, where every comparison is a strict one. */
export const strict = Object.assign((...values) => ok(...values), claims, {
  deepEqual: deepStrictEqual,
  equal: strictEqual,
  notDeepEqual: notDeepStrictEqual,
  notEqual: notStrictEqual,
});
strict.strict = strict;
assert.strict = strict;

export default assert;
