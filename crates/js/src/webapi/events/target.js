// `EventTarget` (DOM §2.7 to §2.10), and the attributes that are handlers of events (HTML §8.1.8).

/** Tells the host of an error that nobody can catch. */
export function reportError(error) {
  needs(1, arguments, "reportError");
  native.report("an error was reported", error);
}

const reportThrown = (error) => native.report("a listener of an event threw", error);

/** What a target is inside: `{ listeners: Map | null, watch: function | null }`. Throws where the value is none. */
let insideOf;

/** The listeners that a target has for a type of event; `undefined` where it never had any. */
const listenersOf = (target, type) => insideOf(target).listeners?.get(type);

/** Whether anybody listens. */
export const hasListeners = (target, type) => (listenersOf(target, type)?.length ?? 0) > 0;

/** Calls back with the target whenever a listener is added to it or removed from it. */
export const watchListeners = (target, watch) => {
  insideOf(target).watch = watch;
};

function add(target, listener) {
  const inside = insideOf(target);
  inside.listeners ??= new Map();
  const listeners = inside.listeners.get(listener.type);
  if (listeners === undefined) inside.listeners.set(listener.type, [listener]);
  else listeners.push(listener);
  inside.watch?.(target);
}

function remove(target, listener) {
  if (listener.removed) return;
  listener.removed = true;
  const inside = insideOf(target);
  // Whoever dispatches goes through the old list.
  const left = inside.listeners.get(listener.type).filter((it) => it !== listener);
  inside.listeners.set(listener.type, left);
  listener.forget?.();
  inside.watch?.(target);
}

const find = (target, type, callback, capture) =>
  listenersOf(target, type)?.find((it) => it.callback === callback && it.capture === capture);

/** A listener as Web IDL has it: a function, an object, or nothing. */
function listenerOf(value) {
  if (value === undefined || value === null) return null;
  if (typeof value !== "function" && typeof value !== "object") {
    throw new TypeError("a listener has to be a function or an object");
  }
  return value;
}

/** Options are a dictionary, or `capture` alone. */
const optionsOf = (value) =>
  (typeof value === "object" && value !== null) || typeof value === "function" ? value : { __proto__: null, capture: value };

export class EventTarget {
  #inside = { listeners: null, watch: null };

  static {
    insideOf = (target) => target.#inside;
  }

  addEventListener(type, callback, options = undefined) {
    needs(2, arguments, "addEventListener");
    const { capture = false, once = false, passive = false, signal } = optionsOf(options);
    if (signal !== undefined && !isSignal(signal)) throw new TypeError("signal has to be an AbortSignal");
    const listener = {
      type: `${type}`,
      callback: listenerOf(callback),
      capture: !!capture,
      once: !!once,
      passive: !!passive,
      removed: false,
      forget: undefined,
    };
    if (listener.callback === null || signal?.aborted) return;
    if (find(this, listener.type, listener.callback, listener.capture) !== undefined) return;
    add(this, listener);
    if (signal !== undefined) listener.forget = onAbort(signal, () => remove(this, listener));
  }

  removeEventListener(type, callback, options = undefined) {
    needs(2, arguments, "removeEventListener");
    const { capture = false } = optionsOf(options);
    const listener = find(this, `${type}`, listenerOf(callback), !!capture);
    if (listener !== undefined) remove(this, listener);
  }

  dispatchEvent(event) {
    needs(1, arguments, "dispatchEvent");
    if (!isEvent(event)) throw new TypeError("dispatchEvent: this is not an Event");
    const state = stateOf(event);
    if (state.dispatched) throw new DOMException("the event is being dispatched already", "InvalidStateError");
    state.trusted = false;
    return dispatch(this, event);
  }
}
asInterface(EventTarget);

/** Dispatches an event that the engine made: it is trusted. */
export function fire(target, event) {
  stateOf(event).trusted = true;
  return dispatch(target, event);
}

function dispatch(target, event) {
  const state = stateOf(event);
  state.target = target;
  state.dispatched = true;
  const listeners = listenersOf(target, state.type);
  if (listeners !== undefined && listeners.length > 0) {
    const now = [...listeners];
    call(target, event, state, now, true);
    call(target, event, state, now, false);
  }
  Object.assign(state, { dispatched: false, stopped: false, stoppedAtOnce: false });
  return !state.canceled;
}

/** "Inner invoke": those that capture, or those that do not. */
function call(target, event, state, listeners, capture) {
  if (state.stopped) return;
  for (const listener of listeners) {
    if (listener.capture !== capture || listener.removed) continue;
    if (listener.once) remove(target, listener);
    state.passive = listener.passive;
    try {
      callListener(target, event, listener);
    } catch (error) {
      reportThrown(error);
    }
    state.passive = false;
    if (state.stoppedAtOnce) return;
  }
}

function callListener(target, event, { callback, attribute }) {
  if (attribute) {
    if (typeof callback === "function" && apply(callback, target, [event]) === false) event.preventDefault();
    return;
  }
  if (typeof callback === "function") {
    apply(callback, target, [event]);
    return;
  }
  const { handleEvent } = callback;
  if (typeof handleEvent !== "function") throw new TypeError("handleEvent is not a function");
  apply(handleEvent, callback, [event]);
}

/** Gives a class the attributes `onTYPE`. One that is set keeps the place in the order that it had first. */
export function handlers(Class, ...types) {
  for (const type of types) {
    const listener = (target) => listenersOf(target, type)?.find((it) => it.attribute);
    const members = {
      get [`on${type}`]() {
        return listener(this)?.callback ?? null;
      },
      set [`on${type}`](value) {
        const old = listener(this);
        const callback = typeof value === "function" || typeof value === "object" ? value : null;
        if (callback === null) {
          if (old !== undefined) remove(this, old);
        } else if (old !== undefined) {
          old.callback = callback;
        } else {
          add(this, { type, callback, attribute: true, capture: false, once: false, passive: false, removed: false });
        }
      },
    };
    Object.defineProperties(Class.prototype, Object.getOwnPropertyDescriptors(members));
  }
}
