// What is written for units of measurement.

/** `short`, `narrow`, `long`; `a/b` is one and several, and several in the long form are one more `s`. */
const UNITS = {
  __proto__: null,
  acre: ["ac", "ac", "acre"], bit: ["bit", "bit", "bit"], byte: ["byte", "B", "byte"],
  celsius: ["°C", "°C", "degree Celsius/degrees Celsius"], centimeter: ["cm", "cm", "centimeter"], day: ["day/days", "d", "day"],
  degree: ["deg", "°", "degree"], fahrenheit: ["°F", "°", "degree Fahrenheit/degrees Fahrenheit"],
  "fluid-ounce": ["fl oz", "fl oz", "fluid ounce"], foot: ["ft", "′", "foot/feet"], gallon: ["gal", "gal", "gallon"],
  gigabit: ["Gb", "Gb", "gigabit"], gigabyte: ["GB", "GB", "gigabyte"], gram: ["g", "g", "gram"], hectare: ["ha", "ha", "hectare"],
  hour: ["hr", "h", "hour"], inch: ["in", "″", "inch/inches"], kilobit: ["kb", "kb", "kilobit"], kilobyte: ["kB", "kB", "kilobyte"],
  kilogram: ["kg", "kg", "kilogram"], kilometer: ["km", "km", "kilometer"], liter: ["L", "L", "liter"],
  megabit: ["Mb", "Mb", "megabit"], megabyte: ["MB", "MB", "megabyte"], meter: ["m", "m", "meter"],
  microsecond: ["μs", "μs", "microsecond"], mile: ["mi", "mi", "mile"],
  "mile-scandinavian": ["smi", "smi", "mile-scandinavian/miles-scandinavian"], milliliter: ["mL", "mL", "milliliter"],
  millimeter: ["mm", "mm", "millimeter"], millisecond: ["ms", "ms", "millisecond"], minute: ["min", "m", "minute"],
  month: ["mth/mths", "m", "month"], nanosecond: ["ns", "ns", "nanosecond"], ounce: ["oz", "oz", "ounce"],
  percent: ["%", "%", "percent/percent"], petabyte: ["PB", "PB", "petabyte"], pound: ["lb", "#", "pound"],
  second: ["sec", "s", "second"], stone: ["st", "st", "stone"], terabit: ["Tb", "Tb", "terabit"], terabyte: ["TB", "TB", "terabyte"],
  week: ["wk/wks", "w", "week"], yard: ["yd", "yd", "yard"], year: ["yr/yrs", "y", "year"],
};

/** Units per unit that have a sign of their own. */
const RATES = { __proto__: null, "mile-per-hour": "mph", "mile-per-gallon": "mpg" };

/** What a rate is per, where it is not the short form. */
const PER = { __proto__: null, second: "s", hour: "h", day: "d", week: "w", month: "m", year: "y" };

const DISPLAYS = ["short", "narrow", "long"];

const isUnit = (unit) => {
  const parts = unit.split("-per-");
  return parts.length <= 2 && parts.every((part) => part in UNITS);
};

/** A unit, and what stands before it. */
function unitText(unit, display, plural) {
  const [what, per] = unit.split("-per-");
  const [one, several] = UNITS[what][DISPLAYS.indexOf(display)].split("/");
  const text = plural === "one" ? one : several ?? (display === "long" ? `${one}s` : one);
  if (display === "long") return { space: " ", text: per === undefined ? text : `${text} per ${UNITS[per][2].split("/")[0]}` };
  const close = display === "narrow" || /^[°%]/.test(text);
  const whole = per === undefined ? text : RATES[unit] ?? `${text}/${PER[per] ?? UNITS[per][0].split("/")[0]}`;
  return { space: close ? "" : " ", text: whole };
}
