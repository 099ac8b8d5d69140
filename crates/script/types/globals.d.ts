/// <reference lib="webworker.iterable" />
/// <reference lib="webworker.asynciterable" />

// What scripts have beyond the compiler's library "WebWorker".

interface CacheStorage {
  /** A cache that is there without being opened. */
  readonly default: Cache;
}

/** Calls back once, as soon as what waits already has had its turn. */
declare function setImmediate<A extends unknown[]>(callback: (...values: A) => void, ...values: A): number;

/** Unsets what `setImmediate` has set. */
declare function clearImmediate(id: number | undefined): void;

/** The parts of a URL that a `URLPattern` is made of, or is matched against. */
interface URLPatternInit {
  /** Its scheme, without the colon. */
  protocol?: string;
  /** Its user. */
  username?: string;
  /** Its user's password. */
  password?: string;
  /** Its host. */
  hostname?: string;
  /** Its port. */
  port?: string;
  /** Its path. */
  pathname?: string;
  /** Its query, without the question mark. */
  search?: string;
  /** Its fragment, without the hash sign. */
  hash?: string;
  /** What the parts that are not named are taken from. */
  baseURL?: string;
}

/** How a `URLPattern` reads. */
interface URLPatternOptions {
  /** Whether `a` matches `A` in paths, queries and fragments. */
  ignoreCase?: boolean;
}

/** What matched one part of a URL. */
interface URLPatternComponentResult {
  /** What was given. */
  input: string;
  /** What each group matched, by name, or by number from 0. */
  groups: Record<string, string | undefined>;
}

/** What matched. */
interface URLPatternResult {
  /** What was given. */
  inputs: (string | URLPatternInit)[];
  /** What matched the protocol. */
  protocol: URLPatternComponentResult;
  /** What matched the username. */
  username: URLPatternComponentResult;
  /** What matched the password. */
  password: URLPatternComponentResult;
  /** What matched the hostname. */
  hostname: URLPatternComponentResult;
  /** What matched the port. */
  port: URLPatternComponentResult;
  /** What matched the pathname. */
  pathname: URLPatternComponentResult;
  /** What matched the search. */
  search: URLPatternComponentResult;
  /** What matched the hash. */
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
  /** The pattern of the protocol. */
  readonly protocol: string;
  /** The pattern of the username. */
  readonly username: string;
  /** The pattern of the password. */
  readonly password: string;
  /** The pattern of the hostname. */
  readonly hostname: string;
  /** The pattern of the port. */
  readonly port: string;
  /** The pattern of the pathname. */
  readonly pathname: string;
  /** The pattern of the search. */
  readonly search: string;
  /** The pattern of the hash. */
  readonly hash: string;
  /** Whether one of the parts has a regular expression of the author's own. */
  readonly hasRegExpGroups: boolean;
  /** Whether a URL matches. */
  test(input?: string | URLPatternInit, baseURL?: string | URL): boolean;
  /** What matched, or `null`. */
  exec(input?: string | URLPatternInit, baseURL?: string | URL): URLPatternResult | null;
}

declare var URLPattern: {
  /** What all of them share. */
  prototype: URLPattern;
  /** Makes a pattern of a text with a base, and says how it reads. */
  new (input: string | URLPatternInit, baseURL: string | URL, options?: URLPatternOptions): URLPattern;
  /** Makes a pattern of a text or of parts. */
  new (input?: string | URLPatternInit, options?: URLPatternOptions): URLPattern;
};
