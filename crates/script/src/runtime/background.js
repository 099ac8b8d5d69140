// Work that no request waits for: batches, and values that are loaded ahead.

import { host } from "tollgate:runtime-host";
import { write } from "tollgate:runtime-logger";
import { kindOf } from "tollgate:runtime-values";

const { Promise, clearTimeout, setTimeout } = globalThis;

/** A batch that the dispatcher's function did not take. */
export class BackgroundDispatchError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "BackgroundDispatchError";
  }
}

/** Runs work in a task of its own, so that it does not end with the request that began it. */
function inBackground(work) {
  return new Promise((resolve, reject) => {
    host.background(() => Promise.resolve().then(work).then(resolve, reject));
  });
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Collects entries of many requests, and hands them over together. */
export class BackgroundDispatcher {
  #dispatch;
  #options;
  #queue = [];
  #scheduled = false;
  #dropped = 0;

  /**
   * @param {(entries: unknown[]) => Promise<void>} dispatch
   * @param {{ msDelay: number, name?: string, maxBatchSize?: number, maxQueueSize?: number }} options
   *   How long entries are collected; how many are handed over at once (all, unless said); how many
   *   may wait (10,000 unless said).
   */
  constructor(dispatch, options) {
    if (typeof dispatch !== "function") throw new TypeError(`BackgroundDispatcher expects a function, and got ${kindOf(dispatch)}`);
    if (!(options?.msDelay >= 0)) throw new TypeError("BackgroundDispatcher expects msDelay to be a number of milliseconds");
    this.#dispatch = dispatch;
    this.#options = { name: "dispatcher", maxBatchSize: Infinity, maxQueueSize: 10_000, ...options };
  }

  /** How many entries were dropped because too many waited. */
  get totalDropped() {
    return this.#dropped;
  }

  enqueue(entry, _context) {
    if (this.#queue.length >= this.#options.maxQueueSize) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(entry);
    if (this.#scheduled) return;
    this.#scheduled = true;
    host.background(async () => {
      await sleep(this.#options.msDelay);
      this.#scheduled = false;
      await this.flush().catch((error) => write(undefined, "error", [error]));
    });
  }

  /** Hands over what waits, now. Rejects with a BackgroundDispatchError where a batch failed; the rest goes on. */
  async flush() {
    let failed;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#options.maxBatchSize);
      try {
        await this.#dispatch(batch);
      } catch (cause) {
        const what = `${this.#options.name}: ${batch.length} entries were lost: ${cause?.message ?? cause}`;
        failed ??= new BackgroundDispatchError(what, { cause });
      }
    }
    if (failed !== undefined) throw failed;
  }
}

/** Loads values by key once for all who ask, and loads them again behind the backs of those who come later. */
export class BackgroundLoader {
  #load;
  #ttl;
  #timeout;
  #entries = new Map();

  /**
   * @param {(key: string) => Promise<unknown>} load
   * @param {number | { ttlSeconds: number, loaderTimeoutSeconds?: number }} options After its time a value
   *   is still given, while a new one is loaded. A load may take 30 s unless said.
   */
  constructor(load, options) {
    const { ttlSeconds, loaderTimeoutSeconds = 30 } = typeof options === "number" ? { ttlSeconds: options } : (options ?? {});
    if (typeof load !== "function") throw new TypeError(`BackgroundLoader expects a function, and got ${kindOf(load)}`);
    if (!(ttlSeconds >= 0)) throw new TypeError("BackgroundLoader expects ttlSeconds to be a number");
    this.#load = load;
    this.#ttl = ttlSeconds * 1000;
    this.#timeout = loaderTimeoutSeconds * 1000;
  }

  async get(key) {
    const entry = this.#entries.get(key) ?? {};
    if (entry.loaded && entry.ends > Date.now()) return entry.value;
    this.#entries.set(key, entry);
    if (entry.loading === undefined) {
      entry.loading = this.#refresh(key, entry);
      if (entry.loaded) entry.loading.catch((error) => write(undefined, "error", ["BackgroundLoader:", error]));
    }
    // Many calls may wait: each goes on in its own time, and not in that of the background.
    return entry.loaded ? entry.value : host.own(entry.loading);
  }

  async #refresh(key, entry) {
    try {
      entry.value = await inBackground(() => this.#within(key));
      entry.loaded = true;
      entry.ends = Date.now() + this.#ttl;
      return entry.value;
    } catch (error) {
      if (!entry.loaded) this.#entries.delete(key);
      throw error;
    } finally {
      entry.loading = undefined;
    }
  }

  async #within(key) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`loading took longer than ${this.#timeout} ms`)), this.#timeout);
    });
    try {
      return await Promise.race([this.#load(key), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
