// `AbortController` and `AbortSignal` (DOM §3).

import { setIdleTimeout } from "tollgate:timers";

const INSIDE = Symbol("inside");

/** How many signals were aborted so far: of two sources of a signal, the one that was first counts. */
let aborts = 0;

/** How many signals with sources were made so far: they are told in this order. */
let made = 0;

/** Whether the value is an AbortSignal. */
export let isSignal;

/**
 * Calls back with the reason when a signal is aborted, before any listener hears of it; never where it is
 * aborted already.
 * @returns {() => void} what takes it back
 */
export let onAbort;

/** Aborts a signal. */
let abort;

/** The same, for the engine's own code. */
export const abortNow = (signal, reason) => abort(signal, reason);

export class AbortSignal extends EventTarget {
  /** Its place among all that were aborted; 0 while it is not. */
  #at = 0;
  #reason = undefined;
  /** Callbacks of `onAbort`. */
  #algorithms = null;
  /** The signals that abort this one; they are never such that have sources themselves. */
  #sources = null;
  #made = 0;
  /** The signals with this source that somebody listens to. Others ask when they are asked. */
  #followers = null;

  constructor(key) {
    if (key !== INSIDE) throw new TypeError("an AbortSignal is made by an AbortController");
    super();
  }

  static {
    isSignal = (value) => typeof value === "object" && value !== null && #at in value;

    onAbort = (signal, callback) => {
      if (signal.aborted) return () => {};
      // Not the callback itself: it may be there twice.
      const algorithm = { callback };
      signal.#algorithms ??= new Set();
      signal.#algorithms.add(algorithm);
      signal.#follow();
      return () => {
        signal.#algorithms?.delete(algorithm);
        signal.#follow();
      };
    };

    abort = (signal, reason) => {
      if (signal.aborted) return;
      signal.#become((aborts += 1), reason);
      const followers = [...(signal.#followers ?? [])].filter((it) => it.#at === 0).sort((a, b) => a.#made - b.#made);
      for (const follower of followers) follower.#become(signal.#at, reason);
      signal.#followers = null;
      signal.#run();
      for (const follower of followers) follower.#run();
    };
  }

  #become(at, reason) {
    this.#at = at;
    this.#reason = reason;
  }

  /** The abort steps. */
  #run() {
    const algorithms = this.#algorithms ?? [];
    this.#algorithms = null;
    for (const { callback } of algorithms) callback(this.#reason);
    if (hasListeners(this, "abort")) fire(this, new Event("abort"));
    this.#leave();
  }

  /** Follows its sources for as long as somebody has to be told. */
  #follow() {
    if (this.#sources === null) return;
    if (this.#at !== 0 || (!this.#algorithms?.size && !hasListeners(this, "abort"))) {
      for (const source of this.#sources) source.#followers?.delete(this);
    } else {
      for (const source of this.#sources) (source.#followers ??= new Set()).add(this);
    }
  }

  /** One for all: a function of its own would be a cycle, which the engine frees late. */
  static #listened = (signal) => signal.#follow();

  #leave() {
    this.#follow();
    this.#sources = null;
  }

  get aborted() {
    if (this.#at === 0 && this.#sources !== null) {
      const first = this.#sources.reduce((a, b) => (b.#at !== 0 && (a === null || b.#at < a.#at) ? b : a), null);
      if (first !== null) {
        this.#become(first.#at, first.#reason);
        this.#leave();
      }
    }
    return this.#at !== 0;
  }

  get reason() {
    return this.aborted ? this.#reason : undefined;
  }

  throwIfAborted() {
    if (this.aborted) throw this.#reason;
  }

  static abort(reason = new DOMException("This operation was aborted", "AbortError")) {
    const signal = new AbortSignal(INSIDE);
    abort(signal, reason);
    return signal;
  }

  static timeout(milliseconds) {
    needs(1, arguments, "AbortSignal.timeout");
    const delay = Math.trunc(+milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError("AbortSignal.timeout: this is no number of milliseconds");
    }
    const signal = new AbortSignal(INSIDE);
    const late = () => abort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    // What is longer than timers last is for ever.
    if (delay <= 0x7fffffff) setIdleTimeout(late, delay);
    return signal;
  }

  static any(signals) {
    needs(1, arguments, "AbortSignal.any");
    const given = [...signals];
    if (!given.every(isSignal)) throw new TypeError("AbortSignal.any: this is not an AbortSignal");
    const signal = new AbortSignal(INSIDE);
    const aborted = given.find((it) => it.aborted);
    if (aborted !== undefined) {
      signal.#become(aborted.#at, aborted.#reason);
      return signal;
    }
    signal.#sources = [...new Set(given.flatMap((it) => it.#sources ?? [it]))];
    signal.#made = made += 1;
    watchListeners(signal, AbortSignal.#listened);
    return signal;
  }
}
asInterface(AbortSignal);
handlers(AbortSignal, "abort");
for (const name of ["abort", "any", "timeout"]) Object.defineProperty(AbortSignal, name, { enumerable: true });

export class AbortController {
  #signal = new AbortSignal(INSIDE);

  get signal() {
    return this.#signal;
  }

  abort(reason = new DOMException("This operation was aborted", "AbortError")) {
    abort(this.#signal, reason);
  }
}
asInterface(AbortController);
