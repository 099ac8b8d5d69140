const date = new Date(Date.UTC(2024, 0, 5, 15, 4, 5, 678));
const thrown = (run) => { try { return run(); } catch (error) { return error.name; } };
// case: methods of dates
return [date.toLocaleString(), date.toLocaleDateString(), date.toLocaleTimeString(), date.toLocaleString("en-US"), date.toLocaleTimeString([], { hour12: false })];

// case: methods of dates with options
return [date.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric", year: "numeric" }), date.toLocaleTimeString("en-US", { hour: "2-digit", minute: "2-digit" }), date.toLocaleTimeString("en-US", { timeStyle: "short" }), date.toLocaleString(undefined, { dateStyle: "medium" }), date.toLocaleDateString("en-US", { timeZoneName: "short" })];

// case: what is missing is added
return [date.toLocaleDateString("en-US", { hour: "numeric" }), date.toLocaleTimeString("en-US", { month: "long" }), date.toLocaleString("en-US", { month: "long" }), date.toLocaleString("en-US", { timeZoneName: "short" })];

// case: zones
return ["America/New_York", "Asia/Tokyo", "Europe/Berlin", "UTC"].map((timeZone) => [date.toLocaleString("en-US", { timeZone }), date.toLocaleDateString("en-US", { timeZone })]);

// case: a zone changes its clocks
return [Date.UTC(2024, 2, 10, 6, 59), Date.UTC(2024, 2, 10, 7, 0), Date.UTC(2024, 10, 3, 5, 59), Date.UTC(2024, 10, 3, 6, 0)].map((time) => new Date(time).toLocaleString("en-US", { timeZone: "America/New_York", timeZoneName: "short" }));

// case: mistakes with dates
return [() => date.toLocaleDateString("en-US", { timeStyle: "short" }), () => date.toLocaleTimeString("en-US", { dateStyle: "short" }), () => date.toLocaleString("en-US", { dateStyle: "full", hour: "numeric" }), () => date.toLocaleString("en-US", { timeZone: "Nowhere/Land" }), () => date.toLocaleString("en-US", { month: "x" }), () => date.toLocaleString("no_tag"), () => date.toLocaleString("en-US", null), () => Date.prototype.toLocaleString.call({})].map(thrown);

// case: a date that is none
return [new Date(NaN).toLocaleString(), new Date(NaN).toLocaleDateString("en-US", { dateStyle: "full" }), thrown(() => new Intl.DateTimeFormat("en-US").format(NaN)), thrown(() => new Intl.DateTimeFormat("en-US").format(8.64e15 + 1))];

// case: years before and after ours
return [-5, 0, 1, 99, 999, 12024, 275760].map((year) => { const then = new Date(0); then.setUTCFullYear(year, 0, 1); const show = (options) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }).format(then); return [show(), show({ era: "short" }), show({ dateStyle: "medium" }), show({ year: "2-digit" })]; });

// case: methods of numbers
return [(1234.5).toLocaleString(), (0.256).toLocaleString("en-US", { style: "percent" }), (5).toLocaleString("en-US", { style: "currency", currency: "EUR" }), NaN.toLocaleString(), (1e21).toLocaleString(), (-0).toLocaleString()];

// case: methods of bigints
return [123456789n.toLocaleString(), 123456789n.toLocaleString("en-US", { notation: "compact" }), (-5n).toLocaleString("en-US", { minimumFractionDigits: 2 })];

// case: mistakes with numbers
return [() => Number.prototype.toLocaleString.call("x"), () => (1).toLocaleString("en-US", { style: "currency" }), () => (1).toLocaleString("en-US", { style: "currency", currency: "US" }), () => (1).toLocaleString("en-US", { style: "unit" }), () => (1).toLocaleString("en-US", { style: "unit", unit: "x" }), () => (1).toLocaleString("en-US", { minimumFractionDigits: -1 }), () => (1).toLocaleString("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 2 }), () => (1).toLocaleString("en-US", { maximumSignificantDigits: 22 }), () => (1).toLocaleString("en-US", { notation: "x" }), () => (1).toLocaleString("en-US", null)].map(thrown);

// case: arrays
return [1234.5, 2, "x"].toLocaleString();

// case: names and lengths
return [Date.prototype.toLocaleString, Date.prototype.toLocaleDateString, Number.prototype.toLocaleString, BigInt.prototype.toLocaleString, String.prototype.localeCompare].map((it) => [it.name, it.length]).concat(Object.keys(Date.prototype));

// case: classes
return ["Collator", "DateTimeFormat", "ListFormat", "NumberFormat", "PluralRules", "RelativeTimeFormat"].map((name) => [Intl[name].name, Intl[name].length, String(new Intl[name]()), Intl[name].prototype.constructor === Intl[name], thrown(() => Intl[name]() instanceof Intl[name])]);

// case: a class of one's own
class Percent extends Intl.NumberFormat { constructor() { super("en-US", { style: "percent" }); } half() { return this.format(0.5); } }
const percent = new Percent();
return [percent.half(), percent instanceof Percent, percent instanceof Intl.NumberFormat, percent.constructor.name];

// case: format is bound
const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1 });
return [[1, 2].map(format.format), format.format === format.format, typeof Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, "format").get];

// case: members want an object of their class
return [() => Intl.NumberFormat.prototype.format, () => Intl.NumberFormat.prototype.formatToParts.call({}, 1), () => Intl.DateTimeFormat.prototype.resolvedOptions.call({})].map(thrown);

// case: tags
return ["en", "EN-us", "zh-hans-cn", "de-DE-1996", "en-u-co-phonebk"].map((tag) => Intl.getCanonicalLocales(tag));

// case: tags that are none
return ["x", "en_US", "", "e", "en-", "123", "toolonglanguage", null, [null], [5], 5, {}, [undefined], "i-klingon-x"].map((tag) => thrown(() => Intl.getCanonicalLocales(tag)));

// case: which locales are known
return [Intl.NumberFormat.supportedLocalesOf(["en", "en-US"]), Intl.DateTimeFormat.supportedLocalesOf("en"), Intl.Collator.supportedLocalesOf([])];

// case: another locale falls back
// expect: {"returns":["en-US","1,234.5","Friday, January 5, 2024","en-US"]}
return [new Intl.NumberFormat("de-DE").resolvedOptions().locale, (1234.5).toLocaleString("de-DE"), date.toLocaleDateString("fr", { dateStyle: "full" }), new Intl.DateTimeFormat(["ja", "en"]).resolvedOptions().locale];

// case: parts of locales
const locale = new Intl.Locale("zh-hans-cn-u-nu-latn");
return [locale.language, locale.script, locale.region, locale.baseName, String(locale), String(new Intl.Locale("en", { region: "GB" })), new Intl.NumberFormat(new Intl.Locale("en-US")).resolvedOptions().locale];

// case: resolved options of dates
return [{}, { dateStyle: "full", timeStyle: "short" }, { hour: "numeric" }, { hour: "numeric", minute: "numeric", hour12: false, weekday: "long" }, { month: "2-digit", timeZone: "europe/berlin" }].map((options) => new Intl.DateTimeFormat("en-US", options).resolvedOptions());

// case: ranges of dates
const format = new Intl.DateTimeFormat("en-US", { timeZone: "UTC" });
return [format.formatRange(date, date), format.formatRange(date, new Date(date.getTime() + 4e9)), thrown(() => format.formatRange(date))];

// case: Intl itself
return [Object.prototype.toString.call(Intl), typeof Intl, Object.keys(Intl), Intl.supportedValuesOf("timeZone").includes("Europe/Berlin"), thrown(() => Intl.supportedValuesOf("x"))];
