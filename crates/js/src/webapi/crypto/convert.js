// Values of scripts as what the standard's interfaces take (Web IDL §3.2), and the errors of this area.

import { USAGE, isKey } from "tollgate:crypto-key";

const { DOMException } = globalThis;
const { isView } = ArrayBuffer;
const Buffer = ArrayBuffer;
const Shared = globalThis.SharedArrayBuffer;
const { isFinite } = Number;
const { trunc } = Math;

/** @returns {Error} for `throw` */
export const dataError = (message) => new DOMException(message, "DataError");
export const operationError = (message) => new DOMException(message, "OperationError");
export const notSupported = (message) => new DOMException(message, "NotSupportedError");
export const invalidAccess = (message) => new DOMException(message, "InvalidAccessError");
export const syntaxError = (message) => new DOMException(message, "SyntaxError");

export const isBytes = (value) => isView(value) || (value instanceof Buffer && !(Shared && value instanceof Shared));

/** A `BufferSource`. What reads it makes a copy. */
export const bytes = (value, what) => {
  if (isBytes(value)) return value;
  throw new TypeError(`${what} has to be an ArrayBuffer, a typed array or a DataView`);
};

/** An integer that has to be in its range (`[EnforceRange]`). */
const integer = (most) => (value, what) => {
  const number = +value;
  if (!isFinite(number)) throw new TypeError(`${what} has to be a number`);
  const whole = trunc(number) + 0;
  if (whole < 0 || whole > most) throw new TypeError(`${what} has to be from 0 to ${most}`);
  return whole;
};

export const octet = integer(0xff);
export const unsignedShort = integer(0xffff);
export const unsignedLong = integer(0xffffffff);

export const text = (value) => `${value}`;

export const key = (value, what) => {
  if (isKey(value)) return value;
  throw new TypeError(`${what} has to be a CryptoKey`);
};

/** A `BigInteger`: the bytes of a Uint8Array, which has to be one. */
export const bigInteger = (value, what) => {
  if (isView(value) && value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError(`${what} has to be a Uint8Array`);
};

const FORMATS = { __proto__: null, raw: true, spki: true, pkcs8: true, jwk: true };

export const format = (value) => {
  const name = text(value);
  if (FORMATS[name] !== undefined) return name;
  throw new TypeError(`there is no format of keys \`${name}\``);
};

/** A list of usages as a set of bits. */
export const usages = (value) => {
  if (typeof value !== "object" || value === null) throw new TypeError("usages of a key have to be a list");
  let all = 0;
  for (const item of value) {
    const usage = USAGE[text(item)];
    if (usage === undefined) throw new TypeError(`there is no usage of keys \`${item}\``);
    all |= usage;
  }
  return all;
};
