// `node:timers`: the Web's timers, whose ids are numbers, and `setImmediate`.

import * as promises from "tollgate:node-timers-promises";

export const setTimeout = (...values) => globalThis.setTimeout(...values);
export const setInterval = (...values) => globalThis.setInterval(...values);
export const clearTimeout = (id) => globalThis.clearTimeout(id);
export const clearInterval = (id) => globalThis.clearInterval(id);
export const setImmediate = (callback, ...values) => globalThis.setTimeout(callback, 0, ...values);
export const clearImmediate = (id) => globalThis.clearTimeout(id);
export { promises };

export default { clearImmediate, clearInterval, clearTimeout, promises, setImmediate, setInterval, setTimeout };
