
// `util.format`: text with places for values.

const hasOwnText = (value) => {
  if (typeof value.toString !== "function") return false;
  if (hasOwn(value, "toString")) return true;
  let at = value;
  do {
    at = getPrototypeOf(at);
    if (at === null) return false;
  } while (!hasOwn(at, "toString"));
  // What the language brings along has a text that says little.
  const { constructor } = at;
  return typeof constructor === "function" && !BUILT_IN.has(constructor.name);
};

const BUILT_IN = new Set(getOwnPropertyNames(globalThis).filter((name) => /^[A-Z][a-zA-Z]+$/.test(name)));

const asJson = (value) => {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError && /circular/i.test(error.message)) return "[Circular]";
    throw error;
  }
};

const asString = (options, value) => {
  switch (typeof value) {
    case "number":
      return numberText(value, options?.numericSeparator);
    case "bigint":
      return `${value}n`;
    case "object":
      if (value !== null && !hasOwnText(value)) return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
  }
  return String(value);
};

const asNumber = (options, value, convert) => {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return "NaN";
  return numberText(convert(value), options?.numericSeparator);
};

const place = (options, mark, value) => {
  switch (mark) {
    case "s":
      return asString(options, value);
    case "j":
      return asJson(value);
    case "d":
      return typeof value === "object" ? numberText(Number(value)) : asNumber(options, value, Number);
    case "i":
      return typeof value === "object" ? "NaN" : asNumber(options, value, parseInt);
    case "f":
      return typeof value === "symbol" ? "NaN" : numberText(parseFloat(value), options?.numericSeparator);
    case "O":
      return inspect(value, options);
    case "o":
      return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
    default:
      return "";
  }
};

/** `format`, with options of `inspect`. */
export function formatWithOptions(options, ...values) {
  if (typeof options !== "object" || options === null) throw new TypeError('The "inspectOptions" argument must be an object');
  const [first] = values;
  let next = 0;
  let text = "";
  if (typeof first === "string") {
    if (values.length === 1) return first;
    next = 1;
    text = first.replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === "%%") return "%";
      return next < values.length ? place(options, mark[1], values[next++]) : mark;
    });
  }
  const rest = values.slice(next).map((value) => (typeof value === "string" ? value : inspect(value, options)));
  return (next === 0 ? rest : [text, ...rest]).join(" ");
}

/** A text with the values that its marks stand for; what is left of them comes after it. */
export function format(...values) {
  return formatWithOptions({}, ...values);
}
