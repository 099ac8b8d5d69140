// `node:url`: the Web's classes, and what was there before them.

import { domainToASCII, fileURLToPath, pathToFileURL } from "tollgate:node-url-files";
import { Url, parse, format as formatLegacy } from "tollgate:node-url-legacy";
import { needString, wrongType } from "tollgate:node-errors";

export { Url, domainToASCII, fileURLToPath, parse, pathToFileURL };
export const { URL, URLSearchParams } = globalThis;

/** A URL, or what `parse` made of one, as text. */
export function format(value, options = undefined) {
  if (value instanceof URL) return formatURL(value, options);
  if (typeof value === "string") return parse(value).format();
  if (typeof value !== "object" || value === null) throw wrongType("urlObject", "one of type object or string", value);
  return formatLegacy.call(value);
}

const formatURL = (value, { fragment = true, search = true, auth = true } = {}) => {
  const url = new URL(value.href);
  if (!fragment) url.hash = "";
  if (!search) url.search = "";
  if (!auth) url.username = url.password = "";
  return url.href;
};

/** What a reference means, seen from some place. */
export function resolve(from, to) {
  needString(from, "from");
  needString(to, "to");
  const resolved = new URL(to, new URL(from, "resolve://"));
  const { protocol, pathname, search, hash } = resolved;
  if (protocol !== "resolve:") return resolved.href;
  const isRelative = !/^[/\\]/.test(from) && !/^[/\\]/.test(to);
  return `${isRelative ? pathname.slice(1) : pathname}${search}${hash}`;
}

export const resolveObject = (from, to) => parse(resolve(format(from), to));

/** What `http.request` would take. */
export function urlToHttpOptions(url) {
  const { protocol, hostname, hash, search, pathname, href, port, username, password } = url;
  return {
    __proto__: null,
    ...url,
    protocol,
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    hash,
    search,
    pathname,
    path: `${pathname}${search}`,
    href,
    ...(port === "" ? {} : { port: Number(port) }),
    ...(username || password ? { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` } : {}),
  };
}

export default {
  URL,
  URLSearchParams,
  Url,
  domainToASCII,
  fileURLToPath,
  format,
  parse,
  pathToFileURL,
  resolve,
  resolveObject,
  urlToHttpOptions,
};
