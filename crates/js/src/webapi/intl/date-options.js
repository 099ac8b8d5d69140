// Which fields of a date are written, and how (ECMA-402 §11.1.2).

const TEXT = ["narrow", "short", "long"];
const DIGITS_2 = ["2-digit", "numeric"];

const FIELDS = {
  weekday: TEXT,
  era: TEXT,
  year: DIGITS_2,
  month: [...DIGITS_2, ...TEXT],
  day: DIGITS_2,
  dayPeriod: TEXT,
  hour: DIGITS_2,
  minute: DIGITS_2,
  second: DIGITS_2,
};
const ZONE_NAMES = ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"];
const LENGTHS = ["full", "long", "medium", "short"];
const CYCLES = ["h11", "h12", "h23", "h24"];
const OF_DATE = ["weekday", "year", "month", "day"];
const OF_TIME = ["dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"];

const DATE_STYLES = {
  full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  long: { year: "numeric", month: "long", day: "numeric" },
  medium: { year: "numeric", month: "short", day: "numeric" },
  short: { year: "2-digit", month: "numeric", day: "numeric" },
};
const TIME = { hour: "numeric", minute: "2-digit", second: "2-digit" };
const TIME_STYLES = {
  full: { ...TIME, timeZoneName: "long" },
  long: { ...TIME, timeZoneName: "short" },
  medium: TIME,
  short: { hour: "numeric", minute: "2-digit" },
};

function fieldsOf(options) {
  const fields = {};
  for (const [name, values] of Object.entries(FIELDS)) fields[name] = oneOf(options, name, values);
  fields.fractionalSecondDigits = integer(options.fractionalSecondDigits, "fractionalSecondDigits", 1, 3);
  fields.timeZoneName = oneOf(options, "timeZoneName", ZONE_NAMES);
  return present(fields);
}

/** Adds what is written where nothing is asked for. */
function withDefaults(fields, required, defaults) {
  const asked = (names) => names.some((name) => fields[name] !== undefined);
  const wanted = (required !== "time" && asked(OF_DATE)) || (required !== "date" && asked(OF_TIME));
  if (wanted) return fields;
  const date = { year: "numeric", month: "numeric", day: "numeric" };
  const time = { hour: "numeric", minute: "numeric", second: "numeric" };
  return { ...fields, ...(defaults !== "time" ? date : {}), ...(defaults !== "date" ? time : {}) };
}

/** The hour is written with two digits where it goes to 24, and so is what follows a field of time. */
function settled(fields, cycle) {
  const result = { ...fields };
  const withHour = result.hour !== undefined;
  if (withHour && (cycle === "h23" || cycle === "h24")) result.hour = "2-digit";
  if (result.minute !== undefined) result.minute = withHour || result.second !== undefined ? "2-digit" : "numeric";
  if (result.second !== undefined) result.second = result.minute !== undefined ? "2-digit" : "numeric";
  return result;
}

/** What a formatter of dates was asked for. `required` and `defaults`: `date`, `time`, `any`, `all`. */
function dateOptions(locales, given, required = "any", defaults = "date") {
  const options = given === undefined ? NO_OPTIONS : optionsOf(given);
  matchers(options, "calendar", "numberingSystem");
  const hour12 = flag(options, "hour12");
  const hourCycle = oneOf(options, "hourCycle", CYCLES);
  const timeZone = zoneOf(options.timeZone);
  const asked = fieldsOf(options);
  oneOf(options, "formatMatcher", ["basic", "best fit"]);
  const dateStyle = oneOf(options, "dateStyle", LENGTHS);
  const timeStyle = oneOf(options, "timeStyle", LENGTHS);
  let fields;
  if (dateStyle !== undefined || timeStyle !== undefined) {
    const [both] = Object.keys(asked);
    if (both !== undefined) throw new TypeError(`Can't set option ${both} when ${dateStyle === undefined ? "timeStyle" : "dateStyle"} is used`);
    if (required === "date" && timeStyle !== undefined) throw new TypeError("Invalid option : timeStyle");
    if (required === "time" && dateStyle !== undefined) throw new TypeError("Invalid option : dateStyle");
    fields = { ...DATE_STYLES[dateStyle], ...TIME_STYLES[timeStyle] };
  } else {
    fields = withDefaults(asked, required, defaults);
  }
  const cycle = hour12 === undefined ? hourCycle ?? "h12" : hour12 ? "h12" : "h24";
  const hasHour = fields.hour !== undefined;
  return { locale: resolved(locales), timeZone, cycle: hasHour ? cycle : undefined, fields: settled(fields, cycle), dateStyle, timeStyle };
}
