// `Intl.NumberFormat` (ECMA-402 §16).

const STYLES = ["decimal", "percent", "currency", "unit"];
const COMPACT = [["", ""], ["K", "thousand"], ["M", "million"], ["B", "billion"], ["T", "trillion"]];

function groupingOf(options, notation) {
  const usual = notation === "compact" ? "min2" : "auto";
  const { useGrouping } = options;
  if (useGrouping === undefined || useGrouping === "true" || useGrouping === "false") return usual;
  if (useGrouping === true) return "always";
  if (useGrouping === false || useGrouping === null || useGrouping === 0 || useGrouping === "") return false;
  return oneOf(options, "useGrouping", ["min2", "auto", "always"]);
}

function numberOptions(locales, given) {
  const options = optionsOf(given);
  matchers(options, "numberingSystem");
  const style = oneOf(options, "style", STYLES, "decimal");
  const currency = oneOf(options, "currency");
  if (currency !== undefined && !/^[a-z]{3}$/i.test(currency)) throw new RangeError(`Invalid currency code : ${currency}`);
  if (style === "currency" && currency === undefined) throw new TypeError("Currency code is required with currency style.");
  const currencyDisplay = oneOf(options, "currencyDisplay", ["code", "symbol", "narrowSymbol", "name"], "symbol");
  const currencySign = oneOf(options, "currencySign", ["standard", "accounting"], "standard");
  const unit = oneOf(options, "unit");
  if (unit !== undefined && !isUnit(unit)) throw new RangeError(`Invalid unit argument for Intl.NumberFormat() '${unit}'`);
  if (style === "unit" && unit === undefined) throw new TypeError("Required unit option is missing.");
  const unitDisplay = oneOf(options, "unitDisplay", ["short", "narrow", "long"], "short");
  const notation = oneOf(options, "notation", ["standard", "scientific", "engineering", "compact"], "standard");
  const ofCurrency = style === "currency" ? currencyDigits(currency.toUpperCase()) : undefined;
  const fractions = { minimum: ofCurrency ?? 0, maximum: ofCurrency ?? (style === "percent" ? 0 : 3) };
  const compactDisplay = oneOf(options, "compactDisplay", ["short", "long"], "short");
  return {
    locale: resolved(locales),
    numberingSystem: "latn",
    style,
    ...(style === "currency" ? { currency: currency.toUpperCase(), currencyDisplay, currencySign } : {}),
    ...(style === "unit" ? { unit, unitDisplay } : {}),
    digits: digitOptions(options, fractions, notation === "compact"),
    useGrouping: groupingOf(options, notation),
    notation,
    ...(notation === "compact" ? { compactDisplay } : {}),
    signDisplay: oneOf(options, "signDisplay", ["auto", "never", "always", "exceptZero", "negative"], "auto"),
  };
}

/** The power of ten that a notation writes behind the number. */
function powerOf(notation, magnitude) {
  if (notation === "scientific") return magnitude;
  const thousands = Math.floor(magnitude / 3) * 3;
  if (notation === "engineering") return thousands;
  return notation === "compact" ? Math.min(Math.max(thousands, 0), 12) : 0;
}

/** A decimal, scaled and rounded. Rounding may take it to the next power. */
function scaledTo(decimal, { notation, digits }) {
  const power = powerOf(notation, decimal.magnitude);
  const first = roundedTo(decimal.scaled(-power), digits);
  const next = powerOf(notation, first.decimal.magnitude + power);
  return next === power ? { ...first, power } : { ...roundedTo(decimal.scaled(-next), digits), power: next };
}

const part = (type, value) => ({ type, value });

function digitParts({ decimal, least }, format) {
  const { whole, fraction } = decimal.written(format.digits.minimumIntegerDigits, least);
  const { useGrouping } = format;
  const groups = useGrouping === false || (useGrouping === "min2" && whole.length < 5) ? [whole] : grouped(whole);
  const parts = groups.flatMap((group, at) => (at === 0 ? [part("integer", group)] : [part("group", ","), part("integer", group)]));
  const strip = format.digits.trailingZeroDisplay === "stripIfInteger" && /^0*$/.test(fraction);
  return fraction === "" || strip ? parts : [...parts, part("decimal", "."), part("fraction", fraction)];
}

