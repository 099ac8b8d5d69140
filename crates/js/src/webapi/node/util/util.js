// `node:util`.

import types from "tollgate:node-types";
import { coded, needFunction, needObject, needString, wrongType } from "tollgate:node-errors";
import { isDeepStrictEqual } from "tollgate:node-equal";
import { format, formatWithOptions, inspect, stripVTControlCharacters } from "tollgate:node-inspect";

export { format, formatWithOptions, inspect, isDeepStrictEqual, stripVTControlCharacters, types };
export const { TextDecoder, TextEncoder } = globalThis;

const { defineProperties, defineProperty, getOwnPropertyDescriptors, getPrototypeOf, setPrototypeOf } = Object;
const { apply } = Reflect;
const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

/** A function that gives a promise, of one that takes a callback as its last argument. */
export function promisify(original) {
  needFunction(original, "original");
  const custom = original[PROMISIFIED];
  if (custom) {
    needFunction(custom, "util.promisify.custom");
    return defineProperty(custom, PROMISIFIED, { value: custom, enumerable: false, writable: false, configurable: true });
  }
  function promised(...values) {
    return new Promise((resolve, reject) => {
      apply(original, this, [...values, (error, value) => (error ? reject(error) : resolve(value))]);
    });
  }
  setPrototypeOf(promised, getPrototypeOf(original));
  const hidden = { value: promised, enumerable: false, writable: false, configurable: true };
  return defineProperties(defineProperty(promised, PROMISIFIED, hidden), getOwnPropertyDescriptors(original));
}
promisify.custom = PROMISIFIED;

/** A function that takes a callback as its last argument, of one that gives a promise. */
export function callbackify(original) {
  needFunction(original, "original");
  function called(...values) {
    const callback = values.pop();
    needFunction(callback, "last argument");
    const later = (...outcome) => queueMicrotask(() => apply(callback, this, outcome));
    apply(original, this, values).then(
      (value) => later(null, value),
      (reason) => {
        if (reason) return later(reason);
        const error = coded(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value");
        error.reason = reason;
        return later(error);
      },
    );
  }
  const properties = getOwnPropertyDescriptors(original);
  if (typeof properties.length.value === "number") properties.length.value++;
  if (typeof properties.name.value === "string") properties.name.value += "Callbackified";
  return defineProperties(called, properties);
}

/** What classes did before there were any. */
export function inherits(constructor, superConstructor) {
  needFunction(constructor, "ctor");
  needFunction(superConstructor, "superCtor");
  if (superConstructor.prototype === undefined) throw wrongType("superCtor.prototype", "an object", undefined);
  defineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  setPrototypeOf(constructor.prototype, superConstructor.prototype);
}

const warned = new Set();

/** A function that says, the first time, that nobody should call it. */
export function deprecate(called, message, code) {
  let done = false;
  function deprecated(...values) {
    if (!done) {
      done = true;
      if (code === undefined || !warned.has(code)) {
        if (code !== undefined) warned.add(code);
        console.warn(`DeprecationWarning: ${message}`);
      }
    }
    return new.target ? Reflect.construct(called, values, new.target) : apply(called, this, values);
  }
  setPrototypeOf(deprecated, called);
  if (called.prototype) deprecated.prototype = called.prototype;
  return deprecated;
}

/** Nobody sees what would be written: the log has levels of its own. */
export function debuglog() {
  const log = () => {};
  defineProperty(log, "enabled", { value: false });
  return log;
}
export const debug = debuglog;

export function toUSVString(text) {
  return `${text}`.toWellFormed();
}

export function aborted(signal, resource) {
  needObject(signal, "signal");
  needObject(resource, "resource");
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Colors are for terminals: there is none. */
export function styleText(style, text) {
  needString(text, "text");
  for (const name of [style].flat()) {
    if (inspect.colors[name] === undefined) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", `there is no style '${name}'`);
  }
  return text;
}

export function getSystemErrorName() {
  return undefined;
}

export function parseArgs() {
  throw coded(Error, "ERR_FEATURE_UNAVAILABLE", "util.parseArgs is not available: a script has no arguments");
}

const kind = (name) => (value) => typeof value === name;
export const isArray = Array.isArray;
export const isBoolean = kind("boolean");
export const isNumber = kind("number");
export const isString = kind("string");
export const isSymbol = kind("symbol");
export const isUndefined = kind("undefined");
export const isFunction = kind("function");
export const isNull = (value) => value === null;
export const isNullOrUndefined = (value) => value === null || value === undefined;
export const isObject = (value) => typeof value === "object" && value !== null;
export const isPrimitive = (value) => !isObject(value) && !isFunction(value);
export const { isDate, isRegExp } = types;
export const isError = (value) => types.isNativeError(value) || value instanceof Error;
export const isBuffer = (value) => globalThis.Buffer.isBuffer(value);

export default {
  TextDecoder,
  TextEncoder,
  aborted,
  callbackify,
  debug,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  getSystemErrorName,
  inherits,
  inspect,
  isArray,
  isBoolean,
  isBuffer,
  isDate,
  isDeepStrictEqual,
  isError,
  isFunction,
  isNull,
  isNullOrUndefined,
  isNumber,
  isObject,
  isPrimitive,
  isRegExp,
  isString,
  isSymbol,
  isUndefined,
  parseArgs,
  promisify,
  stripVTControlCharacters,
  styleText,
  toUSVString,
  types,
};
