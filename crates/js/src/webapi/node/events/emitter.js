// `node:events`: `EventEmitter`.

import { coded, needFunction, needObject, outOfRange } from "tollgate:node-errors";
import { inspect } from "tollgate:node-inspect";

const { apply, ownKeys } = Reflect;
const { defineProperty, getPrototypeOf } = Object;

export const errorMonitor = Symbol("events.errorMonitor");
export const captureRejectionSymbol = Symbol.for("nodejs.rejection");
export const captureRejections = false;
export const usingDomains = false;
export let defaultMaxListeners = 10;

/** As Node has it: a function, so that old code may call it for its own objects. */
export function EventEmitter() {
  EventEmitter.init.call(this);
}

EventEmitter.init = function () {
  // What a prototype has belongs to it alone.
  if (this._events === undefined || this._events === getPrototypeOf(this)._events) {
    this._events = { __proto__: null };
    this._eventsCount = 0;
  }
  this._maxListeners ??= undefined;
};

// The listeners of an event: an array that is never changed, so that emitting may go through it while
// listeners come and go.
const listenersOf = (emitter, type) => {
  const listeners = emitter._events?.[type];
  if (listeners === undefined) return [];
  return typeof listeners === "function" ? [listeners] : listeners;
};

const setListeners = (emitter, type, listeners) => {
  const events = (emitter._events ??= { __proto__: null });
  const had = events[type] !== undefined;
  if (listeners.length === 0) delete events[type];
  else events[type] = listeners.length === 1 ? listeners[0] : listeners;
  const has = listeners.length > 0;
  if (had !== has) emitter._eventsCount = (emitter._eventsCount ?? 0) + (has ? 1 : -1);
};

const originalOf = (listener) => listener.listener ?? listener;

const add = (emitter, type, listener, first) => {
  needFunction(listener, "listener");
  if (emitter._events?.newListener !== undefined) emitter.emit("newListener", type, originalOf(listener));
  const listeners = listenersOf(emitter, type);
  setListeners(emitter, type, first ? [listener, ...listeners] : [...listeners, listener]);
  return emitter;
};

const onceOf = (emitter, type, listener) => {
  needFunction(listener, "listener");
  let fired = false;
  function wrapper(...values) {
    if (fired) return undefined;
    fired = true;
    emitter.removeListener(type, wrapper);
    return apply(listener, emitter, values);
  }
  wrapper.listener = listener;
  return wrapper;
};

const unhandled = (values) => {
  const [error] = values;
  if (error instanceof Error) return error;
  const shown = values.length > 0 ? inspect(error) : "undefined";
  const thrown = coded(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${typeof error === "string" ? `'${error}'` : shown})`);
  thrown.context = error;
  return thrown;
};

const removed = (emitter, type, listener) => {
  if (emitter._events?.removeListener !== undefined) emitter.emit("removeListener", type, originalOf(listener));
};

const methods = {
  emit(type, ...values) {
    if (type === "error") {
      if (listenersOf(this, errorMonitor).length > 0) this.emit(errorMonitor, ...values);
      if (listenersOf(this, "error").length === 0) throw unhandled(values);
    }
    const listeners = listenersOf(this, type);
    for (const listener of listeners) apply(listener, this, values);
    return listeners.length > 0;
  },

  addListener(type, listener) {
    return add(this, type, listener, false);
  },

  prependListener(type, listener) {
    return add(this, type, listener, true);
  },

  once(type, listener) {
    return add(this, type, onceOf(this, type, listener), false);
  },

  prependOnceListener(type, listener) {
    return add(this, type, onceOf(this, type, listener), true);
  },

  removeListener(type, listener) {
    needFunction(listener, "listener");
    const listeners = listenersOf(this, type);
    const at = listeners.findLastIndex((one) => one === listener || one.listener === listener);
    if (at < 0) return this;
    setListeners(this, type, listeners.toSpliced(at, 1));
    removed(this, type, listener);
    return this;
  },

  removeAllListeners(type) {
    if (arguments.length > 0) {
      // The newest goes first.
      for (const listener of listenersOf(this, type).toReversed()) {
        if (this._events?.removeListener === undefined) break;
        this.removeListener(type, listener);
      }
      setListeners(this, type, []);
      return this;
    }
    if (this._events?.removeListener !== undefined) {
      for (const key of ownKeys(this._events)) if (key !== "removeListener") this.removeAllListeners(key);
      this.removeAllListeners("removeListener");
    }
    this._events = { __proto__: null };
    this._eventsCount = 0;
    return this;
  },

  setMaxListeners(count) {
    this._maxListeners = checkedCount(count, "n");
    return this;
  },

  getMaxListeners() {
    return this._maxListeners ?? defaultMaxListeners;
  },

  listeners(type) {
    return listenersOf(this, type).map(originalOf);
  },

  rawListeners(type) {
    return [...listenersOf(this, type)];
  },

  listenerCount(type, listener) {
    const listeners = listenersOf(this, type);
    if (listener === undefined || listener === null) return listeners.length;
    return listeners.filter((one) => one === listener || one.listener === listener).length;
  },

  eventNames() {
    return this._events === undefined ? [] : ownKeys(this._events);
  },
};

const checkedCount = (count, name) => {
  if (typeof count !== "number" || !(count >= 0)) {
    if (typeof count !== "number") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be of type number`);
    throw outOfRange(name, "a non-negative number", count);
  }
  return count;
};

