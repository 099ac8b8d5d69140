// `util.inspect`: values as text that people read.

import * as types from "tollgate:node-types";

const { promise: promiseOutcome, proxy: behindProxy } = import.meta.native;
const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, hasOwn, keys } = Object;
const { isArray } = Array;
const { floor, max, min, round, sqrt } = Math;
const propertyIsEnumerable = Function.prototype.call.bind(Object.prototype.propertyIsEnumerable);

const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

const DEFAULTS = {
  showHidden: false,
  depth: 2,
  colors: false,
  customInspect: true,
  showProxy: false,
  maxArrayLength: 100,
  maxStringLength: 10000,
  breakLength: 80,
  compact: 3,
  sorted: false,
  getters: false,
  numericSeparator: false,
};

const COLORS = {
  __proto__: null,
  reset: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  underline: [4, 24],
  inverse: [7, 27],
  black: [30, 39],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  white: [37, 39],
  gray: [90, 39],
  grey: [90, 39],
};

const STYLES = {
  __proto__: null,
  special: "cyan",
  number: "yellow",
  bigint: "yellow",
  boolean: "yellow",
  undefined: "grey",
  null: "bold",
  string: "green",
  symbol: "green",
  date: "magenta",
  regexp: "red",
  module: "underline",
};

const colored = (text, style) => {
  const color = COLORS[STYLES[style]];
  return color === undefined ? text : `\x1b[${color[0]}m${text}\x1b[${color[1]}m`;
};
const plain = (text) => text;

// Text.

const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\" };
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (character) => {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0").toUpperCase()}`;
};

// In quotes that it has none of, where there are any.
const quoted = (text) => {
  const quote = ["'", '"', "`"].find((mark) => !text.includes(mark) && (mark !== "`" || !text.includes("${"))) ?? "'";
  const inner = text.replace(UNPRINTABLE, escaped);
  return `${quote}${quote === "'" ? inner.replaceAll("'", "\\'") : inner}${quote}`;
};

const withSeparators = (text) => {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(\..*)?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, "_");
  return `${sign}${groups}${fraction.replace(/(\d{3})(?=\d)/g, "$1_")}`;
};

const numberText = (value, separators) => {
  if (Object.is(value, -0)) return "-0";
  return separators ? withSeparators(`${value}`) : `${value}`;
};

const showString = (ctx, text) => {
  let trailer = "";
  if (text.length > ctx.maxStringLength) {
    const more = text.length - ctx.maxStringLength;
    text = text.slice(0, ctx.maxStringLength);
    trailer = `... ${more} more character${more > 1 ? "s" : ""}`;
  }
  if (ctx.compact !== true && text.length > 16 && text.length > ctx.breakLength - ctx.indentation - 4) {
    const lines = text.split(/(?<=\n)/).map((line) => ctx.stylize(quoted(line), "string"));
    return lines.join(` +\n${" ".repeat(ctx.indentation + 2)}`) + trailer;
  }
  return ctx.stylize(quoted(text), "string") + trailer;
};

const showPrimitive = (ctx, value) => {
  switch (typeof value) {
    case "string":
      return showString(ctx, value);
    case "number":
      return ctx.stylize(numberText(value, ctx.numericSeparator), "number");
    case "bigint":
      return ctx.stylize(`${ctx.numericSeparator ? withSeparators(`${value}`) : value}n`, "bigint");
    case "symbol":
      return ctx.stylize(symbolText(value), "symbol");
    case "object":
      return ctx.stylize("null", "null");
    default:
      return ctx.stylize(`${value}`, typeof value);
  }
};

const symbolText = (symbol) => Symbol.prototype.toString.call(symbol).replace(UNPRINTABLE, escaped);

// Names.

const constructorName = (value) => {
  for (let at = value; at !== null && at !== undefined; at = getPrototypeOf(at)) {
    const constructor = getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof constructor === "function" && constructor.name !== "" && isInstance(value, constructor)) {
      return `${constructor.name}`;
    }
    // The context of promises gives them their constructor by a getter.
    if (at === Promise.prototype) return "Promise";
  }
  return null;
};

const isInstance = (value, constructor) => {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
};

