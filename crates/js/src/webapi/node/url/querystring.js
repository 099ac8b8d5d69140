// `node:querystring`: older than `URLSearchParams`, and different from it.

// Bytes of a text with escapes, those that are none left as they are.
export const unescapeBuffer = (text) => {
  const whole = /^%[0-9a-f]{2}$/i;
  const bytes = [];
  const encoded = new TextEncoder().encode(text);
  const character = (at) => String.fromCharCode(...encoded.subarray(at, at + 3));
  for (let at = 0; at < encoded.length; at++) {
    const isEscape = encoded[at] === 0x25 && whole.test(character(at));
    bytes.push(isEscape ? Number.parseInt(character(at + 1).slice(0, 2), 16) : encoded[at]);
    if (isEscape) at += 2;
  }
  return globalThis.Buffer.from(bytes);
};

/** What escapes stand for; what is no UTF-8 becomes U+FFFD. */
export function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return unescapeBuffer(`${text}`).toString();
  }
}

/** A text with escapes for all that has a meaning in a query. */
export function escape(text) {
  return encodeURIComponent(typeof text === "string" ? text : typeof text === "object" ? String(text) : `${text}`);
}

const primitive = (value) => {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "";
  return typeof value === "bigint" || typeof value === "boolean" ? `${value}` : "";
};

/** The query of an object's members. */
export function stringify(values, separator = "&", equals = "=", options = undefined) {
  if (typeof values !== "object" || values === null) return "";
  const write = typeof options?.encodeURIComponent === "function" ? options.encodeURIComponent : querystring.escape;
  const [between, is] = [separator || "&", equals || "="];
  const pairs = [];
  for (const key of Object.keys(values)) {
    const name = write(primitive(key));
    const value = values[key];
    for (const one of Array.isArray(value) ? value : [value]) pairs.push(`${name}${is}${write(primitive(one))}`);
  }
  return pairs.join(between);
}

/** The members of a query: a text, or a list where a name comes more than once. */
export function parse(query, separator = "&", equals = "=", options = undefined) {
  const values = { __proto__: null };
  if (typeof query !== "string" || query === "") return values;
  const most = typeof options?.maxKeys === "number" ? options.maxKeys : 1000;
  const custom = typeof options?.decodeURIComponent === "function" ? options.decodeURIComponent : undefined;
  const read = (text) => {
    const spaced = text.replaceAll("+", custom === undefined ? " " : "%20");
    if (custom === undefined) return querystring.unescape(spaced);
    try {
      return custom(spaced);
    } catch {
      return querystring.unescape(spaced);
    }
  };
  let pairs = query.split(`${separator || "&"}`);
  const is = `${equals || "="}`;
  if (most > 0) pairs = pairs.slice(0, most);
  for (const pair of pairs) {
    if (pair === "") continue;
    const at = pair.indexOf(is);
    const key = read(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? "" : read(pair.slice(at + is.length));
    if (!(key in values)) values[key] = value;
    else if (Array.isArray(values[key])) values[key].push(value);
    else values[key] = [values[key], value];
  }
  return values;
}

export const decode = parse;
export const encode = stringify;

// Who replaces `escape` or `unescape` here means to be heard.
const querystring = { decode, encode, escape, parse, stringify, unescape, unescapeBuffer };
export default querystring;
