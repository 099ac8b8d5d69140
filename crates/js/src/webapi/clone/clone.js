// `structuredClone` (HTML §2.7): reads and makes in one go.

const native = import.meta.native;
const { getPrototypeOf, keys, hasOwn, defineProperty, getOwnPropertyDescriptor } = Object;
const { isArray } = Array;

const refuse = (what) => {
  throw new DOMException(`${what} could not be cloned.`, "DataCloneError");
};

const uncurry = (method) => Function.prototype.call.bind(method);
const getter = (prototype, name) => uncurry(getOwnPropertyDescriptor(prototype, name).get);
const TypedArray = getPrototypeOf(Uint8Array);
const kindOf = getter(TypedArray.prototype, Symbol.toStringTag);
const bufferBytes = getter(ArrayBuffer.prototype, "byteLength");
const mapForEach = uncurry(Map.prototype.forEach);
const setForEach = uncurry(Set.prototype.forEach);
const timeOf = uncurry(Date.prototype.getTime);
const sourceOf = getter(RegExp.prototype, "source");
const flagsOf = getter(RegExp.prototype, "flags");

/** One call: what was cloned so far, so that cycles stay cycles. */
class Clone {
  seen = new Map();

  value(value) {
    if (typeof value === "object" && value !== null) return this.seen.get(value) ?? this.object(value);
    if (typeof value === "function") refuse(`The function ${value.name || "(anonymous)"}`);
    if (typeof value === "symbol") refuse(String(value));
    return value;
  }

  object(value) {
    if (isArray(value)) return this.array(value);
    const prototype = getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.members(value, this.keep(value, {}));
    return this.special(value, prototype) ?? this.members(value, this.keep(value, {}));
  }

  /** What is more than its members; nothing where it is not. Only its class tells the engine's objects apart. */
  special(value, prototype) {
    for (let at = prototype; at !== null; at = getPrototypeOf(at)) {
      const clone = KINDS.get(at);
      if (clone !== undefined) return made(clone, this, value);
      const tag = getOwnPropertyDescriptor(at, Symbol.toStringTag)?.value;
      if (OF_THE_HOST.has(tag) && globalThis[tag]?.prototype === at) return host(this, value, tag);
    }
    return undefined;
  }

  keep(value, clone) {
    this.seen.set(value, clone);
    return clone;
  }

  array(value) {
    const { length } = value;
    const clone = this.keep(value, new Array(length));
    const names = keys(value);
    // Indices come first: then all of these are some, and there is no hole.
    if (length > 0 && names.length === length && names[length - 1] === String(length - 1)) {
      for (let at = 0; at < length; at += 1) clone[at] = this.value(value[at]);
      return clone;
    }
    return this.members(value, clone, names);
  }

  members(value, clone, names = keys(value)) {
    for (const name of names) {
      // A getter of another member may have removed it.
      if (!hasOwn(value, name)) continue;
      const member = this.value(value[name]);
      if (name === "__proto__") {
        defineProperty(clone, name, { value: member, writable: true, enumerable: true, configurable: true });
      } else {
        clone[name] = member;
      }
    }
    return clone;
  }

  buffer(buffer) {
    return this.seen.get(buffer) ?? this.keep(buffer, copyOf(buffer));
  }
}

/** An object may have the prototype of something that it is not: then it is an object like any other. */
function made(clone, to, value) {
  try {
    return clone(to, value);
  } catch (error) {
    if (error === NOT_THIS) return undefined;
    throw error;
  }
}

const NOT_THIS = Symbol("not this");

/** What the engine says of a value of this kind; of another one it throws. */
function read(what, value) {
  try {
    return what(value);
  } catch {
    throw NOT_THIS;
  }
}

// Buffers.

const isDetached = getter(ArrayBuffer.prototype, "detached");

/** As large, and as able to grow; `filled`: with the same bytes in it. */
function copyOf(buffer, filled = true) {
  if (buffer instanceof SharedArrayBuffer) return buffer;
  const length = read(bufferBytes, buffer);
  if (isDetached(buffer)) refuse("A detached ArrayBuffer");
  const clone = buffer.resizable ? new ArrayBuffer(length, { maxByteLength: buffer.maxByteLength }) : new ArrayBuffer(length);
  if (filled) fill(clone, buffer);
  return clone;
}

const fill = (clone, buffer) => new Uint8Array(clone).set(new Uint8Array(buffer));

function view(to, value) {
  if (!ArrayBuffer.isView(value)) throw NOT_THIS;
  const kind = kindOf(value);
  const View = kind === undefined ? DataView : globalThis[kind];
  if (value.buffer.detached) refuse("A view of a detached ArrayBuffer");
  return to.keep(value, new View(to.buffer(value.buffer), value.byteOffset, kind === undefined ? value.byteLength : value.length));
}

// Errors.

const ERRORS = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [Class.name, Class.prototype]),
);

