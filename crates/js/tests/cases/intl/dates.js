const winter = new Date(Date.UTC(2024, 0, 5, 15, 4, 5, 678));
const summer = new Date(Date.UTC(2024, 6, 15, 0, 4, 5, 78));
const show = (options) => { const format = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }); return [winter, summer].map((date) => [format.format(date), format.formatToParts(date)]); };
// case: no options
return show({});

// case: dateStyle full
return show({ dateStyle: "full" });

// case: dateStyle long
return show({ dateStyle: "long" });

// case: dateStyle medium
return show({ dateStyle: "medium" });

// case: dateStyle short
return show({ dateStyle: "short" });

// case: timeStyle full
return show({ timeStyle: "full" });

// case: timeStyle long
return show({ timeStyle: "long" });

// case: timeStyle medium
return show({ timeStyle: "medium" });

// case: timeStyle short
return show({ timeStyle: "short" });

// case: dateStyle full, timeStyle long
return show({ dateStyle: "full", timeStyle: "long" });

// case: dateStyle long, timeStyle short
return show({ dateStyle: "long", timeStyle: "short" });

// case: dateStyle medium, timeStyle medium
return show({ dateStyle: "medium", timeStyle: "medium" });

// case: dateStyle short, timeStyle short
return show({ dateStyle: "short", timeStyle: "short" });

// case: dateStyle short, timeStyle short, hour12 false
return show({ dateStyle: "short", timeStyle: "short", hour12: false });

// case: year numeric
return show({ year: "numeric" });

// case: month long
return show({ month: "long" });

// case: day 2-digit
return show({ day: "2-digit" });

// case: weekday short
return show({ weekday: "short" });

// case: weekday narrow
return show({ weekday: "narrow" });

// case: year numeric, month long
return show({ year: "numeric", month: "long" });

// case: year numeric, month short
return show({ year: "numeric", month: "short" });

// case: year numeric, month numeric
return show({ year: "numeric", month: "numeric" });

// case: month long, day numeric
return show({ month: "long", day: "numeric" });

// case: month numeric, day numeric
return show({ month: "numeric", day: "numeric" });

// case: year numeric, month 2-digit, day 2-digit
return show({ year: "numeric", month: "2-digit", day: "2-digit" });

// case: year 2-digit, month 2-digit, day 2-digit
return show({ year: "2-digit", month: "2-digit", day: "2-digit" });

// case: year numeric, month short, day numeric
return show({ year: "numeric", month: "short", day: "numeric" });

// case: weekday long, year numeric, month long, day numeric
return show({ weekday: "long", year: "numeric", month: "long", day: "numeric" });

// case: weekday short, month short, day numeric
return show({ weekday: "short", month: "short", day: "numeric" });

// case: weekday short, day numeric
return show({ weekday: "short", day: "numeric" });

// case: weekday short, year numeric, month numeric, day numeric
return show({ weekday: "short", year: "numeric", month: "numeric", day: "numeric" });

// case: era short
return show({ era: "short" });

// case: era long, year numeric
return show({ era: "long", year: "numeric" });

// case: hour numeric
return show({ hour: "numeric" });

// case: hour 2-digit
return show({ hour: "2-digit" });

// case: hour numeric, minute numeric
return show({ hour: "numeric", minute: "numeric" });

