const thrown = (run) => { try { return run(); } catch (error) { return error.name; } };
// case: cardinals
const rules = new Intl.PluralRules("en-US");
return [0, 1, 2, 1.5, -1, 10, 21, NaN, Infinity, "1"].map((it) => rules.select(it));

// case: cardinals with digits after the point
return [0, 1, 2].map((it) => new Intl.PluralRules("en-US", { minimumFractionDigits: 1 }).select(it));

// case: ordinals
const rules = new Intl.PluralRules("en-US", { type: "ordinal" });
return [0, 1, 2, 3, 4, 10, 11, 12, 13, 20, 21, 22, 23, 101, 111, 112, 113, 1.5].map((it) => rules.select(it));

// case: resolved options of plural rules
return [{}, { type: "ordinal", maximumSignificantDigits: 2 }].map((options) => ({ ...new Intl.PluralRules("en-US", options).resolvedOptions(), locale: 0 }));

// case: relative times, long
const format = new Intl.RelativeTimeFormat("en-US");
return ["second", "minute", "hour", "day", "week", "month", "quarter", "year", "days"].map((unit) => [-2, -1, -0, 0, 1, 2, 1.5, -1234.5].map((value) => format.format(value, unit)));

// case: relative times, short
const format = new Intl.RelativeTimeFormat("en-US", { style: "short" });
return ["second", "minute", "hour", "day", "week", "month", "quarter", "year"].map((unit) => [-2, 1, 0].map((value) => format.format(value, unit)));

// case: relative times, narrow
const format = new Intl.RelativeTimeFormat("en-US", { style: "narrow" });
return ["second", "minute", "hour", "day", "week", "month", "quarter", "year"].map((unit) => [-2, 1, 0].map((value) => format.format(value, unit)));

// case: relative times with words
return ["long", "short", "narrow"].map((style) => ["second", "minute", "hour", "day", "week", "month", "quarter", "year"].map((unit) => [-2, -1, 0, 1, 2].map((value) => new Intl.RelativeTimeFormat("en-US", { style, numeric: "auto" }).format(value, unit))));

// case: relative times in parts
return [[-1.5, "day"], [1234, "hours"], [0, "year"]].map(([value, unit]) => new Intl.RelativeTimeFormat("en-US", { numeric: "auto" }).formatToParts(value, unit));

// case: relative times that are none
return [() => new Intl.RelativeTimeFormat("en-US").format(1, "fortnight"), () => new Intl.RelativeTimeFormat("en-US").format(NaN, "day"), () => new Intl.RelativeTimeFormat("en-US").format(Infinity, "day"), () => new Intl.RelativeTimeFormat("en-US", { style: "x" })].map(thrown);

// case: lists
return ["conjunction", "disjunction", "unit"].map((type) => ["long", "short", "narrow"].map((style) => [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]].map((list) => new Intl.ListFormat("en-US", { type, style }).format(list))));

// case: lists in parts
return new Intl.ListFormat("en-US").formatToParts(new Set(["x", "y", "z"]));

// case: lists that are none
return [() => new Intl.ListFormat("en-US").format([1]), () => new Intl.ListFormat("en-US").format(5), () => new Intl.ListFormat("en-US", { type: "x" }), () => new Intl.ListFormat("en-US").format()].map(thrown);
