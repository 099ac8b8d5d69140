// Whether two values are equal all the way down.

import * as types from "tollgate:node-types";

const { getOwnPropertySymbols, getPrototypeOf, hasOwn, is, keys } = Object;
const { isArray } = Array;
const propertyIsEnumerable = Function.prototype.call.bind(Object.prototype.propertyIsEnumerable);
const toString = Function.prototype.call.bind(Object.prototype.toString);

const isObject = (value) => typeof value === "object" && value !== null;
const ownSymbols = (value) => getOwnPropertySymbols(value).filter((key) => propertyIsEnumerable(value, key));

const equalBytes = (one, other, loose) => {
  if (one.byteLength !== other.byteLength) return false;
  const isFloat = types.isFloat32Array(one) || types.isFloat64Array(one);
  if (isFloat) return one.every((value, i) => (loose ? value === other[i] : is(value, other[i])));
  const bytes = (view) => new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  const others = bytes(other);
  return bytes(one).every((byte, i) => byte === others[i]);
};

const boxed = (value) => Object.getPrototypeOf(Object(value.valueOf())).valueOf.call(value);

// What makes objects of one kind equal, beside their members. Undefined where they are of no kind of these.
const sameKind = (one, other, loose) => {
  const both = (test) => {
    const first = test(one);
    return first === test(other) ? first : undefined;
  };
  for (const [test, equal] of KINDS) {
    const kind = both(test);
    if (kind === undefined) return false;
    if (kind) return equal(one, other, loose);
  }
  return true;
};

const KINDS = [
  [isArray, (one, other) => one.length === other.length],
  [types.isDate, (one, other) => Date.prototype.getTime.call(one) === Date.prototype.getTime.call(other)],
  [
    types.isRegExp,
    (one, other) => one.source === other.source && one.flags === other.flags && one.lastIndex === other.lastIndex,
  ],
  [
    (value) => types.isNativeError(value) || value instanceof Error,
    (one, other) => one.message === other.message && one.name === other.name,
  ],
  [ArrayBuffer.isView, equalBytes],
  [types.isAnyArrayBuffer, equalBytes],
  [types.isSet, (one, other) => one.size === other.size],
  [types.isMap, (one, other) => one.size === other.size],
  [
    types.isBoxedPrimitive,
    (one, other) => {
      const kinds = ["isNumberObject", "isStringObject", "isBooleanObject", "isBigIntObject", "isSymbolObject"];
      return kinds.every((kind) => types[kind](one) === types[kind](other)) && is(boxed(one), boxed(other));
    },
  ],
];

class Comparison {
  // Pairs that are being compared: where one comes again inside of itself, it is taken for equal.
  #pairs = [];
  #loose;

  constructor(loose) {
    this.#loose = loose;
  }

  equal(one, other) {
    if (one === other) return this.#loose || one !== 0 || is(one, other);
    if (!isObject(one) || !isObject(other)) {
      if (this.#loose) {
        if (isObject(one) || isObject(other)) return false;
        // eslint-disable-next-line eqeqeq
        return one == other || (one !== one && other !== other);
      }
      return is(one, other);
    }
    if (!this.#loose && getPrototypeOf(one) !== getPrototypeOf(other)) return false;
    if (toString(one) !== toString(other)) return false;
    if (!sameKind(one, other, this.#loose)) return false;
    if (types.isWeakMap(one) || types.isWeakSet(one)) return false;
    if (this.#pairs.some((pair) => pair[0] === one && pair[1] === other)) return true;
    this.#pairs.push([one, other]);
    const equal = this.#members(one, other) && this.#contents(one, other);
    this.#pairs.pop();
    return equal;
  }

  #members(one, other) {
    const names = keys(one);
    if (names.length !== keys(other).length) return false;
    // The bytes of views have been compared.
    if (!ArrayBuffer.isView(one)) {
      if (!names.every((name) => hasOwn(other, name) && propertyIsEnumerable(other, name))) return false;
      if (!names.every((name) => this.equal(one[name], other[name]))) return false;
    }
    for (const name of ["cause", "errors"]) {
      if (one instanceof Error && hasOwn(one, name) !== hasOwn(other, name)) return false;
      if (one instanceof Error && hasOwn(one, name) && !this.equal(one[name], other[name])) return false;
    }
    if (this.#loose) return true;
    const symbols = ownSymbols(one);
    if (symbols.length !== ownSymbols(other).length) return false;
    return symbols.every((key) => propertyIsEnumerable(other, key) && this.equal(one[key], other[key]));
  }

  #contents(one, other) {
    if (types.isSet(one)) return this.#sets(one, other);
    if (types.isMap(one)) return this.#maps(one, other);
    return true;
  }

  #sets(one, other) {
    const left = new Set();
    for (const value of one) if (!other.has(value)) left.add(value);
    const candidates = [...other].filter((value) => !one.has(value));
    return [...left].every((value) => {
      if (!this.#loose && !isObject(value)) return false;
      const at = candidates.findIndex((candidate) => this.equal(value, candidate));
      if (at >= 0) candidates.splice(at, 1);
      return at >= 0;
    });
  }

  #maps(one, other) {
    const candidates = [...other].filter(([key]) => !one.has(key));
    return [...one].every(([key, value]) => {
      if (other.has(key)) return this.equal(value, other.get(key));
      if (!this.#loose && !isObject(key)) return false;
      const at = candidates.findIndex(([candidate, item]) => this.equal(key, candidate) && this.equal(value, item));
      if (at >= 0) candidates.splice(at, 1);
      return at >= 0;
    });
  }
}

/** Equal in kind, in prototype, in members. */
export const isDeepStrictEqual = (one, other) => new Comparison(false).equal(one, other);

/** Equal as `==` has it for what is no object. */
export const isDeepLooseEqual = (one, other) => new Comparison(true).equal(one, other);
