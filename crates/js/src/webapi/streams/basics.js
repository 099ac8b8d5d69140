// What streams are made of: promises that no script can tamper with, queues, views of buffers, and
// the conversions that Web IDL asks of arguments.

const uncurry = (method) => Function.prototype.call.bind(method);
const getter = (prototype, name) => uncurry(Object.getOwnPropertyDescriptor(prototype, name).get);
const { apply } = Reflect;

/** `constructor` of an object that the module makes itself. It never leaves the engine's own code. */
export const INSIDE = Symbol("inside");

/** Lets a class of the engine's own inherit nothing: not what a script puts on `Object.prototype`. */
export const alone = (Class) => Object.setPrototypeOf(Class.prototype, null);

// Promises.

export const then = uncurry(Promise.prototype.then);
export const fulfilled = Promise.resolve.bind(Promise);
export const rejected = Promise.reject.bind(Promise);
export const later = Promise.withResolvers.bind(Promise);
export const microtask = globalThis.queueMicrotask;
export const nothing = () => {};

/** For reactions only: it must not be handed to a script, which could hang something on it. */
export const DONE = fulfilled(undefined);

/** What a script gave back, as a promise: never the script's own (Web IDL §3.2.24). */
export const promised = (value) => (value === undefined ? DONE : new Promise((resolve) => resolve(value)));

/** Reacts to a promise, where nobody waits for the reaction. It is as late as `then` makes it. */
export function react(promise, done, failed) {
  if (promise === DONE) microtask(done);
  else then(promise, done, failed);
}

/** Says that nobody has to handle the rejection of a promise. */
export function handled(promise) {
  then(promise, undefined, nothing);
  return promise;
}

/**
 * A promise that a script may look at, again and again: pending while the gate is shut, and another one
 * after each change that a settled promise cannot follow. It is made for those who ask for it.
 */
export class Gate {
  constructor(shut) {
    this.isShut = shut;
    this.failed = false;
    this.error = undefined;
    this.later = undefined;
    this.known = undefined;
    this.waiting = undefined;
  }

  get promise() {
    if (this.known === undefined) {
      if (this.isShut) {
        this.later = later();
        this.known = this.later.promise;
      } else {
        this.known = this.failed ? handled(rejected(this.error)) : fulfilled(undefined);
      }
    }
    return this.known;
  }

  shut() {
    this.isShut = true;
    this.later = this.known = undefined;
  }

  open() {
    if (!this.isShut) return;
    this.isShut = false;
    if (this.waiting !== undefined) microtask(this.waiting);
    this.waiting = undefined;
    this.later?.resolve();
  }

  /** For good: what is pending is rejected, and what is not is replaced. */
  fail(error) {
    if (!this.isShut) this.known = undefined;
    this.isShut = false;
    this.failed = true;
    this.error = error;
    this.waiting = undefined;
    this.later?.reject(error);
    if (this.known !== undefined) handled(this.known);
  }

  /** Calls once it is open, as late as a reaction to the promise would be. */
  whenOpen(callback) {
    if (this.isShut) this.waiting = callback;
    else if (!this.failed) microtask(callback);
  }
}

alone(Gate);

// Functions that scripts gave.

const bindTo = uncurry(Function.prototype.bind);

/** A method that is called with this `this`, `undefined` where there is none. */
export const bound = (method, self) => (method === undefined ? undefined : bindTo(method, self));

/** Calls one, and makes a promise of what comes back or is thrown. */
export function invoke(method) {
  try {
    return promised(method());
  } catch (error) {
    return rejected(error);
  }
}

export function invokeWith(method, argument) {
  try {
    return promised(method(argument));
  } catch (error) {
    return rejected(error);
  }
}

export function invokeWithBoth(method, first, second) {
  try {
    return promised(method(first, second));
  } catch (error) {
    return rejected(error);
  }
}

// Queues.

/** First in, first out, at a constant price; and the sum of the sizes of what is in it. */
export class Queue {
  constructor() {
    this.items = [];
    this.first = 0;
    this.total = 0;
  }

  get length() {
    return this.items.length - this.first;
  }

  get head() {
    return this.items[this.first];
  }

  push(item) {
    this.items[this.items.length] = item;
  }

