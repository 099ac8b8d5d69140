// Decimal numbers, exact: what a number says of itself in its shortest form is what is rounded.

/** The largest power of ten that is taken at its word. */
const MOST = 1000;

/** `0.DIGITS * 10^exponent`; zero has no digits. Digits have no zero at either end. */
class Decimal {
  constructor(negative, digits, exponent) {
    const first = digits.search(/[^0]/);
    this.negative = negative;
    this.digits = first < 0 ? "" : digits.slice(first).replace(/0+$/, "");
    this.exponent = first < 0 ? 0 : exponent - first;
  }

  /** A number, a bigint, or text that is a number; `NaN` and `±Infinity` stay numbers. */
  static of(value) {
    const primitive = typeof value === "object" && value !== null ? value[Symbol.toPrimitive]?.("number") ?? value.valueOf() : value;
    const text = String(typeof primitive === "bigint" || typeof primitive === "string" ? primitive : +primitive).trim();
    const match = /^([-+]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:e([-+]?\d+))?$/i.exec(text);
    if (match === null || Math.abs(Number(match[5] ?? 0)) > MOST) {
      // Text in another form, or beyond what is worth being exact about.
      const number = Number(text);
      return Number.isFinite(number) ? Decimal.of(number) : number;
    }
    const [, sign, whole = "", fraction = match[4] ?? "", , power = "0"] = match;
    return new Decimal(sign === "-" || Object.is(primitive, -0), whole + fraction, whole.length + Number(power));
  }

  get isZero() {
    return this.digits === "";
  }

  /** `floor(log10)` */
  get magnitude() {
    return this.isZero ? 0 : this.exponent - 1;
  }

  scaled(power) {
    return new Decimal(this.negative, this.digits, this.exponent + power);
  }

  /** Rounded to a multiple of `10^power`. */
  rounded(power, mode) {
    const kept = this.exponent - power;
    if (this.isZero || kept >= this.digits.length) return this;
    const head = kept > 0 ? this.digits.slice(0, kept) : "";
    const rest = kept >= 0 ? this.digits.slice(kept) : "0".repeat(-kept) + this.digits;
    const odd = head !== "" && Number(head.at(-1)) % 2 === 1;
    if (!roundsUp(mode, this.negative, rest, odd)) return new Decimal(this.negative, head, this.exponent);
    const next = String(BigInt(head || "0") + 1n);
    return new Decimal(this.negative, next, power + next.length);
  }

  /** Digits before and after the point, with zeros at the ends where there have to be. */
  written(minimumInteger, minimumFraction) {
    const { digits, exponent } = this;
    const whole = exponent > 0 ? digits.slice(0, exponent).padEnd(exponent, "0") : "0";
    const fraction = exponent > 0 ? digits.slice(exponent) : "0".repeat(this.isZero ? 0 : -exponent) + digits;
    return { whole: whole.padStart(minimumInteger, "0"), fraction: fraction.padEnd(minimumFraction, "0") };
  }
}

/** Whether what is cut off makes what stays larger, away from zero. `rest` is not all zeros. */
function roundsUp(mode, negative, rest, odd) {
  const half = rest[0] === "5" && /^50*$/.test(rest) ? 0 : rest >= "5" ? 1 : -1;
  const halfway = { halfExpand: true, halfTrunc: false, halfEven: odd, halfCeil: !negative, halfFloor: negative };
  const directed = { expand: true, trunc: false, ceil: !negative, floor: negative };
  if (mode in directed) return directed[mode];
  return half === 0 ? halfway[mode] : half > 0;
}

/** `1234567` as `["1", "234", "567"]`. */
const grouped = (whole) => whole.split(/(?=(?:\d{3})+$)/);
