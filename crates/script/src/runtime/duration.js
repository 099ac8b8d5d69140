// Lengths of time as projects write them: a number of seconds, or "30s", "5 minutes", "1h", "2 weeks".

import { ConfigurationError } from "tollgate:runtime-errors";

const SECONDS = [
  [/^s(ec(ond)?s?)?$/, 1],
  [/^m(ins?|inutes?)?$/, 60],
  [/^h(rs?|ours?)?$/, 3600],
  [/^d(ays?)?$/, 86_400],
  [/^w(eeks?)?$/, 604_800],
  [/^y(rs?|ears?)?$/, 31_557_600],
];

/**
 * @param {number | string | undefined} value
 * @param {string} name What it is, for the error.
 * @returns {number | undefined} Seconds.
 */
export function seconds(value, name) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value > 0) return value;
  if (typeof value === "string") {
    const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(value) ?? [];
    const found = unit === "" ? [null, 1] : SECONDS.find(([names]) => names.test((unit ?? "-").toLowerCase()));
    if (found !== undefined && Number(number) > 0) return Number(number) * found[1];
  }
  throw new ConfigurationError(`${name} must be a number of seconds or a duration such as "5m" or "1 hour"`);
}
