// `Buffer`: a `Uint8Array` that knows text and numbers.

import { coded, needString, outOfRange, wrongType } from "tollgate:node-errors";

const { encode, decode, compare, utf8Length, isUtf8 } = import.meta.native;
const { isView } = ArrayBuffer;
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { min, trunc } = Math;
const Typed = getPrototypeOf(Uint8Array.prototype);
const kindOf = Function.prototype.call.bind(getOwnPropertyDescriptor(Typed, Symbol.toStringTag).get);
const setBytes = Function.prototype.call.bind(Typed.set);
const copyOf = Function.prototype.call.bind(Typed.slice);
const isBytes = (value) => kindOf(value) === "Uint8Array";
const isMemory = (value) =>
  value instanceof ArrayBuffer || (globalThis.SharedArrayBuffer !== undefined && value instanceof SharedArrayBuffer);

/** The longest buffer, in bytes. */
export const MOST = 2 ** 32;

// The names of encodings, in lower case.
const ENCODINGS = {
  __proto__: null,
  utf8: "utf8",
  "utf-8": "utf8",
  hex: "hex",
  base64: "base64",
  base64url: "base64url",
  latin1: "latin1",
  binary: "latin1",
  ascii: "ascii",
  utf16le: "utf16le",
  "utf-16le": "utf16le",
  ucs2: "utf16le",
  "ucs-2": "utf16le",
};

const known = (name) => ENCODINGS[name] ?? ENCODINGS[`${name}`.toLowerCase()];

