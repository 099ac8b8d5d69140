// Ids, and dates with their names.
import { addBusinessDays, differenceInCalendarDays, format, formatDistance, parseISO } from "date-fns";
import { de } from "date-fns/locale";
import { parse, stringify, v4, v5, v7, validate, version } from "uuid";

export function ids() {
  const made = [v4(), v7()];
  return {
    versions: made.map(version),
    different: new Set([...Array(100)].map(() => v4())).size,
    ordered: v7() < v7(),
    named: v5("tollgate.example", v5.DNS),
    round: made.every((id) => validate(id) && stringify(parse(id)) === id),
    refused: validate("no id"),
  };
}

export function dates() {
  const date = new Date(2026, 1, 27, 13, 5, 9);
  return {
    english: format(date, "EEEE, MMMM do yyyy, h:mm:ss a"),
    german: format(date, "EEEE, d. MMMM yyyy", { locale: de }),
    business: format(addBusinessDays(date, 3), "yyyy-MM-dd"),
    days: differenceInCalendarDays(parseISO("2026-03-01"), date),
    distance: formatDistance(parseISO("2026-02-27T13:00:00Z"), parseISO("2026-02-27T16:00:00Z"), { addSuffix: true }),
    utc: parseISO("2026-02-27T13:00:00+02:00").toISOString(),
  };
}
