// How many digits a number is written with (ECMA-402 §16.1.3).

const MODES = ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"];

/** SetNumberFormatDigitOptions */
function digitOptions(options, fractions, compact) {
  const minimumIntegerDigits = integer(options.minimumIntegerDigits, "minimumIntegerDigits", 1, 21, 1);
  const fraction = (name, otherwise, min = 0) => integer(options[name], name, min, 100, otherwise);
  const hasSignificant = options.minimumSignificantDigits !== undefined || options.maximumSignificantDigits !== undefined;
  const hasFraction = options.minimumFractionDigits !== undefined || options.maximumFractionDigits !== undefined;
  const roundingMode = oneOf(options, "roundingMode", MODES, "halfExpand");
  const priority = oneOf(options, "roundingPriority", ["auto", "morePrecision", "lessPrecision"], "auto");
  const trailingZeroDisplay = oneOf(options, "trailingZeroDisplay", ["auto", "stripIfInteger"], "auto");
  const both = priority !== "auto";
  const digits = { minimumIntegerDigits, roundingMode, roundingPriority: priority, trailingZeroDisplay, roundingIncrement: 1 };
  if (!hasSignificant && !hasFraction && compact && !both) {
    return { ...digits, minimumFractionDigits: 0, maximumFractionDigits: 0, minimumSignificantDigits: 1, maximumSignificantDigits: 2, roundingPriority: "morePrecision" };
  }
  if (hasSignificant || both) {
    digits.minimumSignificantDigits = integer(options.minimumSignificantDigits, "minimumSignificantDigits", 1, 21, 1);
    const least = digits.minimumSignificantDigits;
    digits.maximumSignificantDigits = integer(options.maximumSignificantDigits, "maximumSignificantDigits", least, 21, 21);
  }
  if (!hasSignificant || both) {
    let min = fraction("minimumFractionDigits");
    let max = fraction("maximumFractionDigits");
    if (min === undefined) min = Math.min(fractions.minimum, max ?? fractions.minimum);
    else if (max === undefined) max = Math.max(fractions.maximum, min);
    max ??= Math.max(fractions.maximum, min);
    if (min > max) throw new RangeError("maximumFractionDigits value is out of range.");
    Object.assign(digits, { minimumFractionDigits: min, maximumFractionDigits: max });
  }
  return digits;
}

/** A decimal rounded as the options say, and how many digits it has to have after the point. */
function roundedTo(decimal, digits) {
  const { roundingMode: mode, roundingPriority, minimumFractionDigits: minFraction, maximumFractionDigits: maxFraction } = digits;
  const { minimumSignificantDigits: minSignificant, maximumSignificantDigits: maxSignificant } = digits;
  const significant = maxSignificant === undefined ? undefined : decimal.magnitude + 1 - maxSignificant;
  const fraction = maxFraction === undefined ? undefined : -maxFraction;
  let bySignificant = significant !== undefined;
  if (significant !== undefined && fraction !== undefined) bySignificant = (roundingPriority === "morePrecision") === significant <= fraction;
  const result = decimal.rounded(bySignificant ? significant : fraction, mode);
  const least = bySignificant ? Math.max(0, minSignificant - result.magnitude - 1) : minFraction;
  return { decimal: result, least };
}
