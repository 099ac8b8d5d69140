// Small judgements about values that many parts share. What they use is taken before any module of a
// project runs.

const { Promise } = globalThis;

/** `JSON.parse` and `JSON.stringify`, as they are before a script may patch them. */
export const { parse, stringify } = JSON;

/** @returns {boolean} Whether something is to be waited for. */
export function isPromise(value) {
  if (value instanceof Promise) return true;
  return typeof value === "object" && value !== null && typeof value.then === "function";
}

/** Goes on with a value: at once where it is there, without a detour through the queue of jobs. */
export function after(value, next) {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value);
}

/** What something is, for an error's text: never its content. */
export function kindOf(value) {
  if (value === null) return "null";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return value === undefined ? "undefined" : `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const name = value.constructor?.name;
  return typeof name === "string" && name !== "" && name !== "Object" ? `a ${name}` : "an object";
}