function notationParts(power, format) {
  if (format.notation === "compact") {
    const [short, long] = COMPACT[power / 3];
    if (power === 0) return [];
    return format.compactDisplay === "long" ? [part("literal", " "), part("compact", long)] : [part("compact", short)];
  }
  if (format.notation === "standard") return [];
  const sign = power < 0 ? [part("exponentMinusSign", "-")] : [];
  return [part("exponentSeparator", "E"), ...sign, part("exponentInteger", String(Math.abs(power)))];
}

/** What stands before a number, or nothing. */
function signOf({ signDisplay }, negative, zero) {
  if (signDisplay === "never") return "";
  if (signDisplay === "always") return negative ? "-" : "+";
  if (signDisplay === "exceptZero") return zero ? "" : negative ? "-" : "+";
  return negative && !(signDisplay === "negative" && zero) ? "-" : "";
}

function wrapped(parts, format, sign, plural) {
  const signed = sign === "" ? [] : [part(sign === "-" ? "minusSign" : "plusSign", sign)];
  if (format.style === "percent") return [...signed, ...parts, part("percentSign", "%")];
  if (format.style === "unit") {
    const { space, text } = unitText(format.unit, format.unitDisplay, plural);
    return [...signed, ...parts, ...(space === "" ? [] : [part("literal", space)]), part("unit", text)];
  }
  if (format.style !== "currency") return [...signed, ...parts];
  if (format.currencyDisplay === "name") {
    return [...signed, ...parts, part("literal", " "), part("currency", currencyName(format.currency, plural))];
  }
  const symbol = currencySymbol(format.currency, format.currencyDisplay);
  const space = /\p{L}$/u.test(symbol) && parts[0].type === "integer" ? [part("literal", "\u00a0")] : [];
  const money = [part("currency", symbol), ...space, ...parts];
  if (format.currencySign === "accounting" && sign === "-") return [part("literal", "("), ...money, part("literal", ")")];
  return [...signed, ...money];
}

/** A number in parts. */
function numberParts(format, value) {
  const decimal = Decimal.of(value);
  if (typeof decimal === "number") {
    const negative = decimal < 0;
    const parts = [Number.isNaN(decimal) ? part("nan", "NaN") : part("infinity", "∞")];
    return wrapped(parts, format, signOf(format, negative, Number.isNaN(decimal)), "other");
  }
  const result = scaledTo(format.style === "percent" ? decimal.scaled(2) : decimal, format);
  const parts = [...digitParts(result, format), ...notationParts(result.power, format)];
  const plural = result.power === 0 && parts.length === 1 && parts[0].value === "1" ? "one" : "other";
  return wrapped(parts, format, signOf(format, decimal.negative, result.decimal.isZero), plural);
}

class NumberFormat {
  #format;
  #bound;

  constructor(locales = undefined, options = undefined) {
    this.#format = numberOptions(locales, options);
  }

  get format() {
    const format = this.#format;
    this.#bound ??= (value) => joined(numberParts(format, value));
    return this.#bound;
  }

  formatToParts(value) {
    return numberParts(this.#format, value);
  }

  formatRange(start, end) {
    return joined(this.formatRangeToParts(start, end));
  }

  formatRangeToParts(start, end) {
    if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
    const from = numberParts(this.#format, start);
    const to = numberParts(this.#format, end);
    if ([from, to].some((parts) => parts.some(({ type }) => type === "nan"))) throw new RangeError("Invalid number value: NaN");
    const of = (source, parts) => parts.map((it) => ({ ...it, source }));
    if (joined(from) === joined(to)) return of("shared", [part("approximatelySign", "~"), ...from]);
    const dash = this.#format.style === "currency" || this.#format.style === "unit" ? " – " : "–";
    return [...of("startRange", from), ...of("shared", [part("literal", dash)]), ...of("endRange", to)];
  }

  resolvedOptions() {
    const { digits, useGrouping, notation, compactDisplay, signDisplay, ...rest } = this.#format;
    const { minimumIntegerDigits, roundingIncrement, roundingMode, roundingPriority, trailingZeroDisplay, ...limits } = digits;
    const order = ["minimumSignificantDigits", "maximumSignificantDigits", "minimumFractionDigits", "maximumFractionDigits"];
    const ordered = Object.fromEntries(order.map((name) => [name, limits[name]]));
    const rounding = { roundingMode, roundingIncrement, trailingZeroDisplay, roundingPriority };
    return present({ ...rest, minimumIntegerDigits, ...ordered, useGrouping, notation, compactDisplay, signDisplay, ...rounding });
  }
}
const CallableNumberFormat = intlClass(NumberFormat, true);
