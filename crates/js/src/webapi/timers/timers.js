// Timers: what is due is called by the host. Ids are numbers, and those of all calls are distinct.

const native = import.meta.native;
const { apply } = Reflect;

/** Kinds of timers: idle ones do not make a call busy. */
const ONCE = 0;
const REPEATS = 1;
const IDLE = 2;
const IMMEDIATE = 3;

function start(name, callback, delay, values, kind) {
  if (typeof callback !== "function") throw new TypeError(`${name}: the callback is not a function`);
  const called = values.length === 0 ? () => callback() : () => apply(callback, undefined, values);
  return native.start(called, +delay, kind);
}

/** Calls back once, after this many milliseconds: at least one, and none more than 2^31 - 1. */
export function setTimeout(callback, delay = 0, ...values) {
  return start("setTimeout", callback, delay, values, ONCE);
}

/** Calls back again and again, every so many milliseconds. */
export function setInterval(callback, delay = 0, ...values) {
  return start("setInterval", callback, delay, values, REPEATS);
}

/** Calls back once, as soon as what waits already has had its turn. */
export function setImmediate(callback, ...values) {
  return start("setImmediate", callback, 0, values, IMMEDIATE);
}

/** Calls back once, if the call is not over by then: nobody waits for this. */
export const setIdleTimeout = (callback, delay) => native.start(callback, delay, IDLE);

const clear = (id) => {
  if (typeof id === "number" || typeof id === "string") native.clear(+id);
};

/** Unsets a timer; nothing happens where there is none of this id. */
export function clearTimeout(id) {
  clear(id);
}

/** The same as `clearTimeout`. */
export function clearInterval(id) {
  clear(id);
}

/** The same as `clearTimeout`. */
export function clearImmediate(id) {
  clear(id);
}
