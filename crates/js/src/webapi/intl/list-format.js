// `Intl.ListFormat` (ECMA-402 §13).

function elementsOf(list) {
  if (list === undefined) return [];
  const elements = [...list];
  if (!elements.every((it) => typeof it === "string")) throw new TypeError("Iterable yielded a value which is not a string");
  return elements;
}

class ListFormat {
  #locale;
  #type;
  #style;

  constructor(locales = undefined, given = undefined) {
    if (given !== undefined && (typeof given !== "object" || given === null)) throw new TypeError("options have to be an object");
    const options = optionsOf(given);
    matchers(options);
    this.#locale = resolved(locales);
    this.#type = oneOf(options, "type", ["conjunction", "disjunction", "unit"], "conjunction");
    this.#style = oneOf(options, "style", TEXT, "long");
  }

  /** What stands between elements, before the last one, and between two. */
  #separators() {
    if (this.#type === "unit") return this.#style === "narrow" ? [" ", " ", " "] : [", ", ", ", ", "];
    if (this.#type === "conjunction" && this.#style === "narrow") return [", ", ", ", ", "];
    const word = this.#type === "disjunction" ? "or" : this.#style === "long" ? "and" : "&";
    return [", ", `, ${word} `, ` ${word} `];
  }

  format(list) {
    return joined(this.formatToParts(list));
  }

  formatToParts(list) {
    const elements = elementsOf(list);
    const [middle, last, pair] = this.#separators();
    const before = (at) => (at < elements.length - 1 ? middle : elements.length === 2 ? pair : last);
    return elements.flatMap((value, at) => [...(at === 0 ? [] : [literal(before(at))]), { type: "element", value }]);
  }

  resolvedOptions() {
    return { locale: this.#locale, type: this.#type, style: this.#style };
  }
}
intlClass(ListFormat);
