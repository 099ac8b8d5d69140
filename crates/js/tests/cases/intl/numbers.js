const values = [0, -0, 1, -1, 0.15, 1.005, 2.5, -2.5, 3.5, 999, 1234.5678, -12345.678, 999999, 1e6, 1.5e9, 1e15, 1e21, 1.23e-7, 10n, -12345678901234567890n, "1.50"];
const show = (options) => { const format = new Intl.NumberFormat("en-US", options); return values.map((value) => [format.format(value), format.formatToParts(value)]); };
// case: no options
return show({});

// case: maximumFractionDigits 0
return show({ maximumFractionDigits: 0 });

// case: minimumFractionDigits 2
return show({ minimumFractionDigits: 2 });

// case: minimumFractionDigits 2, maximumFractionDigits 2
return show({ minimumFractionDigits: 2, maximumFractionDigits: 2 });

// case: maximumFractionDigits 1
return show({ maximumFractionDigits: 1 });

// case: maximumSignificantDigits 3
return show({ maximumSignificantDigits: 3 });

// case: minimumSignificantDigits 4
return show({ minimumSignificantDigits: 4 });

// case: minimumIntegerDigits 3
return show({ minimumIntegerDigits: 3 });

// case: useGrouping false
return show({ useGrouping: false });

// case: useGrouping min2
return show({ useGrouping: "min2" });

// case: signDisplay always
return show({ signDisplay: "always" });

// case: signDisplay exceptZero
return show({ signDisplay: "exceptZero" });

// case: signDisplay never
return show({ signDisplay: "never" });

// case: signDisplay negative
return show({ signDisplay: "negative" });

// case: style percent
return show({ style: "percent" });

// case: style percent, maximumFractionDigits 2
return show({ style: "percent", maximumFractionDigits: 2 });

// case: style currency, currency USD
return show({ style: "currency", currency: "USD" });

// case: style currency, currency EUR
return show({ style: "currency", currency: "EUR" });

// case: style currency, currency GBP
return show({ style: "currency", currency: "GBP" });

// case: style currency, currency JPY
return show({ style: "currency", currency: "JPY" });

// case: style currency, currency CHF
return show({ style: "currency", currency: "CHF" });

// case: style currency, currency INR
return show({ style: "currency", currency: "INR" });

// case: style currency, currency CAD
return show({ style: "currency", currency: "CAD" });

// case: style currency, currency KWD
return show({ style: "currency", currency: "KWD" });

// case: style currency, currency XYZ
return show({ style: "currency", currency: "XYZ" });

// case: style currency, currency USD, currencySign accounting
return show({ style: "currency", currency: "USD", currencySign: "accounting" });

// case: style currency, currency USD, currencyDisplay code
return show({ style: "currency", currency: "USD", currencyDisplay: "code" });

// case: style currency, currency USD, currencyDisplay name
return show({ style: "currency", currency: "USD", currencyDisplay: "name" });

// case: style currency, currency CAD, currencyDisplay narrowSymbol
return show({ style: "currency", currency: "CAD", currencyDisplay: "narrowSymbol" });

// case: style currency, currency USD, maximumFractionDigits 0
return show({ style: "currency", currency: "USD", maximumFractionDigits: 0 });

// case: style currency, currency USD, notation compact
return show({ style: "currency", currency: "USD", notation: "compact" });

// case: notation compact
return show({ notation: "compact" });

// case: notation compact, compactDisplay long
return show({ notation: "compact", compactDisplay: "long" });

// case: notation compact, maximumFractionDigits 1
return show({ notation: "compact", maximumFractionDigits: 1 });

// case: notation scientific
return show({ notation: "scientific" });

// case: notation engineering
return show({ notation: "engineering" });

// case: style unit, unit kilometer
return show({ style: "unit", unit: "kilometer" });

// case: style unit, unit kilometer, unitDisplay long
return show({ style: "unit", unit: "kilometer", unitDisplay: "long" });

// case: style unit, unit celsius, unitDisplay narrow
return show({ style: "unit", unit: "celsius", unitDisplay: "narrow" });

// case: style unit, unit megabyte-per-second
return show({ style: "unit", unit: "megabyte-per-second" });

// case: style unit, unit mile-per-hour
return show({ style: "unit", unit: "mile-per-hour" });

// case: style unit, unit day, unitDisplay long
return show({ style: "unit", unit: "day", unitDisplay: "long" });

// case: style unit, unit percent
return show({ style: "unit", unit: "percent" });

// case: maximumFractionDigits 0, roundingMode ceil
return show({ maximumFractionDigits: 0, roundingMode: "ceil" });

// case: maximumFractionDigits 0, roundingMode floor
return show({ maximumFractionDigits: 0, roundingMode: "floor" });

// case: maximumFractionDigits 0, roundingMode expand
return show({ maximumFractionDigits: 0, roundingMode: "expand" });

// case: maximumFractionDigits 0, roundingMode trunc
return show({ maximumFractionDigits: 0, roundingMode: "trunc" });

// case: maximumFractionDigits 0, roundingMode halfCeil
return show({ maximumFractionDigits: 0, roundingMode: "halfCeil" });

// case: maximumFractionDigits 0, roundingMode halfFloor
return show({ maximumFractionDigits: 0, roundingMode: "halfFloor" });

// case: maximumFractionDigits 0, roundingMode halfTrunc
return show({ maximumFractionDigits: 0, roundingMode: "halfTrunc" });

// case: maximumFractionDigits 0, roundingMode halfEven
return show({ maximumFractionDigits: 0, roundingMode: "halfEven" });

// case: minimumFractionDigits 2, trailingZeroDisplay stripIfInteger
return show({ minimumFractionDigits: 2, trailingZeroDisplay: "stripIfInteger" });

// case: maximumFractionDigits 1, maximumSignificantDigits 3, roundingPriority morePrecision
return show({ maximumFractionDigits: 1, maximumSignificantDigits: 3, roundingPriority: "morePrecision" });

// case: maximumFractionDigits 1, maximumSignificantDigits 3, roundingPriority lessPrecision
return show({ maximumFractionDigits: 1, maximumSignificantDigits: 3, roundingPriority: "lessPrecision" });

// case: what is no number
return [NaN, Infinity, -Infinity, "abc", undefined].map((value) => new Intl.NumberFormat("en-US").format(value));

// case: what can be made a number
return [null, true, " 12 ", "", "0x10", "1e3", new Date(5), { valueOf: () => 7 }, [8]].map((value) => new Intl.NumberFormat("en-US").format(value));

// case: digits are those of the shortest text
return [0.1 + 0.2, 1.005, 4.35, 1.45, 8.345].map((value) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value));

// case: ranges
return [new Intl.NumberFormat("en-US").formatRange(1, 2), new Intl.NumberFormat("en-US").formatRange(1, 1), new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 }).formatRange(3, 5)];

// case: resolved options
return [{}, { style: "currency", currency: "eur" }, { notation: "compact" }, { style: "unit", unit: "byte" }, { maximumSignificantDigits: 3 }].map((options) => new Intl.NumberFormat("en-US", options).resolvedOptions());
