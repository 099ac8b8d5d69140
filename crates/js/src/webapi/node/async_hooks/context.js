// What follows the code of a script from where it waits to where it goes on: a context that is there
// again after every `await`, in every callback of a promise, a microtask or a timer. Loaded by who needs
// it; nobody else pays.
//
// The engine tells of no job whose job it is. But jobs run in the order in which they come into being. So
// the context in which a job has to run is handed to it by another job, the one right before it:
//
// - `then` gives the promise callbacks that know the context of the code that called it.
// - `await` of a promise asks for its `constructor`, and nothing else. The getter adds a reaction to
//   the promise just before `await` adds its own: it hands over to it.
// - `await` of anything else makes a promise that is fulfilled at once, or adopts what has a `then`. The
//   engine tells of both; where that promise is fulfilled, a job that hands over comes right before.
//
// A job that nobody hands anything to, and the beginning of every entry, are in no context. What is handed to a
// job that never comes is gone before any job that another turn has set going.

const { turn, follow } = import.meta.native;
const { apply, construct, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { prototype } = Promise;
const NativePromise = Promise;
const nativeThen = prototype.then;
const enqueue = globalThis.queueMicrotask;

/** The context of code that nobody gave one: from which values to what they are. */
export const NONE = new Map();

// The context, and the turn that it is meant for.
let context = NONE;
let since = 0;

/** The context of the code that runs. */
export const current = () => (since === turn() ? context : NONE);

/** Puts the code that runs, until its turn ends, into a context. */
export const enter = (next) => {
  context = next;
  since = turn();
};

/** Calls a function in a context. */
export const run = (next, called, receiver, values) => {
  const before = current();
  enter(next);
  try {
    return apply(called, receiver, values);
  } finally {
    enter(before);
  }
};

// What a job calls that hands a context to the job right after it.
const handing = (next) => () => {
  context = next;
  since = turn() + 1;
};

// Functions of scripts know their file. The functions that settle a promise are natives.
const fileOf = getOwnPropertyDescriptor(Function.prototype, "fileName").get;
const isNative = (called) => apply(fileOf, called, []) === undefined;

// Where a promise that adopts another one is settled by this, who waits for it gets the context, too.
const callback = (called, next) => {
  if (typeof called !== "function") return called;
  if (!isNative(called)) {
    return (value) => {
      enter(next);
      return called(value);
    };
  }
  const hand = handing(next);
  return (value) => {
    enter(next);
    enqueue(hand);
    return called(value);
  };
};

// The promise whose constructor is about to be asked for by `then`.
let asks;

function then(onFulfilled, onRejected) {
  const next = current();
  asks = this;
  try {
    return apply(nativeThen, this, [callback(onFulfilled, next), callback(onRejected, next)]);
  } finally {
    asks = undefined;
  }
}

const constructorOf = {
  get constructor() {
    if (this === asks) {
      asks = undefined;
      return NativePromise;
    }
    if (this === prototype) return NativePromise;
    const hand = handing(current());
    asks = this;
    ours = true;
    try {
      apply(nativeThen, this, [hand, hand]);
    } catch {
      // It inherits from promises and is none.
    } finally {
      asks = undefined;
      ours = false;
    }
    return NativePromise;
  },
  set constructor(value) {
    defineProperty(this, "constructor", { value, writable: true, enumerable: true, configurable: true });
  },
};

// Keeps with a promise the context in which it was made, where nobody sees it.
class Made extends function (promise) {
  return promise;
} {
  #context;
  #adopts = false;

  constructor(promise, made) {
    super(promise);
    this.#context = made;
  }

  static context(promise) {
    return #context in promise ? promise.#context : undefined;
  }

  static adopting(promise) {
    if (!(#context in promise)) new Made(promise, NONE);
    promise.#adopts = true;
    return promise.#context;
  }

  static adopted(promise) {
    return #context in promise && promise.#adopts;
  }
}

// Whether a promise that comes into being is of the getter above.
let ours = false;
// The promise that came into being last, and in which turn.
let last;
let lastTurn;

const MADE = 0;
const FULFILLED = 1;

const told = (what, promise) => {
  if (what === MADE) {
    if (ours) return;
    last = promise;
    lastTurn = turn();
    if (since === lastTurn && context !== NONE) new Made(promise, context);
  } else if (what === FULFILLED) {
    // One that another promise was made after is none that `await` made for what it got.
    const atOnce = promise === last && lastTurn === turn();
    if (promise === last) last = undefined;
    if (atOnce || Made.adopted(promise)) enqueue(handing(Made.context(promise) ?? NONE));
  } else {
    enter(Made.adopting(promise));
  }
};

/** A function that runs in the context of now, whenever it is called. */
export const bind = (called) => {
  const next = current();
  return function (...values) {
    return run(next, called, this, values);
  };
};

function queueMicrotask(called) {
  if (typeof called !== "function") throw new TypeError("queueMicrotask: the callback is not a function");
  const next = current();
  enqueue(() => {
    enter(next);
    called();
  });
}

// What was collected is told of in any turn at all. There it is told in the context that the registry is of.
const NativeRegistry = globalThis.FinalizationRegistry;

function FinalizationRegistry(cleanup) {
  if (new.target === undefined) throw new TypeError("FinalizationRegistry: is called with new");
  return construct(NativeRegistry, [typeof cleanup === "function" ? bind(cleanup) : cleanup], new.target);
}

FinalizationRegistry.prototype = NativeRegistry.prototype;

const hidden = (value) => ({ value, writable: true, enumerable: false, configurable: true });
defineProperty(prototype, "then", hidden(then));
defineProperty(prototype, "constructor", { ...getOwnPropertyDescriptor(constructorOf, "constructor"), enumerable: false });
defineProperty(NativeRegistry.prototype, "constructor", hidden(FinalizationRegistry));
defineProperty(globalThis, "FinalizationRegistry", hidden(FinalizationRegistry));
defineProperty(globalThis, "queueMicrotask", { ...hidden(queueMicrotask), enumerable: true });
// A timer begins a turn that is in no context by itself.
follow(told, (called) => (current() === NONE ? called : bind(called)));
