/// <reference lib="webworker.iterable" />
/// <reference lib="webworker.asynciterable" />

// What scripts have beyond the compiler's library "WebWorker".

/** The parts of a URL that a `URLPattern` is made of, or is matched against. */
interface URLPatternInit {
  protocol?: string;
  username?: string;
  password?: string;
  hostname?: string;
  port?: string;
  pathname?: string;
  search?: string;
  hash?: string;
  baseURL?: string;
}

/** How a `URLPattern` reads. */
interface URLPatternOptions {
  /** Whether `a` matches `A` in paths, queries and fragments. */
  ignoreCase?: boolean;
}

/** What matched one part of a URL. */
interface URLPatternComponentResult {
  input: string;
  /** What each group matched, by name, or by number from 0. */
  groups: Record<string, string | undefined>;
}

/** What matched. */
interface URLPatternResult {
  inputs: (string | URLPatternInit)[];
  protocol: URLPatternComponentResult;
  username: URLPatternComponentResult;
  password: URLPatternComponentResult;
  hostname: URLPatternComponentResult;
  port: URLPatternComponentResult;
  pathname: URLPatternComponentResult;
  search: URLPatternComponentResult;
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
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  /** Whether one of the parts has a regular expression of the author's own. */
  readonly hasRegExpGroups: boolean;
  /** Whether a URL matches. */
  test(input?: string | URLPatternInit, baseURL?: string | URL): boolean;
  /** What matched, or `null`. */
  exec(input?: string | URLPatternInit, baseURL?: string | URL): URLPatternResult | null;
}

declare var URLPattern: {
  prototype: URLPattern;
  new (input: string | URLPatternInit, baseURL: string | URL, options?: URLPatternOptions): URLPattern;
  new (input?: string | URLPatternInit, options?: URLPatternOptions): URLPattern;
};
