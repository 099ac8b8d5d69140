// Caches that a project's code uses by name. They are kept by the gateway, and all engines share them.

import { cacheDelete, cacheGet, cachePut } from "tollgate:caches";
import { kindOf, parse, stringify } from "tollgate:runtime-values";

const { Response, TextDecoder, TextEncoder } = globalThis;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function checkTtl(ttlSeconds) {
  if (typeof ttlSeconds !== "number" || !(ttlSeconds > 0)) {
    throw new TypeError(`put expects ttlSeconds to be a number above 0, and got ${kindOf(ttlSeconds)}`);
  }
}

/** A value and the moment when it ends (ms). */
function read(name, key) {
  const bytes = cacheGet(`zone:${name}`, String(key));
  return bytes === undefined ? undefined : parse(decoder.decode(bytes));
}

function write(name, key, value, ttlSeconds) {
  checkTtl(ttlSeconds);
  if (stringify(value) === undefined) throw new TypeError(`put expects what JSON can say, and got ${kindOf(value)}`);
  const entry = { value, ends: Date.now() + ttlSeconds * 1000 };
  cachePut(`zone:${name}`, String(key), encoder.encode(stringify(entry)), ttlSeconds);
  return entry;
}

/** A cache of JSON values. */
export class ZoneCache {
  #name;

  /** @param {string} name Equal names are one cache. The context is not needed. */
  constructor(name, _context) {
    this.#name = name;
  }

  async get(key) {
    return read(this.#name, key)?.value;
  }

  async put(key, data, ttlSeconds) {
    write(this.#name, key, data, ttlSeconds);
  }

  async delete(key) {
    cacheDelete(`zone:${this.#name}`, String(key));
  }
}

/** Entries in front of zones, by name: they outlive the request that put them. */
const memories = new Map();

/** A ZoneCache with a memory of this engine's own in front, which spares reading JSON. */
export class MemoryZoneReadThroughCache {
  #name;
  #memory;
  #maxSize;

  /** @param {{ maxSize?: number }} [options] How many entries the memory holds; 1,000 unless said. */
  constructor(name, _context, options) {
    this.#name = name;
    this.#maxSize = options?.maxSize ?? 1000;
    if (!memories.has(name)) memories.set(name, new Map());
    this.#memory = memories.get(name);
  }

  async get(key) {
    const name = String(key);
    let entry = this.#memory.get(name);
    if (entry === undefined || entry.ends <= Date.now()) {
      this.#memory.delete(name);
      entry = read(this.#name, name);
      if (entry === undefined) return undefined;
    }
    this.#remember(name, entry);
    return entry.value;
  }

  put(key, data, ttlSeconds) {
    this.#remember(String(key), write(this.#name, key, data, ttlSeconds));
  }

  async delete(key) {
    this.#memory.delete(String(key));
    cacheDelete(`zone:${this.#name}`, String(key));
  }

  /** The newest stands last; the first goes when there are too many. */
  #remember(name, entry) {
    this.#memory.delete(name);
    this.#memory.set(name, entry);
    while (this.#memory.size > this.#maxSize) this.#memory.delete(this.#memory.keys().next().value);
  }
}

/** A cache of bodies. */
export class StreamingZoneCache {
  #name;

  constructor(name, _contextOrOptions) {
    this.#name = name;
  }

  /** @returns {Promise<ReadableStream | undefined>} */
  async get(key) {
    const bytes = cacheGet(`stream:${this.#name}`, String(key));
    return bytes === undefined ? undefined : new Response(bytes).body;
  }

  /** Reads the stream to its end. */
  async put(key, stream, ttlSeconds) {
    checkTtl(ttlSeconds);
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    cachePut(`stream:${this.#name}`, String(key), bytes, ttlSeconds);
  }

  async delete(key) {
    cacheDelete(`stream:${this.#name}`, String(key));
  }
}
