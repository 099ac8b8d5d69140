// Locales and options. There is one language: whatever locale is asked for, what comes out is English as
// the United States write it, and says so.

const native = import.meta.native;

const TAG =
  /^(?:[a-z]{2,3}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?$/i;

/** A language tag in its usual case: `en-Latn-US`. */
function canonical(tag) {
  if (typeof tag !== "string" && (typeof tag !== "object" || tag === null)) {
    throw new TypeError("Incorrect locale information provided");
  }
  const text = `${tag}`;
  if (!TAG.test(text)) throw new RangeError("Incorrect locale information provided");
  const [language, ...rest] = text.toLowerCase().split("-");
  const extensions = rest.findIndex((part) => part.length === 1);
  const usual = (part, at) => {
    if (extensions >= 0 && at >= extensions) return part;
    if (part.length === 4 && at === 0 && /^[a-z]/.test(part)) return part[0].toUpperCase() + part.slice(1);
    return part.length === 2 ? part.toUpperCase() : part;
  };
  return [language, ...rest.map(usual)].join("-");
}

/** CanonicalizeLocaleList (ECMA-402 §9.2.1) */
function localesOf(locales) {
  if (locales === undefined) return [];
  if (typeof locales === "string" || locales instanceof Locale) return [canonical(locales)];
  if (locales === null) throw new TypeError("a list of locales cannot be null");
  return [...new Set(Array.from(Object(locales), canonical))];
}

const isEnglish = (locale) => /^en(-Latn)?(-US)?(-u-|$)/.test(locale);

/** The locale that is used instead of those that are asked for. */
const resolved = (locales) => (/^en(-u-|$)/.test(localesOf(locales)[0] ?? "") ? "en" : "en-US");

const supported = (locales) => localesOf(locales).filter(isEnglish);

const NO_OPTIONS = Object.freeze({ __proto__: null });

/** Options as an object: `undefined` has none. */
function optionsOf(options) {
  if (options === undefined) return NO_OPTIONS;
  if (options === null) throw new TypeError("options cannot be null");
  return Object(options);
}

/** An option that is text: one of `values`, if there are any. */
function oneOf(options, name, values, otherwise = undefined) {
  const value = options[name];
  if (value === undefined) return otherwise;
  const text = `${value}`;
  if (values !== undefined && !values.includes(text)) throw new RangeError(`Value ${text} out of range for options property ${name}`);
  return text;
}

const flag = (options, name, otherwise = undefined) => (options[name] === undefined ? otherwise : !!options[name]);

/** An option that is an integer from `min` to `max`. */
function integer(value, name, min, max, otherwise) {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!(number >= min && number <= max)) throw new RangeError(`${name} value is out of range.`);
  return Math.floor(number);
}

/** Every class takes these, and none needs them. */
function matchers(options, ...more) {
  oneOf(options, "localeMatcher", ["lookup", "best fit"]);
  for (const name of more) oneOf(options, name);
}

/** What is `undefined` is not there. */
const present = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const joined = (parts) => parts.map(({ value }) => value).join("");

/** A class of `Intl`: it has a tag, and says which locales it knows. `callable`: without `new`, too. */
function intlClass(Class, callable = false) {
  const tag = { value: `Intl.${Class.name}`, configurable: true };
  Object.defineProperty(Class.prototype, Symbol.toStringTag, tag);
  if (Class !== Locale) {
    const supportedLocalesOf = (locales, options = undefined) => {
      matchers(optionsOf(options));
      return supported(locales);
    };
    Object.defineProperty(Class, "supportedLocalesOf", { value: supportedLocalesOf, writable: true, configurable: true });
  }
  if (!callable) return Class;
  const called = function (...values) {
    return Reflect.construct(Class, values, new.target ?? Class);
  };
  Object.defineProperties(called, Object.getOwnPropertyDescriptors(Class));
  Object.defineProperty(Class.prototype, "constructor", { value: called, writable: true, configurable: true });
  return called;
}

/** The parts of a language tag. Nothing is looked up: `maximize` and `minimize` change nothing. */
class Locale {
  #tag;

  constructor(tag, options = undefined) {
    const base = canonical(tag instanceof Locale ? tag.toString() : tag);
    const { language, script, region } = optionsOf(options);
    const parts = /^([a-z]+)(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|\d{3}))?(.*)$/.exec(base);
    this.#tag = canonical([language ?? parts[1], script ?? parts[2], region ?? parts[3]].filter(Boolean).join("-") + parts[4]);
  }

  #part(pattern) {
    return pattern.exec(this.#tag)?.[1];
  }

  get baseName() {
    return this.#tag.replace(/-[a-z\d]-.*$/, "");
  }

  get language() {
    return this.#part(/^([a-z]+)/);
  }

  get script() {
    return this.#part(/^[a-z]+-([A-Z][a-z]{3})/);
  }

  get region() {
    return this.#part(/^[a-z]+(?:-[A-Z][a-z]{3})?-([A-Z]{2}|\d{3})(?:-|$)/);
  }

  maximize() {
    return new Locale(this.#tag);
  }

  minimize() {
    return new Locale(this.#tag);
  }

  toString() {
    return this.#tag;
  }
}
intlClass(Locale);
