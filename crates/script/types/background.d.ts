// Work that no request waits for. Both classes belong into a module's own variables: they outlive requests.

declare module "@tollgate/runtime" {
  /** How a {@link BackgroundDispatcher} collects. */
  export interface BackgroundDispatcherOptions {
    /** For how many milliseconds entries are collected before they are handed over. */
    msDelay: number;
    /**
     * What errors in the log call it.
     * @defaultValue `"dispatcher"`
     */
    name?: string;
    /** How many entries are handed over at once; all that wait, unless given. */
    maxBatchSize?: number;
    /**
     * How many entries may wait; what comes on top is dropped.
     * @defaultValue `10000`
     */
    maxQueueSize?: number;
  }

  /**
   * Collects entries of many requests, and hands them over together.
   *
   * @example
   * ```ts
   * const events = new BackgroundDispatcher<Event>(
   *   async (batch) => {
   *     await fetch(url, { method: "POST", body: JSON.stringify(batch) });
   *   },
   *   { msDelay: 1000, name: "events" },
   * );
   * ```
   */
  export class BackgroundDispatcher<T = any> {
    /** @param dispatch - Takes a batch; what it throws costs that batch, and is logged. */
    constructor(dispatch: (entries: T[]) => void | Promise<void>, options: BackgroundDispatcherOptions);

    /** How many entries were dropped because too many waited. */
    readonly totalDropped: number;

    /** Adds an entry, and returns at once. */
    enqueue(entry: T, context?: ZuploContext): void;
    /** Hands over what waits, now; rejects with a {@link BackgroundDispatchError} where a batch failed. */
    flush(): Promise<void>;
  }

  /** Entries were lost: the function of a {@link BackgroundDispatcher} failed. `cause` is what it threw. */
  export class BackgroundDispatchError extends Error {
    /**
     * @param message - What went wrong.
     * @param options - `cause`: what was thrown before.
     */
    constructor(message?: string, options?: ErrorOptions);
  }

  /** How long a {@link BackgroundLoader} relies on a value. */
  export interface BackgroundLoaderOptions {
    /** After so many seconds a value is still given, while a new one is loaded. */
    ttlSeconds: number;
    /**
     * After so many seconds loading counts as failed.
     * @defaultValue `30`
     */
    loaderTimeoutSeconds?: number;
  }

  /**
   * Loads values by key: once for all who ask at the same time, and again behind the backs of those who come
   * later.
   */
  export class BackgroundLoader<T = any> {
    /** @param options - A number means `ttlSeconds`. */
    constructor(load: (key: string) => T | Promise<T>, options: BackgroundLoaderOptions | number);

    /** The value; waits only where there is none yet. */
    get(key: string): Promise<T>;
  }
}
