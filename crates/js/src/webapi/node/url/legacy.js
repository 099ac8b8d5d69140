// `url.parse` and what it gives: older than the URL Standard, and different from it.

import { coded, needString } from "tollgate:node-errors";
import { parse as parseQuery, stringify as queryText } from "tollgate:node-querystring";

// Protocols that have no host, those that always have slashes, and what ends a host.
const HOSTLESS = new Set(["javascript:"]);
const SLASHED = new Set(["http:", "https:", "ftp:", "gopher:", "file:", "ws:", "wss:"]);
const HOST_ENDS = /[\t\n\r "#%'/;<>?\\^`{|}]/;
const ESCAPED = /[\t\n\r "'<>\\^`{|}]/g;

/** What `parse` gives. */
export class Url {
  protocol = null;
  slashes = null;
  auth = null;
  host = null;
  port = null;
  hostname = null;
  hash = null;
  search = null;
  query = null;
  pathname = null;
  path = null;
  href = null;

  format() {
    return format.call(this);
  }

  parse(text, parsesQuery, slashesDenoteHost) {
    return Object.assign(this, parse(text, parsesQuery, slashesDenoteHost));
  }
}

const invalid = (text) => Object.assign(coded(TypeError, "ERR_INVALID_URL", "Invalid URL"), { input: text });

// Backslashes are slashes, up to the query.
const straightened = (text) => {
  const [, before, query] = /^([^?#]*)(.*)$/s.exec(text.trim());
  return before.replaceAll("\\", "/") + query;
};

const readHost = (url, rest, text) => {
  // The last `@` before the path ends what comes before the host.
  const pathAt = rest.search(/[#/?]/);
  const authority = pathAt < 0 ? rest : rest.slice(0, pathAt);
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    url.auth = decodeURIComponent(authority.slice(0, at));
    rest = rest.slice(at + 1);
  }
  const end = rest.search(HOST_ENDS);
  let host = end < 0 ? rest : rest.slice(0, end);
  rest = end < 0 ? "" : rest.slice(end);
  const port = /:(\d*)$/.exec(host);
  if (port !== null) {
    if (port[1] !== "") url.port = port[1];
    host = host.slice(0, port.index);
  }
  let hostname = host;
  const isV6 = hostname.startsWith("[") && hostname.endsWith("]");
  if (!isV6) {
    const stray = /[^\w.\-+~!$&()*,=\u0080-\uffff]/.exec(hostname);
    if (stray !== null) {
      rest = `/${hostname.slice(stray.index)}${rest}`;
      hostname = hostname.slice(0, stray.index);
    }
  }
  hostname = hostname.length > 255 ? "" : hostname.toLowerCase();
  if (!isV6 && /[^\0-\x7f]/.test(hostname)) {
    const ascii = URL.parse(`http://${hostname}/`)?.hostname;
    if (ascii === undefined) throw invalid(text);
    hostname = ascii;
  }
  url.host = `${hostname}${url.port === null ? "" : `:${url.port}`}`;
  url.hostname = isV6 ? hostname.slice(1, -1) : hostname;
  return isV6 && !rest.startsWith("/") && rest !== "" && !/^[?#]/.test(rest) ? `/${rest}` : rest;
};

/** The parts of a URL, which may be a part itself. */
export function parse(text, parsesQuery = false, slashesDenoteHost = false) {
  if (text instanceof Url) return text;
  needString(text, "url");
  const url = new Url();
  let rest = straightened(text);
  const protocol = /^[a-z0-9.+-]+:/i.exec(rest)?.[0];
  const lower = protocol?.toLowerCase();
  if (protocol !== undefined) {
    url.protocol = lower;
    rest = rest.slice(protocol.length);
  }
  let slashes = false;
  if (slashesDenoteHost || protocol !== undefined || /^\/\/[^@/]+@[^@/]+/.test(rest)) {
    slashes = rest.startsWith("//");
    if (slashes && !HOSTLESS.has(lower)) {
      rest = rest.slice(2);
      url.slashes = true;
    }
  }
  if (!HOSTLESS.has(lower) && (slashes || (protocol !== undefined && !SLASHED.has(lower)))) {
    rest = readHost(url, rest, text);
  }
  // A plain path is left as it is.
  const isPlain = !slashesDenoteHost && /^\/\/?(?!\/)[^?#@\s]*(?:\?[^#@\s]*)?$/.test(straightened(text));
  if (!isPlain && !HOSTLESS.has(lower)) rest = rest.replace(ESCAPED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
  const [, pathname, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest);
  if (hash !== undefined) url.hash = hash;
  if (search !== undefined) {
    url.search = search;
    url.query = search.slice(1);
  }
  if (parsesQuery) {
    url.query = parseQuery(url.query ?? "");
  }
  if (pathname !== "") url.pathname = pathname;
  if (SLASHED.has(lower) && url.hostname && url.pathname === null) url.pathname = "/";
  if (url.pathname !== null || url.search) url.path = `${url.pathname ?? ""}${url.search ?? ""}`;
  url.href = url.format();
  return url;
}

const escapedAuth = (auth) => encodeURIComponent(auth).replace(/%3A/i, ":");

/** The text of an object with the members of `Url`. */
export function format() {
  const auth = this.auth ? `${escapedAuth(this.auth)}@` : "";
  let protocol = this.protocol || "";
  let pathname = this.pathname || "";
  let hash = this.hash || "";
  let host = "";
  if (this.host) {
    host = auth + this.host;
  } else if (this.hostname) {
    const isV6 = this.hostname.includes(":") && !this.hostname.startsWith("[");
    host = `${auth}${isV6 ? `[${this.hostname}]` : this.hostname}${this.port ? `:${this.port}` : ""}`;
  }
  const query = this.query !== null && typeof this.query === "object" ? queryText(this.query) : "";
  let search = this.search || (query === "" ? "" : `?${query}`);
  if (protocol !== "" && !protocol.endsWith(":")) protocol += ":";
  pathname = pathname.replace(/[?#]/g, encodeURIComponent);
  if (this.slashes || SLASHED.has(protocol)) {
    if (this.slashes || host !== "") {
      if (pathname !== "" && !pathname.startsWith("/")) pathname = `/${pathname}`;
      host = `//${host}`;
    } else if (protocol === "file:") {
      host = "//";
    }
  }
  search = search.replaceAll("#", "%23");
  if (hash !== "" && !hash.startsWith("#")) hash = `#${hash}`;
  if (search !== "" && !search.startsWith("?")) search = `?${search}`;
  return `${protocol}${host}${pathname}${search}${hash}`;
}
