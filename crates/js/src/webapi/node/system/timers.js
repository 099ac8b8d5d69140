// `node:timers`: the globals, whose ids are numbers.

import * as promises from "tollgate:node-timers-promises";

export const setTimeout = (...values) => globalThis.setTimeout(...values);
export const setInterval = (...values) => globalThis.setInterval(...values);
export const clearTimeout = (id) => globalThis.clearTimeout(id);
export const clearInterval = (id) => globalThis.clearInterval(id);
export const setImmediate = (...values) => globalThis.setImmediate(...values);
export const clearImmediate = (id) => globalThis.clearImmediate(id);
export { promises };

export default { clearImmediate, clearInterval, clearTimeout, promises, setImmediate, setInterval, setTimeout };