const { prototype } = EventEmitter;
for (const [name, method] of Object.entries(methods)) prototype[name] = method;
prototype.on = prototype.addListener;
prototype.off = prototype.removeListener;
prototype._events = undefined;
prototype._eventsCount = 0;
prototype._maxListeners = undefined;

const isEmitter = (target) => typeof target?.on === "function";
const isTarget = (target) => typeof target?.addEventListener === "function";

const listen = (target, type, listener, once = false) => {
  if (isEmitter(target)) return once ? target.once(type, listener) : target.on(type, listener);
  if (!isTarget(target)) throw coded(TypeError, "ERR_INVALID_ARG_TYPE", 'The "emitter" argument must be an instance of EventEmitter');
  return target.addEventListener(type, listener, { once });
};

const unlisten = (target, type, listener) => {
  if (isEmitter(target)) target.removeListener(type, listener);
  else target.removeEventListener(type, listener);
};

const abortError = (signal) => {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
};

const signalOf = (options) => {
  const signal = options?.signal;
  if (signal !== undefined) needObject(signal, "options.signal");
  return signal;
};

/** A promise of the values of the next event of a type. */
export async function once(emitter, type, options = {}) {
  const signal = signalOf(options);
  if (signal?.aborted) throw abortError(signal);
  return new Promise((resolve, reject) => {
    const clear = () => {
      unlisten(emitter, type, arrived);
      if (isEmitter(emitter) && type !== "error") unlisten(emitter, "error", failed);
      signal?.removeEventListener("abort", aborted);
    };
    const arrived = (...values) => {
      clear();
      resolve(values);
    };
    const failed = (error) => {
      clear();
      reject(error);
    };
    const aborted = () => {
      clear();
      reject(abortError(signal));
    };
    listen(emitter, type, arrived, true);
    if (isEmitter(emitter) && type !== "error") emitter.once("error", failed);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** An iterator over the events of a type. */
export function on(emitter, type, options = {}) {
  const signal = signalOf(options);
  if (signal?.aborted) throw abortError(signal);
  const events = [];
  const waiting = [];
  let failure;
  let finished = false;

  const arrived = (...values) => {
    const waits = waiting.shift();
    if (waits === undefined) events.push(values);
    else waits.resolve({ value: values, done: false });
  };
  const failed = (error) => {
    const waits = waiting.shift();
    if (waits === undefined) failure = { error };
    else waits.reject(error);
    void iterator.return();
  };
  const aborted = () => failed(abortError(signal));
  const ended = () => void iterator.return();
  const closing = options?.close ?? [];

  const iterator = {
    next() {
      if (events.length > 0) return Promise.resolve({ value: events.shift(), done: false });
      if (failure !== undefined) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (finished) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },

    return() {
      unlisten(emitter, type, arrived);
      if (isEmitter(emitter) && type !== "error") unlisten(emitter, "error", failed);
      for (const name of closing) unlisten(emitter, name, ended);
      signal?.removeEventListener("abort", aborted);
      finished = true;
      for (const waits of waiting.splice(0)) waits.resolve({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    },

    throw(error) {
      if (!(error instanceof Error)) throw coded(TypeError, "ERR_INVALID_ARG_TYPE", 'The "EventEmitter.AsyncIterator" property must be an instance of Error');
      failure = { error };
      unlisten(emitter, type, arrived);
      return undefined;
    },

    [Symbol.asyncIterator]() {
      return this;
    },
  };

  listen(emitter, type, arrived);
  if (isEmitter(emitter) && type !== "error") emitter.on("error", failed);
  for (const name of closing) listen(emitter, name, ended);
  signal?.addEventListener("abort", aborted, { once: true });
  return iterator;
}

export const listenerCount = (emitter, type) => emitter.listenerCount(type);
export const getEventListeners = (emitter, type) => (isEmitter(emitter) ? emitter.listeners(type) : []);
export const getMaxListeners = (emitter) => (isEmitter(emitter) ? emitter.getMaxListeners() : defaultMaxListeners);

export function setMaxListeners(count = defaultMaxListeners, ...emitters) {
  checkedCount(count, "n");
  if (emitters.length === 0) defaultMaxListeners = count;
  for (const emitter of emitters) if (isEmitter(emitter)) emitter.setMaxListeners(count);
}

/** Calls back once when a signal aborts, and gives something that takes that back. */
export function addAbortListener(signal, listener) {
  needFunction(listener, "listener");
  if (signal.aborted) queueMicrotask(() => listener());
  else signal.addEventListener("abort", listener, { once: true });
  const dispose = () => signal.removeEventListener("abort", listener);
  return { [Symbol.dispose ?? Symbol.for("nodejs.dispose")]: dispose };
}

Object.assign(EventEmitter, {
  EventEmitter,
  addAbortListener,
  captureRejectionSymbol,
  captureRejections,
  errorMonitor,
  getEventListeners,
  getMaxListeners,
  listenerCount,
  on,
  once,
  setMaxListeners,
  usingDomains,
});
defineProperty(EventEmitter, "defaultMaxListeners", {
  get: () => defaultMaxListeners,
  set: (count) => {
    defaultMaxListeners = checkedCount(count, "defaultMaxListeners");
  },
  enumerable: true,
  configurable: true,
});

export default EventEmitter;
