// How long an answer may be kept (RFC 9111 §4.2).

/** Seconds that an answer is kept which says nothing about it. */
const UNSAID = 7200;

/** Directives of `cache-control`: names in lower case, with their values or `true`. */
function directivesOf(value) {
  const directives = new Map();
  for (const [, name, quoted, token] of (value ?? "").matchAll(/([^\s,;=]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;]*)))?/g)) {
    directives.set(name.toLowerCase(), quoted ?? token ?? true);
  }
  return directives;
}

/** A number of seconds; what cannot be read is none (RFC 9111 §4.2.1). */
const seconds = (value) => (/^\d+$/.test(value) ? Number(value) : 0);

/** Seconds that an answer may be kept: none where it must not be kept, or must be asked for again at once. */
function lifetimeOf(headers) {
  const directives = directivesOf(headers.get("cache-control"));
  if (["no-store", "no-cache", "private"].some((name) => directives.has(name))) return 0;
  const age = seconds(headers.get("age") ?? "0");
  for (const name of ["s-maxage", "max-age"]) {
    if (directives.has(name)) return seconds(directives.get(name)) - age;
  }
  const expires = headers.get("expires");
  if (expires === null) return UNSAID;
  const sent = Date.parse(headers.get("date") ?? "");
  return (Date.parse(expires) - (Number.isNaN(sent) ? Date.now() : sent)) / 1000 - age || 0;
}
