// Caches that code uses by name. The gateway keeps them: all of its threads share them.

declare module "@tollgate/runtime" {
  /**
   * A cache of values that JSON can say.
   *
   * @example
   * ```ts
   * const plans = new ZoneCache<Plan>("plans", context);
   * let plan = await plans.get(tenant);
   * if (plan === undefined) {
   *   plan = await load(tenant);
   *   context.waitUntil(plans.put(tenant, plan, 60));
   * }
   * ```
   */
  export class ZoneCache<T = any> {
    /** @param name - Equal names are one cache. */
    constructor(name: string, context?: ZuploContext);

    /** What was put there, unless its time is over or there was no room. */
    get(key: string): Promise<T | undefined>;
    /** Keeps a value for so many seconds at most. */
    put(key: string, data: T, ttlSeconds: number): Promise<void>;
    /** Forgets a value. */
    delete(key: string): Promise<void>;
  }

  /** How much a {@link MemoryZoneReadThroughCache} remembers. */
  export interface MemoryZoneReadThroughCacheOptions {
    /**
     * How many entries are kept in front of the cache; the oldest goes first.
     * @defaultValue `1000`
     */
    maxSize?: number;
  }

  /** A {@link ZoneCache} with a memory of the thread's own in front, which spares reading JSON. */
  export class MemoryZoneReadThroughCache<T = any> {
    /** @param name - Equal names are one cache. */
    constructor(name: string, context?: ZuploContext, options?: MemoryZoneReadThroughCacheOptions);

    /** What was put there, unless its time is over or there was no room. */
    get(key: string): Promise<T | undefined>;
    /** Keeps a value for so many seconds at most. There is nothing to wait for. */
    put(key: string, data: T, ttlSeconds: number): void;
    /** Forgets a value. */
    delete(key: string): Promise<void>;
  }

  /** A cache of bodies. */
  export class StreamingZoneCache {
    /** @param name - Equal names are one cache. */
    constructor(name: string, contextOrOptions?: ZuploContext | object);

    /** A stream of what was put there, unless its time is over or there was no room. */
    get(key: string): Promise<ReadableStream<Uint8Array> | undefined>;
    /** Reads a stream to its end and keeps what it gave for so many seconds at most. */
    put(key: string, stream: ReadableStream, ttlSeconds: number): Promise<void>;
    /** Forgets a body. */
    delete(key: string): Promise<void>;
  }
}