  shift() {
    const item = this.items[this.first];
    this.items[this.first++] = undefined;
    if (this.first === this.items.length) {
      this.items.length = this.first = 0;
    } else if (this.first === 256) {
      this.items.splice(0, this.first);
      this.first = 0;
    }
    return item;
  }

  /** EnqueueValueWithSize */
  add(value, size) {
    size = +size;
    if (!(size >= 0 && size !== Infinity)) throw new RangeError("the size of a chunk has to be a finite number, 0 or more");
    this.push({ value, size });
    this.total += size;
  }

  /** DequeueValue */
  take() {
    const { value, size } = this.shift();
    this.total = Math.max(0, this.total - size);
    return value;
  }
}

alone(Queue);

// Views.

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
const { isView } = ArrayBuffer;
const kindOf = getter(TypedArray, Symbol.toStringTag);
const typed = { buffer: getter(TypedArray, "buffer"), offset: getter(TypedArray, "byteOffset"), bytes: getter(TypedArray, "byteLength") };
const data = { buffer: getter(DataView.prototype, "buffer"), offset: getter(DataView.prototype, "byteOffset"), bytes: getter(DataView.prototype, "byteLength") };
const kinds = { Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array };
if (globalThis.Float16Array !== undefined) kinds.Float16Array = globalThis.Float16Array;

export const isUint8Array = (value) => isView(value) && kindOf(value) === "Uint8Array";
export const bufferBytes = getter(ArrayBuffer.prototype, "byteLength");
export const isDetached = getter(ArrayBuffer.prototype, "detached");

export const setBytes = uncurry(Uint8Array.prototype.set);

/** TransferArrayBuffer */
export const transfer = uncurry(ArrayBuffer.prototype.transfer);

/** Where a view is, whatever a script wrote over its properties. `make` is its constructor. */
export function whereabouts(view) {
  if (!isView(view)) throw new TypeError("this is no view of an ArrayBuffer");
  const kind = kindOf(view);
  const of = kind === undefined ? data : typed;
  const make = kind === undefined ? DataView : kinds[kind];
  return { buffer: of.buffer(view), offset: of.offset(view), length: of.bytes(view), make };
}

/** CloneAsUint8Array */
export const cloneBytes = (view) => {
  const { buffer, offset, length } = whereabouts(view);
  return new Uint8Array(new Uint8Array(buffer, offset, length));
};

// Arguments.

export const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

const EMPTY = Object.freeze({ __proto__: null });

/** A dictionary: `undefined` and `null` are empty ones. */
export function dictionary(value, what) {
  if (value === undefined || value === null) return EMPTY;
  if (!isObject(value)) throw new TypeError(`${what} has to be an object`);
  return value;
}

/** A member of a dictionary that is a function, if it is there. */
export function callback(members, name) {
  const value = members[name];
  if (value !== undefined && typeof value !== "function") throw new TypeError(`${name} has to be a function`);
  return value;
}

/** An `[EnforceRange] unsigned long long`. */
export function integer(value, what) {
  const number = Math.trunc(+value);
  if (!(number >= 0 && number <= Number.MAX_SAFE_INTEGER)) throw new TypeError(`${what} has to be an integer, 0 or more`);
  return number;
}

/** The members of a QueuingStrategy; either may be `undefined`. */
export function strategyOf(value) {
  const members = dictionary(value, "a queuing strategy");
  const mark = members.highWaterMark;
  return { highWaterMark: mark === undefined ? undefined : +mark, size: callback(members, "size") };
}

/** ExtractHighWaterMark */
export function withMark({ highWaterMark, size }, usual) {
  if (highWaterMark === undefined) return { highWaterMark: usual, size };
  if (!(highWaterMark >= 0)) throw new RangeError("highWaterMark has to be a number, 0 or more");
  return { highWaterMark, size };
}

/** Makes of a class what Web IDL makes of an interface: members are enumerable, and it has a tag. */
export function asInterface(Class, tag = Class.name) {
  const { prototype } = Class;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== "constructor") Object.defineProperty(prototype, name, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: tag, configurable: true });
}

export function illegal(name) {
  return new TypeError(`this is not a ${name}`);
}