const encodingOf = (name) => {
  if (name === undefined || name === null || name === "") return "utf8";
  const encoding = known(name);
  if (encoding === undefined) throw coded(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${name}`);
  return encoding;
};

class Bytes extends Uint8Array {
  static get [Symbol.species]() {
    return Bytes;
  }
}

const { prototype } = Bytes;

// A buffer over all the memory of an array that nobody else has.
const adopt = (array) => new Bytes(array.buffer, array.byteOffset, array.byteLength);

const needSize = (size) => {
  if (typeof size !== "number") throw wrongType("size", "of type number", size);
  if (!(size >= 0 && size <= MOST)) throw outOfRange("size", `>= 0 && <= ${MOST}`, size);
};

const needBytes = (value, name) => {
  if (!isBytes(value)) throw wrongType(name, "an instance of Buffer or Uint8Array", value);
};

/** The bytes of a buffer, or of a view of one. */
export function bytesOf(value, name) {
  if (isBytes(value)) return value;
  if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isMemory(value)) return new Uint8Array(value);
  throw wrongType(name, "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", value);
}

export const isUtf8Bytes = (bytes) => isUtf8(bytes);

const fromArrayLike = (values) => {
  const { length } = values;
  const buffer = new Bytes(length > 0 ? length : 0);
  if (length > 0) setBytes(buffer, values);
  return buffer;
};

const fromMemory = (memory, byteOffset, length) => {
  const offset = byteOffset === undefined ? 0 : trunc(+byteOffset) || 0;
  const most = memory.byteLength - offset;
  if (most < 0 || offset < 0) throw coded(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", '"offset" is outside of buffer bounds');
  let room = most;
  if (length !== undefined) {
    room = +length > 0 ? trunc(+length) : 0;
    if (room > most) throw coded(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", '"length" is outside of buffer bounds');
  }
  return new Bytes(memory, offset, room);
};

const fromObject = (value) => {
  if (value.length !== undefined || isMemory(value.buffer)) {
    return typeof value.length === "number" ? fromArrayLike(value) : new Bytes();
  }
  if (value.type === "Buffer" && Array.isArray(value.data)) return fromArrayLike(value.data);
  return undefined;
};

/** As Node has it: a function, with or without `new`. */
export function Buffer(value, encodingOrOffset, length) {
  if (typeof value !== "number") return Buffer.from(value, encodingOrOffset, length);
  if (typeof encodingOrOffset === "string") throw wrongType("string", "of type string", value);
  return Buffer.alloc(value);
}

const statics = {
  get [Symbol.species]() {
    return Bytes;
  },

  poolSize: 8192,

  from(value, encodingOrOffset, length) {
    if (typeof value === "string") return adopt(encode(value, encodingOf(encodingOrOffset)));
    if (typeof value === "object" && value !== null) {
      if (isMemory(value)) return fromMemory(value, encodingOrOffset, length);
      const primitive = value.valueOf?.();
      if (primitive !== undefined && primitive !== null && primitive !== value) {
        if (typeof primitive === "string" || typeof primitive === "object") {
          return Buffer.from(primitive, encodingOrOffset, length);
        }
      }
      const buffer = fromObject(value);
      if (buffer !== undefined) return buffer;
      if (typeof value[Symbol.toPrimitive] === "function") {
        const text = value[Symbol.toPrimitive]("string");
        if (typeof text === "string") return Buffer.from(text, encodingOrOffset);
      }
    }
    throw wrongType(
      "first argument",
      "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object",
      value,
    );
  },

  of(...values) {
    return fromArrayLike(values);
  },

  alloc(size, fill, encoding) {
    needSize(size);
    const buffer = new Bytes(size);
    return fill === undefined || fill === 0 || size === 0 ? buffer : buffer.fill(fill, encoding);
  },

  allocUnsafe(size) {
    needSize(size);
    return new Bytes(size);
  },

  allocUnsafeSlow(size) {
    needSize(size);
    return new Bytes(size);
  },

  isBuffer(value) {
    return value instanceof Buffer;
  },

  isEncoding(name) {
    return typeof name === "string" && name !== "" && known(name) !== undefined;
  },

  byteLength(value, encoding) {
    if (typeof value !== "string") {
      if (isView(value) || isMemory(value)) return value.byteLength;
      throw wrongType("string", "of type string or an instance of Buffer or ArrayBuffer", value);
    }
    const { length } = value;
    switch (known(encoding ?? "utf8")) {
      case "latin1":
      case "ascii":
        return length;
      case "utf16le":
        return length * 2;
      case "hex":
        return length >>> 1;
      case "base64":
      case "base64url": {
        const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
        return ((length - padding) * 3) >>> 2;
      }
      default:
        return utf8Length(value);
    }
  },

  compare(one, other) {
    needBytes(one, "buf1");
    needBytes(other, "buf2");
    return one === other ? 0 : compare(one, other);
  },

  concat(list, length) {
    if (!Array.isArray(list)) throw wrongType("list", "an instance of Array", list);
    if (list.length === 0) return new Bytes();
    list.forEach((item, i) => needBytes(item, `list[${i}]`));
    if (length === undefined) length = list.reduce((sum, { byteLength }) => sum + byteLength, 0);
    else if (typeof length !== "number") throw wrongType("length", "of type number", length);
    else if (!(Number.isInteger(length) && length >= 0)) throw outOfRange("length", `>= 0 && <= ${MOST}`, length);
    const whole = new Bytes(length);
    let at = 0;
    for (const item of list) {
      const room = length - at;
      if (room <= 0) break;
      setBytes(whole, item.byteLength > room ? item.subarray(0, room) : item, at);
      at += item.byteLength;
    }
    return whole;
  },

  copyBytesFrom(view, offset = 0, length = undefined) {
    if (!isView(view) || view instanceof DataView) throw wrongType("view", "an instance of TypedArray", view);
    const end = length === undefined ? view.length : min(offset + length, view.length);
    const part = copyOf(view, offset, end);
    return new Bytes(part.buffer, part.byteOffset, part.byteLength);
  },
};

const copyMethods = (target, source) => {
  for (const key of Reflect.ownKeys(source)) {
    defineProperty(target, key, { ...getOwnPropertyDescriptor(source, key), configurable: true });
  }
};
Object.setPrototypeOf(Buffer, Uint8Array);
copyMethods(Buffer, statics);
defineProperty(Buffer, Symbol.species, { enumerable: false });
defineProperty(Buffer, "prototype", { value: prototype, writable: false });
defineProperty(prototype, "constructor", { value: Buffer, writable: true, enumerable: false, configurable: true });

// Where a part begins or ends: negative numbers count from the end.
const place = (value, length, otherwise) => {
  if (value === undefined) return otherwise;
  const at = trunc(+value) || 0;
  if (at < 0) return at + length > 0 ? at + length : 0;
  return at < length ? at : length;
};

copyMethods(prototype, {
  get parent() {
    return this instanceof Buffer ? this.buffer : undefined;
  },

  get offset() {
    return this instanceof Buffer ? this.byteOffset : undefined;
  },

  subarray(start, end) {
    const { length } = this;
    const from = place(start, length, 0);
    const to = place(end, length, length);
    return new Bytes(this.buffer, this.byteOffset + from, to > from ? to - from : 0);
  },

  slice(start, end) {
    return this.subarray(start, end);
  },

  copy(target, targetStart, sourceStart, sourceEnd) {
    needBytes(target, "target");
    const offset = (value, name, otherwise, most) => {
      if (value === undefined) return otherwise;
      const at = trunc(+value) || 0;
      if (at < 0 || at > most) throw outOfRange(name, `>= 0 && <= ${most}`, at);
      return at;
    };
    const to = offset(targetStart, "targetStart", 0, Infinity);
    const from = offset(sourceStart, "sourceStart", 0, this.length);
    const end = min(offset(sourceEnd, "sourceEnd", this.length, Infinity), this.length);
    const count = min(end - from, target.length - to);
    if (count <= 0) return 0;
    setBytes(target, new Uint8Array(this.buffer, this.byteOffset + from, count), to);
    return count;
  },

  equals(other) {
    needBytes(other, "otherBuffer");
    return this === other || (this.byteLength === other.byteLength && compare(this, other) === 0);
  },

  compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
    needBytes(target, "target");
    const bound = (value, name, otherwise, most) => {
      if (value === undefined) return otherwise;
      if (typeof value !== "number") throw wrongType(name, "of type number", value);
      if (!Number.isInteger(value) || value < 0 || value > most) throw outOfRange(name, `>= 0 && <= ${most}`, value);
      return value;
    };
    const from = bound(targetStart, "targetStart", 0, Infinity);
    const end = bound(targetEnd, "targetEnd", target.length, target.length);
    const ourFrom = bound(sourceStart, "sourceStart", 0, Infinity);
    const ourEnd = bound(sourceEnd, "sourceEnd", this.length, this.length);
    if (ourFrom >= ourEnd) return from >= end ? 0 : -1;
    if (from >= end) return 1;
    return compare(this.subarray(ourFrom, ourEnd), new Uint8Array(target.buffer, target.byteOffset + from, end - from));
  },

  toJSON() {
    return { type: "Buffer", data: Array.from(this) };
  },

  swap16() {
    return swap(this, 2);
  },

  swap32() {
    return swap(this, 4);
  },

  swap64() {
    return swap(this, 8);
  },

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const shown = Array.from(this.subarray(0, 50), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const more = this.length - 50;
    const rest = more > 0 ? ` ... ${more} more byte${more > 1 ? "s" : ""}` : "";
    return `<${this.constructor.name} ${shown}${rest}>`;
  },
});

const swap = (buffer, size) => {
  if (buffer.length % size !== 0) {
    throw coded(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${size * 8}-bits`);
  }
  for (let at = 0; at < buffer.length; at += size) {
    for (let i = 0; i < size / 2; i++) {
      const other = at + size - 1 - i;
      [buffer[at + i], buffer[other]] = [buffer[other], buffer[at + i]];
    }
  }
  return buffer;
};