// case: hour 2-digit, minute 2-digit, second 2-digit
return show({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

// case: hour numeric, hour12 false
return show({ hour: "numeric", hour12: false });

// case: hour numeric, minute 2-digit, hour12 false
return show({ hour: "numeric", minute: "2-digit", hour12: false });

// case: hour numeric, minute 2-digit, hourCycle h23
return show({ hour: "numeric", minute: "2-digit", hourCycle: "h23" });

// case: hour numeric, minute 2-digit, hourCycle h11
return show({ hour: "numeric", minute: "2-digit", hourCycle: "h11" });

// case: minute numeric, second numeric
return show({ minute: "numeric", second: "numeric" });

// case: second numeric, fractionalSecondDigits 3
return show({ second: "numeric", fractionalSecondDigits: 3 });

// case: hour numeric, minute numeric, second numeric, fractionalSecondDigits 2
return show({ hour: "numeric", minute: "numeric", second: "numeric", fractionalSecondDigits: 2 });

// case: dayPeriod short, hour numeric
return show({ dayPeriod: "short", hour: "numeric" });

// case: year numeric, month long, day numeric, hour numeric, minute numeric
return show({ year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "numeric" });

// case: year numeric, month short, day numeric, hour numeric, minute numeric
return show({ year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "numeric" });

// case: year numeric, month numeric, day numeric, hour numeric, minute numeric, second numeric, timeZoneName short
return show({ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", timeZoneName: "short" });

// case: weekday long, hour numeric
return show({ weekday: "long", hour: "numeric" });

// case: timeZone America/New_York, timeZoneName short, hour numeric
return show({ timeZone: "America/New_York", timeZoneName: "short", hour: "numeric" });

// case: timeZone America/New_York, timeZoneName long, hour numeric
return show({ timeZone: "America/New_York", timeZoneName: "long", hour: "numeric" });

// case: timeZone America/Los_Angeles, timeZoneName short, hour numeric
return show({ timeZone: "America/Los_Angeles", timeZoneName: "short", hour: "numeric" });

// case: timeZone America/Los_Angeles, timeZoneName long, hour numeric
return show({ timeZone: "America/Los_Angeles", timeZoneName: "long", hour: "numeric" });

// case: timeZone Europe/Berlin, timeZoneName short, hour numeric
return show({ timeZone: "Europe/Berlin", timeZoneName: "short", hour: "numeric" });

// case: timeZone Europe/Berlin, timeZoneName long, hour numeric
return show({ timeZone: "Europe/Berlin", timeZoneName: "long", hour: "numeric" });

// case: timeZone Europe/London, timeZoneName short, hour numeric
return show({ timeZone: "Europe/London", timeZoneName: "short", hour: "numeric" });

// case: timeZone Europe/London, timeZoneName long, hour numeric
return show({ timeZone: "Europe/London", timeZoneName: "long", hour: "numeric" });

// case: timeZone Asia/Tokyo, timeZoneName short, hour numeric
return show({ timeZone: "Asia/Tokyo", timeZoneName: "short", hour: "numeric" });

// case: timeZone Asia/Tokyo, timeZoneName long, hour numeric
return show({ timeZone: "Asia/Tokyo", timeZoneName: "long", hour: "numeric" });

// case: timeZone Asia/Kolkata, timeZoneName short, hour numeric
return show({ timeZone: "Asia/Kolkata", timeZoneName: "short", hour: "numeric" });

// case: timeZone Asia/Kolkata, timeZoneName long, hour numeric
return show({ timeZone: "Asia/Kolkata", timeZoneName: "long", hour: "numeric" });

// case: timeZone America/St_Johns, timeZoneName short, hour numeric
return show({ timeZone: "America/St_Johns", timeZoneName: "short", hour: "numeric" });

// case: timeZone America/St_Johns, timeZoneName long, hour numeric
return show({ timeZone: "America/St_Johns", timeZoneName: "long", hour: "numeric" });

// case: timeZone Asia/Kathmandu, timeZoneName short, hour numeric
return show({ timeZone: "Asia/Kathmandu", timeZoneName: "short", hour: "numeric" });

// case: timeZone Asia/Kathmandu, timeZoneName long, hour numeric
return show({ timeZone: "Asia/Kathmandu", timeZoneName: "long", hour: "numeric" });

// case: timeZone utc, timeZoneName short, hour numeric
return show({ timeZone: "utc", timeZoneName: "short", hour: "numeric" });

// case: timeZone utc, timeZoneName long, hour numeric
return show({ timeZone: "utc", timeZoneName: "long", hour: "numeric" });

// case: timeZone America/New_York, hour numeric, timeZoneName shortOffset
return show({ timeZone: "America/New_York", hour: "numeric", timeZoneName: "shortOffset" });

// case: timeZone Asia/Kolkata, hour numeric, timeZoneName longOffset
return show({ timeZone: "Asia/Kolkata", hour: "numeric", timeZoneName: "longOffset" });

// case: timeZone america/new_york, dateStyle full, timeStyle full
return show({ timeZone: "america/new_york", dateStyle: "full", timeStyle: "full" });

// case: timeZone Asia/Tokyo, dateStyle short
return show({ timeZone: "Asia/Tokyo", dateStyle: "short" });

// case: timeZone Pacific/Auckland, dateStyle medium, timeStyle short
return show({ timeZone: "Pacific/Auckland", dateStyle: "medium", timeStyle: "short" });

