// `Intl.PluralRules` (ECMA-402 §17): which form of a word goes with a number.

class PluralRules {
  #type;
  #digits;
  #locale;

  constructor(locales = undefined, given = undefined) {
    const options = optionsOf(given);
    matchers(options);
    this.#locale = resolved(locales);
    this.#type = oneOf(options, "type", ["cardinal", "ordinal"], "cardinal");
    this.#digits = digitOptions(options, { minimum: 0, maximum: 3 }, false);
  }

  select(value) {
    const decimal = Decimal.of(Number(value));
    if (typeof decimal === "number") return "other";
    const { decimal: rounded, least } = roundedTo(decimal, this.#digits);
    const { whole, fraction } = rounded.written(1, least);
    if (this.#type === "cardinal") return whole === "1" && fraction === "" ? "one" : "other";
    if (/[^0]/.test(fraction)) return "other";
    const teen = whole.at(-2) === "1";
    return (teen ? undefined : { 1: "one", 2: "two", 3: "few" }[whole.at(-1)]) ?? "other";
  }

  /** In English the end decides. */
  selectRange(start, end) {
    if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
    if (Number.isNaN(Number(start)) || Number.isNaN(Number(end))) throw new RangeError("Invalid number value: NaN");
    return this.#type === "cardinal" ? "other" : this.select(end);
  }

  resolvedOptions() {
    const { minimumIntegerDigits, minimumFractionDigits, maximumFractionDigits, minimumSignificantDigits, maximumSignificantDigits } = this.#digits;
    const pluralCategories = this.#type === "cardinal" ? ["one", "other"] : ["few", "one", "two", "other"];
    const limits = { minimumIntegerDigits, minimumFractionDigits, maximumFractionDigits, minimumSignificantDigits, maximumSignificantDigits };
    return present({ locale: this.#locale, type: this.#type, ...limits, pluralCategories });
  }
}
intlClass(PluralRules);
