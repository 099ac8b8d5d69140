// `Intl.RelativeTimeFormat` (ECMA-402 §18).

/** Short and narrow forms of units, and the short one where it is about last, this and next. */
const SPANS = {
  __proto__: null,
  second: ["sec.", "s"], minute: ["min.", "m"], hour: ["hr.", "h"], day: ["day/days", "d"],
  week: ["wk.", "w"], month: ["mo.", "mo"], quarter: ["qtr./qtrs.", "q"], year: ["yr.", "y"],
};

/** What yesterday, today and tomorrow are called, or nothing. */
function nearby(unit, value, style) {
  if (unit === "second") return value === 0 ? "now" : undefined;
  if (unit === "day") return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[value];
  if (unit === "minute" || unit === "hour") return value === 0 ? `this ${unit}` : undefined;
  const word = { "-1": "last", 0: "this", 1: "next" }[value];
  const name = style === "long" ? unit : SPANS[unit][0].split("/")[0];
  return word === undefined ? undefined : `${word} ${name}`;
}

class RelativeTimeFormat {
  #locale;
  #style;
  #numeric;

  constructor(locales = undefined, given = undefined) {
    const options = optionsOf(given);
    matchers(options, "numberingSystem");
    this.#locale = resolved(locales);
    this.#style = oneOf(options, "style", TEXT, "long");
    this.#numeric = oneOf(options, "numeric", ["always", "auto"], "always");
  }

  format(value, unit) {
    return joined(this.formatToParts(value, unit));
  }

  formatToParts(given, of) {
    const value = Number(given);
    const unit = `${of}`.replace(/s$/, "");
    if (!(unit in SPANS)) throw new RangeError(`Invalid unit argument for format() '${of}'`);
    if (!Number.isFinite(value)) throw new RangeError("Invalid time value");
    const name = this.#numeric === "auto" ? nearby(unit, value, this.#style) : undefined;
    if (name !== undefined) return [literal(name)];
    const number = numberParts(PLAIN, Math.abs(value)).map((it) => ({ ...it, unit }));
    const one = Math.abs(value) === 1;
    const [short, narrow] = SPANS[unit];
    const [single, several = single] = this.#style === "long" ? [unit, `${unit}s`] : short.split("/");
    const word = this.#style === "narrow" ? narrow : ` ${one ? single : several}`;
    const past = value < 0 || Object.is(value, -0);
    return past ? [...number, literal(`${word} ago`)] : [literal("in "), ...number, literal(word)];
  }

  resolvedOptions() {
    return { locale: this.#locale, style: this.#style, numeric: this.#numeric, numberingSystem: "latn" };
  }
}
intlClass(RelativeTimeFormat);

const PLAIN = numberOptions("en-US");