const tagOf = (ctx, value, constructor) => {
  const tag = value[Symbol.toStringTag];
  if (typeof tag !== "string" || tag === "" || tag === constructor) return "";
  // An own property is shown among the properties.
  const shown = ctx.showHidden ? hasOwn : propertyIsEnumerable;
  return hasOwn(value, Symbol.toStringTag) && shown(value, Symbol.toStringTag) ? "" : tag;
};

const prefixOf = (constructor, tag, otherwise, size = "") => {
  const name = constructor === null ? `[${otherwise}${size}: null prototype]` : `${constructor}${size}`;
  return tag !== "" && constructor !== tag && (constructor !== null || otherwise !== tag)
    ? `${name} [${tag}] `
    : `${name} `;
};

const keysOf = (ctx, value, withIndices = true) => {
  const isIndex = (key) => /^(0|[1-9]\d*)$/.test(key) && +key < 4294967295;
  let names;
  try {
    names = ctx.showHidden ? getOwnPropertyNames(value) : keys(value);
  } catch {
    // A module that is not there yet has members that cannot be read.
    names = getOwnPropertyNames(value);
  }
  if (!withIndices) names = names.filter((key) => !isIndex(key));
  const symbols = getOwnPropertySymbols(value);
  return [...names, ...(ctx.showHidden ? symbols : symbols.filter((key) => propertyIsEnumerable(value, key)))];
};

// Values.

const show = (ctx, value, depth, isMember = false) => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return showPrimitive(ctx, value);
  const original = value;
  const behind = behindProxy(value);
  if (behind !== null && behind !== undefined) {
    if (ctx.showProxy) return showProxy(ctx, behind, depth);
    value = behind[0];
    if (types.isProxy(value)) return show(ctx, value, depth, isMember);
  } else if (typeof value !== "function" && types.isProxy(value)) {
    return ctx.stylize("<Revoked Proxy>", "special");
  }
  if (ctx.customInspect) {
    const custom = value[CUSTOM];
    const isPrototype = value.constructor?.prototype === value && typeof value !== "function";
    if (typeof custom === "function" && custom !== inspect && !isPrototype) {
      const left = ctx.depth === null ? null : ctx.depth - depth;
      const options = { ...ctx.options, depth: left, stylize: ctx.stylize };
      const result = custom.call(original, left, options, inspect);
      if (result !== original) {
        const text = typeof result === "object" ? show(ctx, result, depth) : `${result}`;
        return text.replaceAll("\n", `\n${" ".repeat(ctx.indentation)}`);
      }
    }
  }
  if (ctx.seen.includes(value)) {
    ctx.circular ??= new Map();
    if (!ctx.circular.has(value)) ctx.circular.set(value, ctx.circular.size + 1);
    return ctx.stylize(`[Circular *${ctx.circular.get(value)}]`, "special");
  }
  return showObject(ctx, value, depth, isMember);
};

const showProxy = (ctx, [target, handler], depth) => {
  if (ctx.depth !== null && depth > ctx.depth) return ctx.stylize("Proxy [Array]", "special");
  ctx.indentation += 2;
  const parts = [show(ctx, target, depth + 1), show(ctx, handler, depth + 1)];
  ctx.indentation -= 2;
  return layOut(ctx, parts, "", ["Proxy [", "]"], false, depth + 1, undefined);
};