function error(to, value) {
  if (!Error.isError(value)) throw NOT_THIS;
  const prototype = ERRORS.get(String(value.name)) ?? Error.prototype;
  const message = getOwnPropertyDescriptor(value, "message");
  const { stack } = value;
  const clone = to.keep(value, new Error());
  Object.setPrototypeOf(clone, prototype);
  const set = (name, member) => defineProperty(clone, name, { value: member, writable: true, configurable: true });
  if (message !== undefined && "value" in message) set("message", String(message.value));
  if (typeof stack === "string") set("stack", stack);
  if (hasOwn(value, "cause")) set("cause", to.value(value.cause));
  return clone;
}

// Everything else that has a kind.

function boxed(valueOf) {
  const unbox = uncurry(valueOf);
  return (to, value) => to.keep(value, Object(read(unbox, value)));
}

function map(to, value) {
  const entries = [];
  read((it) => mapForEach(it, (item, key) => entries.push([key, item])), value);
  const clone = to.keep(value, new Map());
  for (const [key, item] of entries) clone.set(to.value(key), to.value(item));
  return clone;
}

function set(to, value) {
  const items = [];
  read((it) => setForEach(it, (item) => items.push(item)), value);
  const clone = to.keep(value, new Set());
  for (const item of items) clone.add(to.value(item));
  return clone;
}

const never = (what) => () => refuse(what);
const iteratorOf = (iterable) => getPrototypeOf(iterable[Symbol.iterator]());
const generators = [function* () {}, async function* () {}].map((it) => getPrototypeOf(it.prototype));

const KINDS = new Map([
  [Boolean.prototype, boxed(Boolean.prototype.valueOf)],
  [Number.prototype, boxed(Number.prototype.valueOf)],
  [String.prototype, boxed(String.prototype.valueOf)],
  [BigInt.prototype, boxed(BigInt.prototype.valueOf)],
  [Symbol.prototype, never("A symbol")],
  [Date.prototype, (to, value) => to.keep(value, new Date(read(timeOf, value)))],
  [RegExp.prototype, (to, value) => to.keep(value, new RegExp(read(sourceOf, value), flagsOf(value)))],
  [ArrayBuffer.prototype, (to, value) => to.buffer(value)],
  [SharedArrayBuffer.prototype, (to, value) => to.buffer(value)],
  [TypedArray.prototype, view],
  [DataView.prototype, view],
  [Map.prototype, map],
  [Set.prototype, set],
  [DOMException.prototype, (to, value) => to.keep(value, new DOMException(value.message, value.name))],
  [Error.prototype, error],
  [Promise.prototype, never("A Promise")],
  [WeakMap.prototype, never("A WeakMap")],
  [WeakSet.prototype, never("A WeakSet")],
  [WeakRef.prototype, never("A WeakRef")],
  [FinalizationRegistry.prototype, never("A FinalizationRegistry")],
  ...[[], new Map(), new Set(), ""].map((it) => [iteratorOf(it), never("An iterator")]),
  ...generators.map((it) => [it, never("A generator")]),
]);

/** Interfaces of the Web's. Their objects have no members of their own: a clone of those would be an empty object. */
const OF_THE_HOST = new Set(
  `AbortController AbortSignal Blob Cache CacheStorage CompressionStream Crypto CryptoKey DecompressionStream Event
  EventTarget File FormData Headers Performance ReadableStream Request Response SubtleCrypto TextDecoder
  TextDecoderStream TextEncoder TextEncoderStream TransformStream URL URLPattern URLSearchParams WebSocket
  WritableStream`.split(/\s+/),
);

function host(to, value, tag) {
  if (tag === "Blob" || tag === "File") return to.keep(value, native.load("blob").cloneBlob(value));
  // A key never changes, so that nobody can tell.
  if (tag === "CryptoKey") return value;
  return refuse(`A ${tag}`);
}

/** Buffers that move: their clones stand in for them, and take over their bytes once all else went well. */
function transferOf(options) {
  if (options === undefined || options === null) return [];
  if (typeof options !== "object" && typeof options !== "function") throw new TypeError("structuredClone: options have to be an object");
  const { transfer } = options;
  const moved = transfer === undefined ? [] : [...transfer];
  for (const [at, buffer] of moved.entries()) {
    if (!(buffer instanceof ArrayBuffer)) refuse("What is to be transferred is no ArrayBuffer, and");
    if (moved.indexOf(buffer) !== at) refuse("What is to be transferred is there twice, and");
    if (isDetached(buffer)) refuse("A detached ArrayBuffer");
  }
  return moved;
}

export function structuredClone(value, options = undefined) {
  if (arguments.length === 0) throw new TypeError("structuredClone needs an argument");
  const moved = transferOf(options);
  const clone = new Clone();
  for (const buffer of moved) clone.keep(buffer, copyOf(buffer, false));
  const result = clone.value(value);
  for (const buffer of moved) {
    if (isDetached(buffer)) refuse("A detached ArrayBuffer");
    const into = clone.seen.get(buffer);
    fill(into, buffer);
    buffer.transfer(0);
  }
  return result;
}
