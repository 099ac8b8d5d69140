// `Event` and what is derived from it (DOM §2.2, §2.4).

import { now } from "tollgate:timers";

const native = import.meta.native;
const { apply, ownKeys } = Reflect;

/** Makes of a class what Web IDL makes of an interface: members are enumerable, and it has a tag. */
export function asInterface(Class) {
  const { prototype } = Class;
  for (const name of ownKeys(prototype)) {
    if (name !== "constructor") Object.defineProperty(prototype, name, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
}

/** Constants of an interface: on the class, and on its prototype. */
export function constants(Class, values) {
  for (const [name, value] of Object.entries(values)) {
    const descriptor = { value, enumerable: true };
    Object.defineProperty(Class, name, descriptor);
    Object.defineProperty(Class.prototype, name, descriptor);
  }
}

const NONE = Object.freeze({ __proto__: null });

/** A dictionary: `undefined` and `null` are empty ones. */
export function dictionary(value, what) {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError(`${what} has to be an object`);
  return value;
}

/** Says that an argument is missing, as Web IDL wants it. */
export function needs(count, values, what) {
  if (values.length < count) throw new TypeError(`${what} needs ${count} argument${count === 1 ? "" : "s"}`);
}

/** What an event is inside. Throws where the value is none. */
let stateOf;

/** Whether the value is an event. */
let isEvent;

const trust = {
  get isTrusted() {
    return stateOf(this).trusted;
  },
};
const isTrusted = { get: Object.getOwnPropertyDescriptor(trust, "isTrusted").get, enumerable: true, configurable: false };

export class Event {
  #state;

  constructor(type, init = undefined) {
    needs(1, arguments, "Event");
    const { bubbles = false, cancelable = false, composed = false } = dictionary(init, "the init of an event");
    this.#state = {
      type: `${type}`,
      bubbles: !!bubbles,
      cancelable: !!cancelable,
      composed: !!composed,
      trusted: false,
      timeStamp: now(),
      target: null,
      dispatched: false,
      stopped: false,
      stoppedAtOnce: false,
      canceled: false,
      passive: false,
    };
    Object.defineProperty(this, "isTrusted", isTrusted);
  }

  static {
    stateOf = (event) => event.#state;
    isEvent = (value) => typeof value === "object" && value !== null && #state in value;
  }

  get type() {
    return this.#state.type;
  }

  get target() {
    return this.#state.target;
  }

  get srcElement() {
    return this.#state.target;
  }

  get currentTarget() {
    return this.#state.dispatched ? this.#state.target : null;
  }

  composedPath() {
    return this.#state.dispatched ? [this.#state.target] : [];
  }

  get eventPhase() {
    return this.#state.dispatched ? 2 : 0;
  }

  stopPropagation() {
    this.#state.stopped = true;
  }

  get cancelBubble() {
    return this.#state.stopped;
  }

  set cancelBubble(value) {
    if (value) this.#state.stopped = true;
  }

  stopImmediatePropagation() {
    this.#state.stopped = true;
    this.#state.stoppedAtOnce = true;
  }

  get bubbles() {
    return this.#state.bubbles;
  }

  get cancelable() {
    return this.#state.cancelable;
  }

  get returnValue() {
    return !this.#state.canceled;
  }

  set returnValue(value) {
    if (!value) this.preventDefault();
  }

  preventDefault() {
    const state = this.#state;
    if (state.cancelable && !state.passive) state.canceled = true;
  }

  get defaultPrevented() {
    return this.#state.canceled;
  }

  get composed() {
    return this.#state.composed;
  }

  get timeStamp() {
    return this.#state.timeStamp;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    needs(1, arguments, "initEvent");
    const state = this.#state;
    if (state.dispatched) return;
    const fresh = { stopped: false, stoppedAtOnce: false, canceled: false, trusted: false, target: null };
    Object.assign(state, fresh, { type: `${type}`, bubbles: !!bubbles, cancelable: !!cancelable });
  }
}
asInterface(Event);
constants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });

export class CustomEvent extends Event {
  #detail;

  constructor(type, init = undefined) {
    needs(1, arguments, "CustomEvent");
    super(type, init);
    this.#detail = dictionary(init).detail ?? null;
  }

  get detail() {
    return this.#detail;
  }
}
asInterface(CustomEvent);
