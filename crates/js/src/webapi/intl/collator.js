// `Intl.Collator` (ECMA-402 §10).

/** What the host compares by, as bits. */
function rulesOf({ sensitivity, numeric, caseFirst, ignorePunctuation }) {
  const flags = [
    sensitivity === "base" || sensitivity === "case",
    sensitivity === "base" || sensitivity === "accent",
    numeric,
    caseFirst === "upper",
    ignorePunctuation,
  ];
  return flags.reduce((bits, flag, at) => bits | (flag ? 1 << at : 0), 0);
}

function comparer(options) {
  const rules = rulesOf(options);
  return (a, b) => native.compare(`${a}`.normalize("NFD"), `${b}`.normalize("NFD"), rules);
}

class Collator {
  #options;
  #bound;

  constructor(locales = undefined, given = undefined) {
    const options = optionsOf(given);
    matchers(options, "collation");
    const tag = localesOf(locales)[0] ?? "";
    this.#options = {
      locale: resolved(locales),
      usage: oneOf(options, "usage", ["sort", "search"], "sort"),
      sensitivity: oneOf(options, "sensitivity", ["base", "accent", "case", "variant"], "variant"),
      ignorePunctuation: flag(options, "ignorePunctuation", false),
      collation: "default",
      numeric: flag(options, "numeric", /-u(-[a-z\d]{2,8})*-kn(?!-false)/.test(tag)),
      caseFirst: oneOf(options, "caseFirst", ["upper", "lower", "false"], "false"),
    };
  }

  get compare() {
    this.#bound ??= comparer(this.#options);
    return this.#bound;
  }

  resolvedOptions() {
    return { ...this.#options };
  }
}
const CallableCollator = intlClass(Collator, true);
