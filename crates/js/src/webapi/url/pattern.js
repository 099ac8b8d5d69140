
// `URLPattern` (URL Pattern Standard §1.1).

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

const matches = (component, input) => {
  if (component.any) return true;
  return component.regexp === undefined ? input === component.only : exec(component.regexp, input) !== null;
};

// `{ input, groups }`, or nothing where the input does not match.
const resultOf = (component, input) => {
  if (component.any) return { input, groups: { 0: input } };
  if (component.regexp === undefined) return input === component.only ? { input, groups: {} } : undefined;
  const found = exec(component.regexp, input);
  if (found === null) return undefined;
  const groups = {};
  const { names } = component;
  for (let i = 0; i < names.length; i++) groups[names[i]] = found[i + 1];
  return { input, groups };
};

const BASE_TWICE = "URLPattern: the base URL of an object is its member `baseURL`";

// What is asked about: the inputs as results repeat them, and their parts, one for each component, where
// they make a URL.
const question = (input, baseURL) => {
  if (noString(input)) {
    if (baseURL !== undefined) throw new TypeError(BASE_TWICE);
    const members = membersOf(input);
    const given = {};
    MEMBERS.forEach((name, index) => {
      if (members[index] !== undefined) given[name] = members[index];
    });
    return { inputs: [given], parts: partsOf(members) };
  }
  input = text(input);
  const inputs = [input];
  if (baseURL !== undefined) {
    baseURL = text(baseURL);
    inputs.push(baseURL);
  }
  const url = tryParse(input, baseURL);
  if (url === undefined) return { inputs, parts: undefined };
  const [href, scheme, username, host, afterHost, afterPort, path, query, hash] = url;
  const parts = [
    href.slice(0, scheme),
    href.slice(scheme + 3, username),
    href.slice(username + 1, host - 1),
    href.slice(host, afterHost),
    href.slice(afterHost + 1, afterPort),
    href.slice(path, query),
    href.slice(query + 1, hash),
    href.slice(hash + 1),
  ];
  return { inputs, parts };
};

export class URLPattern {
  #components;

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
  }

  test(input = {}, baseURL = undefined) {
    const all = this.#components;
    const { parts } = question(input, baseURL);
    if (parts === undefined) return false;
    for (let i = 0; i < 8; i++) if (!matches(all[i], parts[i])) return false;
    return true;
  }

  exec(input = {}, baseURL = undefined) {
    const all = this.#components;
    const { inputs, parts } = question(input, baseURL);
    if (parts === undefined) return null;
    const results = [];
    for (let i = 0; i < 8; i++) {
      const result = resultOf(all[i], parts[i]);
      if (result === undefined) return null;
      results.push(result);
    }
    const [protocol, username, password, hostname, port, pathname, search, hash] = results;
    return { hash, hostname, inputs, password, pathname, port, protocol, search, username };
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
