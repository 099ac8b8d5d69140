// Caches, and work that no request waits for.

declare module "@tollgate/runtime" {
  /** A cache of JSON values, shared by everything that names it. */
  export class ZoneCache<T = any> {
    /** @param name - Equal names are one cache. */
    constructor(name: string, context?: ZuploContext);
    /** What was put there, unless its time is over. */
    get(key: string): Promise<T | undefined>;
    /** Keeps a value for so many seconds. */
    put(key: string, data: T, ttlSeconds: number): Promise<void>;
    /** Forgets it. */
    delete(key: string): Promise<void>;
  }

  /** A ZoneCache with a memory in front, which spares reading JSON. */
  export class MemoryZoneReadThroughCache<T = any> {
    /** @param options - How many entries the memory holds. */
    constructor(name: string, context?: ZuploContext, options?: { maxSize?: number });
    /** What was put there, unless its time is over. */
    get(key: string): Promise<T | undefined>;
    /** Keeps a value for so many seconds. */
    put(key: string, data: T, ttlSeconds: number): void;
    /** Forgets it. */
    delete(key: string): Promise<void>;
  }

  /** A cache of bodies. */
  export class StreamingZoneCache {
    /** @param name - Equal names are one cache. */
    constructor(name: string, contextOrOptions?: ZuploContext | Record<string, unknown>);
    /** The body that was put there, unless its time is over. */
    get(key: string): Promise<ReadableStream<Uint8Array> | undefined>;
    /** Reads a body to its end, and keeps it for so many seconds. */
    put(key: string, stream: ReadableStream, ttlSeconds: number): Promise<void>;
    /** Forgets it. */
    delete(key: string): Promise<void>;
  }

  /** A batch that the function of a BackgroundDispatcher did not take. */
  export class BackgroundDispatchError extends Error {}

  /** How a BackgroundDispatcher collects. */
  export interface BackgroundDispatcherOptions {
    /** How long entries are collected, in milliseconds. */
    msDelay: number;
    /** What it is called in the log. */
    name?: string;
    /** How many entries are handed over at once; all, unless said. */
    maxBatchSize?: number;
    /** How many may wait; 10,000 unless said. Further ones are dropped. */
    maxQueueSize?: number;
  }

  /** Collects entries of many requests, and hands them over together. Make it once, outside of functions. */
  export class BackgroundDispatcher<T = any> {
    /** @param dispatch - Takes a batch. */
    constructor(dispatch: (entries: T[]) => Promise<void>, options: BackgroundDispatcherOptions);
    /** Adds an entry. */
    enqueue(entry: T, context?: ZuploContext): void;
    /** Hands over what waits, now. */
    flush(): Promise<void>;
    /** How many entries were dropped. */
    readonly totalDropped: number;
  }

  /** How a BackgroundLoader keeps values. */
  export interface BackgroundLoaderOptions {
    /** How long a value is fresh. Later it is still given, while a new one is loaded. */
    ttlSeconds: number;
    /** How long loading may take; 30 s unless said. */
    loaderTimeoutSeconds?: number;
  }

  /** Loads values once for all who ask. Make it once, outside of functions. */
  export class BackgroundLoader<T = any> {
    /** @param loader - Loads the value of a key. @param options - Or the seconds for which one is fresh. */
    constructor(loader: (key: string) => Promise<T>, options: BackgroundLoaderOptions | number);
    /** The value of a key. */
    get(key: string): Promise<T>;
  }
}