const showObject = (ctx, value, depth, isMember) => {
  const constructor = constructorName(value);
  const tag = tagOf(ctx, value, constructor);
  const shape = shapeOf(ctx, value, constructor, tag, depth);
  if (typeof shape === "string") return shape;
  const { names, braces, base = "", parts: makeParts, isList = false } = shape;
  if (ctx.depth !== null && depth > ctx.depth) {
    const name = prefixOf(constructor, tag, isArray(value) ? "Array" : "Object").slice(0, -1);
    return ctx.stylize(constructor === null ? name : `[${name}]`, "special");
  }
  ctx.seen.push(value);
  ctx.currentDepth = depth;
  const parts = makeParts?.(depth + 1) ?? [];
  for (const name of names) parts.push(showMember(ctx, value, depth + 1, name, isList ? LIST : OBJECT));
  ctx.seen.pop();
  let text = base;
  if (ctx.circular?.has(value)) {
    const reference = ctx.stylize(`<ref *${ctx.circular.get(value)}>`, "special");
    if (ctx.compact !== true) text = text === "" ? reference : `${reference} ${text}`;
    else braces[0] = `${reference} ${braces[0]}`;
  }
  if (ctx.sorted) {
    const order = ctx.sorted === true ? undefined : ctx.sorted;
    if (!isList) parts.sort(order);
    else if (names.length > 1) parts.push(...parts.splice(parts.length - names.length).sort(order));
  }
  const laidOut = layOut(ctx, parts, text, braces, isList, depth, value);
  const budget = (ctx.budget.get(depth) ?? 0) + laidOut.length;
  ctx.budget.set(depth, budget);
  // What would fill a disk is cut off.
  if (budget > 2 ** 27) ctx.depth = -1;
  return laidOut;
};

const OBJECT = 0;
const ELEMENT = 1;
const LIST = 2;

const showMember = (ctx, value, depth, key, kind) => {
  const descriptor = getOwnPropertyDescriptor(value, key) ?? { value: value[key], configurable: true, enumerable: true };
  let text;
  if (descriptor.value !== undefined) {
    const indent = ctx.compact !== true || kind !== OBJECT ? 2 : 3;
    ctx.indentation += indent;
    text = show(ctx, descriptor.value, depth, true);
    if (indent === 3 && ctx.breakLength < text.length) text = `\n${" ".repeat(ctx.indentation)}${text}`;
    ctx.indentation -= indent;
  } else if (descriptor.get !== undefined) {
    text = showGetter(ctx, value, descriptor, depth);
  } else if (descriptor.set !== undefined) {
    text = ctx.stylize("[Setter]", "special");
  } else {
    text = ctx.stylize("undefined", "undefined");
  }
  if (kind === ELEMENT) return text;
  return `${keyText(ctx, key, descriptor)}: ${text}`;
};

const keyText = (ctx, key, { enumerable }) => {
  if (typeof key === "symbol") return `[${ctx.stylize(symbolText(key), "symbol")}]`;
  if (key === "__proto__") return "['__proto__']";
  if (enumerable === false) return `[${key.replace(UNPRINTABLE, escaped)}]`;
  if (/^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key)) return ctx.stylize(key, "name");
  return ctx.stylize(quoted(key), "string");
};

