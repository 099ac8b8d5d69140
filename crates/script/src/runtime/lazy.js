// Exports that are loaded when they are first used. An engine is made for every thread and every change
// of a project, and most projects use few of them.

import { host } from "tollgate:runtime-host";

const { Proxy, Reflect } = globalThis;

/** What stands for a class until it is loaded. There are many, so that what they do is written once. */
class Waiting {
  constructor(module, name) {
    this.module = module;
    this.name = name;
    this.found = undefined;
    this.proxy = undefined;
  }

  load() {
    return (this.found ??= host.module(this.module)[this.name]);
  }

  construct(_, args, target) {
    return Reflect.construct(this.load(), args, target === this.proxy ? this.load() : target);
  }

  get(_, key) {
    return Reflect.get(this.load(), key);
  }

  has(_, key) {
    return Reflect.has(this.load(), key);
  }

  getPrototypeOf() {
    return Reflect.getPrototypeOf(this.load());
  }
}

/**
 * A class of a module that is not loaded yet: it can be made, extended and asked for its members like
 * the class itself.
 */
export function lazyClass(module, name) {
  const waiting = new Waiting(module, name);
  // What a proxy stands for must be a constructor whose prototype may be another's.
  waiting.proxy = new Proxy(function () {}, waiting);
  return waiting.proxy;
}

/** A function of a module that is not loaded yet. */
export function lazyFunction(module, name) {
  return (...args) => host.module(module)[name](...args);
}
