// `Intl`, and the methods of other classes that stand on it.

export const Intl = Object.create(Object.prototype, { [Symbol.toStringTag]: { value: "Intl", configurable: true } });

const VALUES = {
  __proto__: null,
  calendar: ["gregory"],
  collation: ["default"],
  currency: Object.keys(NAMES),
  numberingSystem: ["latn"],
  timeZone: undefined,
  unit: Object.keys(UNITS).sort(),
};

const members = {
  Collator: CallableCollator,
  DateTimeFormat: CallableDateTimeFormat,
  ListFormat,
  Locale,
  NumberFormat: CallableNumberFormat,
  PluralRules,
  RelativeTimeFormat,
  getCanonicalLocales: (locales) => localesOf(locales),
  supportedValuesOf(key) {
    if (!(`${key}` in VALUES)) throw new RangeError(`Invalid key : ${key}`);
    return [...(VALUES[key] ?? native.zones())];
  },
};
for (const [name, value] of Object.entries(members)) {
  Object.defineProperty(Intl, name, { value, writable: true, configurable: true });
}

// Methods. Without arguments, the same formatter serves again and again.

const once = (make) => {
  let made;
  return () => (made ??= make());
};
const plainNumber = once(() => numberOptions());
const plainOrder = once(() => new Collator().compare);
const getTime = Function.prototype.call.bind(Date.prototype.getTime);
const numberValue = Function.prototype.call.bind(Number.prototype.valueOf);
const bigintValue = Function.prototype.call.bind(BigInt.prototype.valueOf);

/** `toLocaleString` and its like of dates. */
function dateMethod(required, defaults) {
  const plain = once(() => dateOptions(undefined, undefined, required, defaults));
  return (date, locales, options) => {
    const time = getTime(date);
    if (Number.isNaN(time)) return "Invalid Date";
    const format = locales === undefined && options === undefined ? plain() : dateOptions(locales, options, required, defaults);
    return momentText(format, time);
  };
}

const numberMethod = (valueOf) => (number, locales, options) => {
  const value = valueOf(number);
  return joined(numberParts(locales === undefined && options === undefined ? plainNumber() : numberOptions(locales, options), value));
};

/** What the methods of the engine's own classes become, by class and name. `self` comes first. */
export const methods = {
  Date: {
    toLocaleString: dateMethod("any", "all"),
    toLocaleDateString: dateMethod("date", "date"),
    toLocaleTimeString: dateMethod("time", "time"),
  },
  Number: { toLocaleString: numberMethod(numberValue) },
  BigInt: { toLocaleString: numberMethod(bigintValue) },
  String: {
    localeCompare(text, other, locales, options) {
      if (text === undefined || text === null) throw new TypeError("localeCompare is a method of strings");
      const compare = locales === undefined && options === undefined ? plainOrder() : new Collator(locales, options).compare;
      return compare(text, other);
    },
  },
};
