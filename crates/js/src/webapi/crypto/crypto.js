// `crypto`: randomness here, everything else in `crypto.subtle`, whose modules are loaded when they are
// first used. Other areas of this library import what needs no key objects.

import hashes from "tollgate:crypto-hash";

const { equal, load, randomBytes: random, randomUUID } = import.meta.native;
const Bytes = Uint8Array;
const { isView } = ArrayBuffer;
const { DOMException } = globalThis;
const getter = (name) =>
  Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Bytes.prototype), name).get);
const [bufferOf, offsetOf, lengthOf] = ["buffer", "byteOffset", "byteLength"].map(getter);
const kindOf = getter(Symbol.toStringTag);
const set = Function.prototype.call.bind(Bytes.prototype.set);

/** What the standard calls the quota (Web Cryptography §10.1.1). */
const MOST_AT_ONCE = 65536;

const INTEGERS = {
  __proto__: null,
  Int8Array: true,
  Uint8Array: true,
  Uint8ClampedArray: true,
  Int16Array: true,
  Uint16Array: true,
  Int32Array: true,
  Uint32Array: true,
  BigInt64Array: true,
  BigUint64Array: true,
};

let made = false;

export class Crypto {
  #subtle;

  constructor() {
    if (made) throw new TypeError("Illegal constructor");
    made = true;
  }

  get subtle() {
    return (this.#subtle ??= load("crypto-subtle").subtle);
  }

  getRandomValues(array) {
    this.#subtle;
    // A DataView is a view of a kind that has no name here.
    if (!isView(array) || INTEGERS[kindOf(array)] === undefined) {
      throw new DOMException("getRandomValues fills typed arrays of integers only", "TypeMismatchError");
    }
    const length = lengthOf(array);
    if (length > MOST_AT_ONCE) {
      throw new DOMException(`getRandomValues fills at most ${MOST_AT_ONCE} bytes at once`, "QuotaExceededError");
    }
    set(new Bytes(bufferOf(array), offsetOf(array), length), new Bytes(random(length)));
    return array;
  }

  randomUUID() {
    this.#subtle;
    return randomUUID();
  }
}

Object.defineProperty(Crypto.prototype, Symbol.toStringTag, { value: "Crypto", configurable: true });
for (const name of ["subtle", "getRandomValues", "randomUUID"]) {
  Object.defineProperty(Crypto.prototype, name, { enumerable: true });
}

export const crypto = new Crypto();

/**
 * A digest, at once.
 * @param {"MD5" | "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512"} name
 * @param {BufferSource} bytes
 */
export const digestSync = (name, bytes) => new Bytes(hashes.digest(name, bytes));

/**
 * HMAC with a key that is there as bytes, at once.
 * @param {"SHA-1" | "SHA-256" | "SHA-384" | "SHA-512"} name
 * @param {BufferSource} key
 * @param {BufferSource} bytes
 */
export const hmacSync = (name, key, bytes) => new Bytes(hashes.mac(name, key, bytes));

/** The exports of another area, loaded when it is first asked for. */
export const loadArea = (name) => load(name);

/** @param {number} length at most 16 MiB */
export const randomBytes = (length) => new Bytes(random(length));

/**
 * Compares in a time that does not depend on the contents. Throws a RangeError where the lengths differ.
 * @param {BufferSource} one
 * @param {BufferSource} other
 */
export const timingSafeEqual = (one, other) => equal(one, other);
