// Exports that are loaded when they are first used. An engine is made for every thread and every change
// of a project, and most projects use few of them.

import { host } from "tollgate:runtime-host";

const { Proxy, Reflect } = globalThis;

/**
 * A class of a module that is not loaded yet: it can be made, extended and asked for its members like
 * the class itself.
 */
export function lazyClass(module, name) {
  let found;
  const load = () => {
    found ??= host.module(module)[name];
    return found;
  };
  // What a proxy stands for must be a constructor whose prototype may be another's.
  const Stand = function () {};
  const proxy = new Proxy(Stand, {
    construct: (_, args, target) => Reflect.construct(load(), args, target === proxy ? load() : target),
    get: (_, key) => Reflect.get(load(), key),
    has: (_, key) => Reflect.has(load(), key),
    getPrototypeOf: () => Reflect.getPrototypeOf(load()),
  });
  return proxy;
}

/** A function of a module that is not loaded yet. */
export function lazyFunction(module, name) {
  return (...args) => host.module(module)[name](...args);
}
