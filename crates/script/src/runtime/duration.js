// Times as options write them: `90`, `"90s"`, `"5 minutes"`, `"1h"`.

import { ConfigurationError } from "tollgate:runtime-errors";

const UNITS = [
  [/^(s|secs?|seconds?)$/, 1],
  [/^(m|mins?|minutes?)$/, 60],
  [/^(h|hrs?|hours?)$/, 3600],
  [/^(d|days?)$/, 86400],
  [/^(w|weeks?)$/, 604800],
  [/^(y|yrs?|years?)$/, 31557600],
];

/** In seconds; `undefined` stays what it is. */
export function seconds(value, name) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  const found = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(value) : null;
  const unit = found && UNITS.find(([pattern]) => pattern.test(found[2].toLowerCase()));
  if (!unit) throw new ConfigurationError(`${name} is no time: write seconds, or a number and a unit, such as "5m"`);
  return Number(found[1]) * unit[1];
}
