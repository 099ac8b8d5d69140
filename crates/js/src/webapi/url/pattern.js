
// `URLPattern` (URL Pattern Standard §1).

const MEMBERS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash", "baseURL"];
const COMPONENTS = MEMBERS.slice(0, 8);

const noString = (value) => value === undefined || value === null || isObject(value);

// The members of a `URLPatternInit`, in the order of the natives.
const membersOf = (init) => {
  const members = [];
  for (const name of MEMBERS) {
    const value = init?.[name];
    members.push(value === undefined ? undefined : text(value));
  }
  return members;
};

// The standard asks for the flag `v`, with which the engine refuses some of what stands outside of classes
// (`::`, `/`). It makes a difference in groups of the user's alone, and `u` reads what it has refused.
const regexpOf = (source, hasRegExp, ignoreCase) => {
  const i = ignoreCase ? "i" : "";
  if (hasRegExp) {
    try {
      return new RegExp(source, `v${i}`);
    } catch {}
  }
  return new RegExp(source, `u${i}`);
};

// How a component is matched: as anything, as the only text that matches, or by a regular expression.
const componentOf = ([pattern, source, names, hasRegExp, only], index, ignoreCase) => {
  const component = { pattern, names, hasRegExp, only, any: pattern === "*", regexp: undefined };
  if (only === undefined && !component.any) {
    try {
      component.regexp = regexpOf(source, hasRegExp, ignoreCase);
    } catch (error) {
      throw new TypeError(`Invalid URL pattern: the regular expression of ${COMPONENTS[index]}: ${error.message}`);
    }
  }
  return component;
};

const exec = Function.prototype.call.bind(RegExp.prototype.exec);

const matches = ({ regexp, only }, input) => (regexp === undefined ? input === only : exec(regexp, input) !== null);

// `{ input, groups }`, or nothing where the input does not match.
const resultOf = ({ regexp, only, names }, input) => {
  if (regexp === undefined) return input === only ? { input, groups: {} } : undefined;
  const found = exec(regexp, input);
  if (found === null) return undefined;
  const groups = {};
  for (let i = 0; i < names.length; i++) groups[names[i]] = found[i + 1];
  return { input, groups };
};

const BASE_TWICE = "URLPattern: the base URL of an object is its member `baseURL`";

// The components of what is matched, or nothing where it makes no URL.
const partsOf = (input, baseURL) => {
  if (noString(input)) {
    if (baseURL !== undefined) throw new TypeError(BASE_TWICE);
    return partsOfInit(membersOf(input));
  }
  const url = tryParse(input, baseURL);
  if (url === undefined) return undefined;
  // By index: to take an array apart by a pattern is slow.
  const href = url[0];
  const host = url[3];
  return [
    href.slice(0, url[1]),
    href.slice(url[1] + 3, url[2]),
    href.slice(url[2] + 1, host - 1),
    href.slice(host, url[4]),
    href.slice(url[4] + 1, url[5]),
    href.slice(url[6], url[7]),
    href.slice(url[7] + 1, url[8]),
    href.slice(url[8] + 1),
  ];
};

// The inputs as a result repeats them.
const inputsOf = (input, baseURL) => {
  if (!noString(input)) return baseURL === undefined ? [text(input)] : [text(input), text(baseURL)];
  const members = membersOf(input);
  const given = {};
  for (let i = 0; i < MEMBERS.length; i++) if (members[i] !== undefined) given[MEMBERS[i]] = members[i];
  return [given];
};

export class URLPattern {
  #components;
  // The numbers of those components that do not match everything, the path before the host.
  #strict;

  constructor(input = {}, baseURL = undefined, options = undefined) {
    if (arguments.length < 3 && noString(baseURL)) {
      options = baseURL;
      baseURL = undefined;
    } else {
      baseURL = text(baseURL);
    }
    if (!noString(options)) throw new TypeError("URLPattern: the options are not an object");
    const ignoreCase = Boolean(options?.ignoreCase);
    if (noString(input)) {
      if (baseURL !== undefined) throw new TypeError(BASE_TWICE);
      input = membersOf(input);
    } else {
      input = text(input);
    }
    const compiled = compile(input, baseURL, ignoreCase);
    // The letters of protocols, users, hosts and ports have the case that they have.
    this.#components = compiled.map((component, index) => componentOf(component, index, ignoreCase && index >= 5));
    this.#strict = [7, 6, 5, 4, 3, 2, 1, 0].filter((index) => !this.#components[index].any);
  }

  test(input = {}, baseURL = undefined) {
    const all = this.#components;
    const strict = this.#strict;
    const parts = partsOf(input, baseURL);
    if (parts === undefined) return false;
    for (let i = 0; i < strict.length; i++) if (!matches(all[strict[i]], parts[strict[i]])) return false;
    return true;
  }

  exec(input = {}, baseURL = undefined) {
    const all = this.#components;
    const strict = this.#strict;
    const parts = partsOf(input, baseURL);
    if (parts === undefined) return null;
    const results = [null, null, null, null, null, null, null, null];
    for (let i = 0; i < strict.length; i++) {
      const result = resultOf(all[strict[i]], parts[strict[i]]);
      if (result === undefined) return null;
      results[strict[i]] = result;
    }
    for (let i = 0; i < 8; i++) if (all[i].any) results[i] = { input: parts[i], groups: { 0: parts[i] } };
    return {
      hash: results[7],
      hostname: results[3],
      inputs: inputsOf(input, baseURL),
      password: results[2],
      pathname: results[5],
      port: results[4],
      protocol: results[0],
      search: results[6],
      username: results[1],
    };
  }

  get protocol() {
    return this.#components[0].pattern;
  }

  get username() {
    return this.#components[1].pattern;
  }

  get password() {
    return this.#components[2].pattern;
  }

  get hostname() {
    return this.#components[3].pattern;
  }

  get port() {
    return this.#components[4].pattern;
  }

  get pathname() {
    return this.#components[5].pattern;
  }

  get search() {
    return this.#components[6].pattern;
  }

  get hash() {
    return this.#components[7].pattern;
  }

  get hasRegExpGroups() {
    return this.#components.some(({ hasRegExp }) => hasRegExp);
  }
}
expose(URLPattern);
