// `Intl.DateTimeFormat` (ECMA-402 §11).

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const ERAS = { narrow: ["B", "A"], short: ["BC", "AD"], long: ["Before Christ", "Anno Domini"] };

const named = (name, style) => (style === "long" ? name : name.slice(0, style === "short" ? 3 : 1));
const numbered = (number, style) => (style === "2-digit" ? two(number % 100) : String(number));

/** The fields of a moment in a zone. */
function momentIn(zone, time) {
  const [offset, letters] = native.at(zone, time);
  const date = new Date(time + offset * 1000);
  const year = date.getUTCFullYear();
  return {
    offset,
    letters,
    era: year > 0 ? 1 : 0,
    year: year > 0 ? year : 1 - year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

const literal = (value) => ({ type: "literal", value });

/** Parts with something between them. */
const between = (lists, separator) =>
  lists.filter((list) => list.length > 0).flatMap((list, at) => (at === 0 ? list : [literal(separator), ...list]));

function yearParts(fields, moment) {
  if (fields.year === undefined) return [];
  return [{ type: "year", value: numbered(moment.year, fields.year) }];
}

/** Everything of a date but its weekday. */
function dayParts(fields, moment) {
  const year = yearParts(fields, moment);
  const day = fields.day === undefined ? [] : [{ type: "day", value: numbered(moment.day, fields.day) }];
  if (fields.month === undefined) {
    if (year.length === 0 || day.length === 0 || fields.weekday !== undefined) return between([day, year], " ");
    return [...year, literal(" (day: "), ...day, literal(")")];
  }
  const textual = TEXT.includes(fields.month);
  const value = textual ? named(MONTHS[moment.month], fields.month) : numbered(moment.month + 1, fields.month);
  const month = [{ type: "month", value }];
  if (!textual) return between([month, day, year], "/");
  return day.length === 0 ? between([month, year], " ") : between([between([month, day], " "), year], ", ");
}

function dateParts(fields, moment) {
  let parts = dayParts(fields, moment);
  if (fields.era !== undefined) {
    const era = { type: "era", value: ERAS[fields.era][moment.era] };
    parts = between([parts, [era]], " ");
  }
  if (fields.weekday === undefined) return parts;
  const weekday = [{ type: "weekday", value: named(WEEKDAYS[moment.weekday], fields.weekday) }];
  const whole = fields.month !== undefined && fields.day !== undefined;
  if (whole) return between([weekday, parts], ", ");
  // A day and its name come before a year that stands alone.
  if (fields.day !== undefined && fields.year !== undefined) {
    return between([parts.slice(0, 1), weekday, parts.slice(2)], " ");
  }
  return between([parts, weekday], " ");
}

/** The part of the day, as it is said in words. */
function periodOf(hour) {
  if (hour === 12) return "noon";
  if (hour >= 21) return "at night";
  if (hour >= 18) return "in the evening";
  return hour >= 12 ? "in the afternoon" : "in the morning";
}

const HOURS = {
  h11: (hour) => hour % 12,
  h12: (hour) => hour % 12 || 12,
  h23: (hour) => hour,
  h24: (hour) => hour || 24,
};

function secondParts(fields, moment) {
  const digits = fields.fractionalSecondDigits;
  const fraction = digits === undefined ? [] : [{ type: "fractionalSecond", value: String(moment.millisecond).padStart(3, "0").slice(0, digits) }];
  if (fields.second === undefined) return fraction;
  return between([[{ type: "second", value: numbered(moment.second, fields.second) }], fraction], ".");
}

function timeParts(fields, moment, cycle, zone) {
  const hour = fields.hour === undefined ? [] : [{ type: "hour", value: numbered(HOURS[cycle](moment.hour), fields.hour) }];
  const minute = fields.minute === undefined ? [] : [{ type: "minute", value: numbered(moment.minute, fields.minute) }];
  const time = between([hour, minute, secondParts(fields, moment)], ":");
  let period = [];
  if (fields.dayPeriod !== undefined && cycle !== "h23" && cycle !== "h24") period = [{ type: "dayPeriod", value: periodOf(moment.hour) }];
  else if (cycle === "h11" || cycle === "h12") period = [{ type: "dayPeriod", value: moment.hour < 12 ? "AM" : "PM" }];
  const name = fields.timeZoneName;
  const zoned = name === undefined ? [] : [{ type: "timeZoneName", value: zoneName(zone, moment, name) }];
  // A narrow space that does not break stands before AM and PM, an ordinary one before other words.
  const clock = between([time, period], fields.dayPeriod === undefined ? "\u202f" : " ");
  return between([clock, zoned], " ");
}

function momentParts({ fields, cycle, timeZone }, time) {
  const moment = momentIn(timeZone, time);
  const date = dateParts(fields, moment);
  // The name of a day alone is part of the time.
  const alone = fields.weekday !== undefined && date.length === 1 && fields.timeZoneName === undefined;
  const separator = fields.month === "long" ? " at " : alone ? " " : ", ";
  return between([date, timeParts(fields, moment, cycle, timeZone)], separator);
}

/** As text, the narrow space of the parts is an ordinary one: so it was for ever, and code looks for it. */
const momentText = (format, time) => joined(momentParts(format, time)).replaceAll("\u202f", " ");

/** A moment as a number: now where there is none. */
function timeOf(value) {
  const time = value === undefined ? Date.now() : Math.trunc(Number(value));
  if (!(Math.abs(time) <= 8.64e15)) throw new RangeError("Invalid time value");
  return time;
}

class DateTimeFormat {
  #format;
  #bound;

  constructor(locales = undefined, options = undefined) {
    this.#format = dateOptions(locales, options);
  }

  get format() {
    const format = this.#format;
    this.#bound ??= (date) => momentText(format, timeOf(date));
    return this.#bound;
  }

  formatToParts(date) {
    return momentParts(this.#format, timeOf(date));
  }

  formatRange(start, end) {
    return joined(this.formatRangeToParts(start, end)).replaceAll("\u202f", " ");
  }

  formatRangeToParts(start, end) {
    if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
    const [from, to] = [start, end].map((it) => momentParts(this.#format, timeOf(it)));
    const of = (source, parts) => parts.map((it) => ({ ...it, source }));
    if (joined(from) === joined(to)) return of("shared", from);
    return [...of("startRange", from), ...of("shared", [literal("\u2009–\u2009")]), ...of("endRange", to)];
  }

  resolvedOptions() {
    const { locale, timeZone, cycle, fields, dateStyle, timeStyle } = this.#format;
    const hour12 = cycle === undefined ? undefined : cycle === "h11" || cycle === "h12";
    const common = { locale, calendar: "gregory", numberingSystem: "latn", timeZone, hourCycle: cycle, hour12 };
    const styled = dateStyle !== undefined || timeStyle !== undefined;
    const order = [...Object.keys(FIELDS), "fractionalSecondDigits", "timeZoneName"];
    const shown = styled ? { dateStyle, timeStyle } : Object.fromEntries(order.map((name) => [name, fields[name]]));
    return present({ ...common, ...shown });
  }
}
const CallableDateTimeFormat = intlClass(DateTimeFormat, true);
