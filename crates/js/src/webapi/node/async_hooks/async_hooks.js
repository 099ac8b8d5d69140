// `node:async_hooks`: stores that follow the code that a call sets going.

import { NONE, bind, current, enter, run } from "tollgate:node-context";
import { coded, needFunction } from "tollgate:node-errors";

const { is } = Object;

const unbound = (called) => {
  needFunction(called, "fn");
  return bind(called);
};

/** A store of its own for every chain of calls and of what they wait for. */
export class AsyncLocalStorage {
  // Whether stores are read, and where they are.
  #enabled = false;
  #key = {};

  static bind(called) {
    return unbound(called);
  }

  static snapshot() {
    return bind((called, ...values) => called(...values));
  }

  #with(store) {
    return new Map(current()).set(this.#key, store);
  }

  getStore() {
    return this.#enabled ? current().get(this.#key) : undefined;
  }

  run(store, called, ...values) {
    if (this.#enabled && is(store, this.getStore())) return called(...values);
    this.#enabled = true;
    return run(this.#with(store), called, undefined, values);
  }

  exit(called, ...values) {
    if (!this.#enabled) return called(...values);
    const outside = new Map(current());
    outside.delete(this.#key);
    return run(outside.size === 0 ? NONE : outside, called, undefined, values);
  }

  enterWith(store) {
    this.#enabled = true;
    enter(this.#with(store));
  }

  disable() {
    this.#enabled = false;
  }
}

/** What callbacks belong to that are called by hand. */
export class AsyncResource {
  #type;
  #context = current();

  constructor(type) {
    if (typeof type !== "string") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "AsyncResource: the type is a string");
    this.#type = type;
  }

  runInAsyncScope(called, receiver, ...values) {
    return run(this.#context, called, receiver, values);
  }

  bind(called, receiver) {
    needFunction(called, "fn");
    const resource = this;
    return function (...values) {
      return resource.runInAsyncScope(called, receiver === undefined ? this : receiver, ...values);
    };
  }

  static bind(called, type, receiver) {
    return new AsyncResource(type || called.name || "bound-anonymous-fn").bind(called, receiver);
  }

  emitDestroy() {
    this.#type;
    return this;
  }

  asyncId() {
    return 1;
  }

  triggerAsyncId() {
    return 0;
  }
}

/** The engine tells of no resources. */
export function createHook() {
  throw coded(Error, "ERR_FEATURE_UNAVAILABLE", "async_hooks.createHook is not available in scripts");
}

const RESOURCE = {};

export const executionAsyncId = () => 1;
export const triggerAsyncId = () => 0;
export const executionAsyncResource = () => RESOURCE;
export const asyncWrapProviders = Object.freeze({ __proto__: null });

export default {
  AsyncLocalStorage,
  AsyncResource,
  asyncWrapProviders,
  createHook,
  executionAsyncId,
  executionAsyncResource,
  triggerAsyncId,
};
