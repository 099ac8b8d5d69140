// `console`: what is logged becomes one line of text; what has nothing to say to a log does nothing.

const { write } = import.meta.native;

export function inspect(value, depth = 0, seen = new Set()) {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) {
    const stack = typeof value.stack === "string" && value.stack !== "" ? `\n${value.stack.trimEnd()}` : "";
    return `${value}${stack}`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (seen.has(value)) return "[Circular]";
  if (depth > 4) return Array.isArray(value) ? "[Array]" : "[Object]";
  seen.add(value);
  try {
    const inner = (item) => inspect(item, depth + 1, seen);
    if (Array.isArray(value)) return `[ ${value.slice(0, 100).map(inner).join(", ")}${value.length > 100 ? ", …" : ""} ]`;
    if (value instanceof Map) return `Map(${value.size}) { ${[...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`).join(", ")} }`;
    if (value instanceof Set) return `Set(${value.size}) { ${[...value].map(inner).join(", ")} }`;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.constructor.name}(${value.byteLength})`;
    const name = value.constructor?.name;
    const fields = Object.keys(value).map((key) => `${key}: ${inner(value[key])}`);
    const prefix = name && name !== "Object" ? `${name} ` : "";
    return fields.length === 0 ? `${prefix}{}` : `${prefix}{ ${fields.join(", ")} }`;
  } catch {
    return "[Object]";
  } finally {
    seen.delete(value);
  }
}

export function format(...values) {
  if (typeof values[0] === "string" && values.length > 1 && values[0].includes("%")) {
    let next = 1;
    const text = values[0].replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === "%%") return "%";
      if (next >= values.length) return mark;
      const value = values[next++];
      switch (mark) {
        case "%c":
          return "";
        case "%d":
        case "%i":
          return typeof value === "object" ? "NaN" : String(mark === "%i" ? Math.trunc(Number(value)) : Number(value));
        case "%f":
          return String(Number(value));
        case "%j":
          return JSON.stringify(value);
        case "%s":
          return typeof value === "object" ? inspect(value, 1) : String(value);
        default:
          return inspect(value, 1);
      }
    });
    return [text, ...values.slice(next).map((value) => inspect(value))].join(" ");
  }
  return values.map((value) => inspect(value)).join(" ");
}

const at = (level) => (...values) => write(level, format(...values));
const nothing = () => {};

export const console = {
  debug: at(0),
  trace: at(0),
  log: at(1),
  info: at(1),
  warn: at(2),
  error: at(3),
  assert: (condition, ...values) => {
    if (!condition) write(3, `Assertion failed${values.length > 0 ? `: ${format(...values)}` : ""}`);
  },
  clear: nothing,
  count: nothing,
  countReset: nothing,
  dir: (value) => write(1, inspect(value, 1)),
  dirxml: nothing,
  group: nothing,
  groupCollapsed: nothing,
  groupEnd: nothing,
  table: (value) => write(1, inspect(value, 1)),
  time: nothing,
  timeEnd: nothing,
  timeLog: nothing,
};
