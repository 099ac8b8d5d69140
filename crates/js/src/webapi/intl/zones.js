// Time zones and what they are called.

/** A zone as the database spells it. */
function zoneOf(value) {
  const name = value === undefined ? native.localZone() : native.zone(`${value}`);
  if (name === undefined) throw new RangeError(`Invalid time zone specified: ${value}`);
  return /^(Etc\/)?(UTC|UCT|GMT|Zulu|Universal|Greenwich|GMT[-+]?0)$/.test(name) ? "UTC" : name;
}

/** `[north american letters, standard, daylight]` of zones of America. */
const AMERICAN = {
  __proto__: null, E: "Eastern", C: "Central", M: "Mountain", P: "Pacific", AK: "Alaska", H: "Hawaii-Aleutian", A: "Atlantic", N: "Newfoundland",
};

/** What the rest of the world calls its time, by the letters of the database. */
const NAMES_OF_TIME = {
  __proto__: null, AEDT: "Australian Eastern Daylight Time", AEST: "Australian Eastern Standard Time", ACDT: "Australian Central Daylight Time",
  ACST: "Australian Central Standard Time", AWST: "Australian Western Standard Time", BST: "British Summer Time",
  CAT: "Central Africa Time", CEST: "Central European Summer Time", CET: "Central European Standard Time", EAT: "East Africa Time", EEST: "Eastern European Summer Time",
  EET: "Eastern European Standard Time", GMT: "Greenwich Mean Time", HKT: "Hong Kong Standard Time", IDT: "Israel Daylight Time", IST: "Irish Standard Time", JST: "Japan Standard Time",
  KST: "Korean Standard Time", MSK: "Moscow Standard Time", NZDT: "New Zealand Daylight Time", NZST: "New Zealand Standard Time",
  SAST: "South Africa Standard Time", WAT: "West Africa Time", WEST: "Western European Summer Time", WET: "Western European Standard Time",
};

/** Letters that mean something else elsewhere, or none at all. */
const NAMES_OF_ZONES = {
  __proto__: null, "Asia/Kolkata": "India Standard Time", "Asia/Calcutta": "India Standard Time", "Asia/Shanghai": "China Standard Time",
  "Asia/Singapore": "Singapore Standard Time", "Asia/Dubai": "Gulf Standard Time", "America/Sao_Paulo": "Brasilia Standard Time",
  "America/Argentina/Buenos_Aires": "Argentina Standard Time", "America/Bogota": "Colombia Standard Time", "Asia/Bangkok": "Indochina Time",
  "Asia/Jakarta": "Western Indonesia Time", "Asia/Karachi": "Pakistan Standard Time", "Asia/Manila": "Philippine Standard Time",
  "Asia/Taipei": "Taipei Standard Time", "Asia/Ho_Chi_Minh": "Indochina Time", "Asia/Kathmandu": "Nepal Time",
  "Europe/Istanbul": "Türkiye Standard Time",
};

const two = (number) => String(number).padStart(2, "0");

/** `GMT+5:30`, or `GMT+05:30`. */
function offsetName(seconds, long) {
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const [hour, minute] = [Math.trunc(minutes / 60), minutes % 60];
  const sign = seconds < 0 ? "-" : "+";
  if (long) return `GMT${sign}${two(hour)}:${two(minute)}`;
  return `GMT${sign}${hour}${minute === 0 ? "" : `:${two(minute)}`}`;
}

const isAmerican = (zone) => /^(America|US|Canada)\/|^Pacific\/Honolulu$/.test(zone) && !/Havana/.test(zone);

/** What the time of a zone is called at a moment. */
function zoneName(zone, { offset, letters }, style) {
  const long = style.startsWith("long");
  if (style.endsWith("Offset")) return offsetName(offset, long);
  if (zone === "UTC") return long ? "Coordinated Universal Time" : "UTC";
  const [, place, kind] = /^([A-Z]{1,2})([SD])T$/.exec(letters) ?? [];
  if (isAmerican(zone) && place in AMERICAN && (long || place !== "N")) {
    const name = `${AMERICAN[place]} ${kind === "D" ? "Daylight" : "Standard"} Time`;
    return long ? name : letters;
  }
  if (!long) return letters === "GMT" && offset === 0 ? "GMT" : offsetName(offset, false);
  if (zone === "Asia/Jerusalem" && letters === "IST") return "Israel Standard Time";
  return NAMES_OF_ZONES[zone] ?? NAMES_OF_TIME[letters] ?? offsetName(offset, true);
}