const showGetter = (ctx, value, { get, set }, depth) => {
  const label = set === undefined ? "Getter" : "Getter/Setter";
  const reads =
    ctx.getters === true || (ctx.getters === "get" && set === undefined) || (ctx.getters === "set" && set !== undefined);
  if (!reads) return ctx.stylize(`[${label}]`, "special");
  ctx.indentation += 2;
  try {
    const got = get.call(value);
    if (got === null || typeof got !== "object") return `${ctx.stylize(`[${label}:`, "special")} ${showPrimitiveOr(ctx, got, depth)}${ctx.stylize("]", "special")}`;
    return `${ctx.stylize(`[${label}]`, "special")} ${show(ctx, got, depth)}`;
  } catch (error) {
    return `${ctx.stylize(`[${label}: <Inspection threw (${error?.message})>]`, "special")}`;
  } finally {
    ctx.indentation -= 2;
  }
};

const showPrimitiveOr = (ctx, value, depth) =>
  typeof value === "function" ? show(ctx, value, depth) : showPrimitive(ctx, value);

// Lines.

const visible = (ctx, text) => (ctx.colors ? stripVTControlCharacters(text).length : text.length);

const fits = (ctx, parts, start, base) => {
  let total = parts.length + start;
  if (total + parts.length > ctx.breakLength) return false;
  for (const part of parts) {
    total += visible(ctx, part);
    if (total > ctx.breakLength) return false;
  }
  return base === "" || !base.includes("\n");
};

const layOut = (ctx, parts, base, braces, isList, depth, value) => {
  const lead = base === "" ? "" : `${base} `;
  if (ctx.compact !== true) {
    if (typeof ctx.compact === "number" && ctx.compact >= 1) {
      const count = parts.length;
      if (isList && count > 6) parts = inColumns(ctx, parts, value);
      if (ctx.currentDepth - depth < ctx.compact && count === parts.length) {
        const start = parts.length + ctx.indentation + braces[0].length + base.length + 10;
        if (fits(ctx, parts, start, base)) {
          const line = parts.join(", ");
          if (!line.includes("\n")) return `${lead}${braces[0]} ${line} ${braces[1]}`;
        }
      }
    }
    const indentation = `\n${" ".repeat(ctx.indentation)}`;
    return `${lead}${braces[0]}${indentation}  ${parts.join(`,${indentation}  `)}${indentation}${braces[1]}`;
  }
  if (fits(ctx, parts, 0, base)) return `${braces[0]}${base === "" ? "" : ` ${base}`} ${parts.join(", ")} ${braces[1]}`;
  const indentation = `\n${" ".repeat(ctx.indentation)}`;
  const begin = base === "" && braces[0].length === 1 ? " " : `${base === "" ? "" : ` ${base}`}\n${" ".repeat(ctx.indentation)}  `;
  return `${braces[0]}${begin}${parts.join(`,${indentation}  `)} ${braces[1]}`;
};

// Long lists of short things stand in columns.
const inColumns = (ctx, parts, value) => {
  const hasMore = ctx.maxArrayLength < value?.length;
  const count = hasMore ? parts.length - 1 : parts.length;
  const lengths = parts.slice(0, count).map((part) => visible(ctx, part));
  const widest = max(...lengths);
  const total = lengths.reduce((sum, length) => sum + length + 2, 0);
  const width = widest + 2;
  if (width * 3 + ctx.indentation >= ctx.breakLength || !(total / width > 5 || widest <= 6)) return parts;
  const bias = max(width - 3 - sqrt(width - total / parts.length), 1);
  const columns = min(
    round(sqrt(2.5 * bias * count) / bias),
    floor((ctx.breakLength - ctx.indentation) / width),
    ctx.compact * 4,
    15,
  );
  if (columns <= 1) return parts;
  const widths = [];
  for (let column = 0; column < columns; column++) {
    let length = 0;
    for (let at = column; at < count; at += columns) length = max(length, lengths[at]);
    widths.push(length + 2);
  }
  const toRight = value !== undefined && value.every((item) => typeof item === "number" || typeof item === "bigint");
  const rows = [];
  for (let row = 0; row < count; row += columns) {
    const end = min(row + columns, count);
    let text = "";
    for (let at = row; at < end; at++) {
      const isLast = at === end - 1;
      const cell = isLast ? parts[at] : `${parts[at]}, `;
      const room = widths[at - row] - (isLast ? 2 : 0) + cell.length - visible(ctx, cell);
      text += toRight ? cell.padStart(room) : isLast ? cell : cell.padEnd(room);
    }
    rows.push(text);
  }
  if (hasMore) rows.push(parts[count]);
  return rows;
};

const contextOf = (options) => {
  const ctx = {
    ...DEFAULTS,
    ...options,
    options: { ...DEFAULTS, ...options },
    seen: [],
    indentation: 0,
    currentDepth: 0,
    circular: undefined,
    budget: new Map(),
  };
  ctx.stylize = ctx.colors ? colored : plain;
  for (const limit of ["maxArrayLength", "maxStringLength"]) ctx[limit] ??= Infinity;
  return ctx;
};

/** A value as text that people read. */
export function inspect(value, options, ...old) {
  if (typeof options === "boolean") {
    const [depth, colors] = old;
    options = { showHidden: options, ...(depth === undefined ? {} : { depth }), ...(colors === undefined ? {} : { colors }) };
  }
  const ctx = contextOf(typeof options === "object" ? options : undefined);
  if (ctx.depth === Infinity) ctx.depth = null;
  return show(ctx, value, 0);
}

inspect.custom = CUSTOM;
inspect.defaultOptions = DEFAULTS;
inspect.colors = COLORS;
inspect.styles = STYLES;

const ANSI = /[\x1b\x9b][[\]()#;?]*(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?\x07|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-ntqry=><~])/g;

/** A text without what terminals take for commands. */
export function stripVTControlCharacters(text) {
  return `${text}`.replace(ANSI, "");
}
