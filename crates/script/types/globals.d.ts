/// <reference lib="webworker.iterable" />
/// <reference lib="webworker.asynciterable" />

// What scripts have beyond the compiler's library "WebWorker".

interface CacheStorage {
  /** A cache that is there without being opened. */
  readonly default: Cache;
}

/** The parts of a URL that a `URLPattern` is made of, or is matched against. */
interface URLPatternInit {
  /** The scheme. */
  protocol?: string;
  /** The user. */
  username?: string;
  /** The user's password. */
  password?: string;
  /** The host. */
  hostname?: string;
  /** The port. */
  port?: string;
  /** The path. */
  pathname?: string;
  /** The query. */
  search?: string;
  /** The fragment. */
  hash?: string;
  /** The URL that the parts which are absent come from. */
  baseURL?: string;
}

/** How a `URLPattern` reads. */
interface URLPatternOptions {
  /** Whether `a` matches `A` in paths, queries and fragments. */
  ignoreCase?: boolean;
}

/** What matched one part of a URL. */
interface URLPatternComponentResult {
  /** That part. */
  input: string;
  /** What each group matched, by name, or by number from 0. */
  groups: Record<string, string | undefined>;
}

/** What matched. */
interface URLPatternResult {
  /** What was matched, as it was given. */
  inputs: (string | URLPatternInit)[];
  /** The scheme. */
  protocol: URLPatternComponentResult;
  /** The user. */
  username: URLPatternComponentResult;
  /** The user's password. */
  password: URLPatternComponentResult;
  /** The host. */
  hostname: URLPatternComponentResult;
  /** The port. */
  port: URLPatternComponentResult;
  /** The path. */
  pathname: URLPatternComponentResult;
  /** The query. */
  search: URLPatternComponentResult;
  /** The fragment. */
  hash: URLPatternComponentResult;
}

/**
 * Matches URLs (URL Pattern Standard).
 *
 * @example
 * ```ts
 * const book = new URLPattern({ pathname: "/books/:id" });
 * book.exec(request.url)?.pathname.groups.id;
 * ```
 */
interface URLPattern {
  /** The scheme: its pattern. */
  readonly protocol: string;
  /** The user: its pattern. */
  readonly username: string;
  /** The user's password: its pattern. */
  readonly password: string;
  /** The host: its pattern. */
  readonly hostname: string;
  /** The port: its pattern. */
  readonly port: string;
  /** The path: its pattern. */
  readonly pathname: string;
  /** The query: its pattern. */
  readonly search: string;
  /** The fragment: its pattern. */
  readonly hash: string;
  /** Whether one of the parts has a regular expression of the author's own. */
  readonly hasRegExpGroups: boolean;
  /** Whether a URL matches. */
  test(input?: string | URLPatternInit, baseURL?: string | URL): boolean;
  /** What matched, or `null`. */
  exec(input?: string | URLPatternInit, baseURL?: string | URL): URLPatternResult | null;
}

/** Makes a `URLPattern`: of its parts, or of a text such as `https://*.example.com/books/:id`. */
declare var URLPattern: {
  /** What all patterns have. */
  prototype: URLPattern;
  new (input: string | URLPatternInit, baseURL: string | URL, options?: URLPatternOptions): URLPattern;
  new (input?: string | URLPatternInit, options?: URLPatternOptions): URLPattern;
};
