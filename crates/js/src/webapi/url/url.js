// `URL` (URL Standard §6.1). A URL is an array of natives: its text, and where its components begin and
// end. Each change makes another array of it.

const { parse, tryParse, change, origin, split, join, compile, partsOfInit } = import.meta.native;

// Attributes and methods of the Web's interfaces are enumerable, and prototypes say what they are of
// (Web IDL, interface prototype objects).
const expose = (interfaceObject) => {
  const { prototype } = interfaceObject;
  for (const [object, hidden] of [[prototype, ["constructor"]], [interfaceObject, ["length", "name", "prototype"]]]) {
    for (const key of Object.getOwnPropertyNames(object)) {
      if (!hidden.includes(key)) Object.defineProperty(object, key, { enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: interfaceObject.name, configurable: true });
};

const needArguments = (given, needed, where) => {
  if (given < needed) {
    const what = needed === 1 ? "1 argument is" : `${needed} arguments are`;
    throw new TypeError(`${where}: ${what} needed, ${given} given`);
  }
};

// What tells the constructors that they are called from here.
const INTERNAL = Symbol("internal");

// The numbers that the natives know the components by.
const PROTOCOL = 0;
const USERNAME = 1;
const PASSWORD = 2;
const HOST = 3;
const HOSTNAME = 4;
const PORT = 5;
const PATHNAME = 6;
const SEARCH = 7;
const HASH = 8;

// How the classes of this module reach into each other.
let setQuery, queryOf, forget;

// `search` and `hash` are empty where nothing follows their mark.
const marked = (text) => (text.length === 1 ? "" : text);

export class URL {
  // 0: text, 1: end of the scheme, 2: end of the username, 3: begin of the host, 4: its end, 5: end of the port,
  // 6: begin of the path, 7: its end, 8: end of the query
  #parts;
  #params;

  constructor(url, base = undefined) {
    this.#parts = url === INTERNAL ? base : parse(url, base);
  }

  static canParse(url, base = undefined) {
    needArguments(arguments.length, 1, "URL.canParse");
    return tryParse(url, base) !== undefined;
  }

  static parse(url, base = undefined) {
    needArguments(arguments.length, 1, "URL.parse");
    const parts = tryParse(url, base);
    return parts === undefined ? null : new URL(INTERNAL, parts);
  }

  #change(component, value) {
    const parts = change(this.#parts[0], component, value);
    if (parts !== undefined) this.#parts = parts;
  }

  get href() {
    return this.#parts[0];
  }
  set href(value) {
    this.#parts = parse(value);
    this.#tell();
  }

  get origin() {
    return origin(this.#parts[0]);
  }

  get protocol() {
    const parts = this.#parts;
    return parts[0].slice(0, parts[1] + 1);
  }
  set protocol(value) {
    this.#change(PROTOCOL, value);
  }

  get username() {
    const parts = this.#parts;
    return parts[0].slice(parts[1] + 3, parts[2]);
  }
  set username(value) {
    this.#change(USERNAME, value);
  }

  get password() {
    const parts = this.#parts;
    return parts[0].slice(parts[2] + 1, parts[3] - 1);
  }
  set password(value) {
    this.#change(PASSWORD, value);
  }

  get host() {
    const parts = this.#parts;
    return parts[0].slice(parts[3], parts[5]);
  }
  set host(value) {
    this.#change(HOST, value);
  }

  get hostname() {
    const parts = this.#parts;
    return parts[0].slice(parts[3], parts[4]);
  }
  set hostname(value) {
    this.#change(HOSTNAME, value);
  }

  get port() {
    const parts = this.#parts;
    return parts[0].slice(parts[4] + 1, parts[5]);
  }
  set port(value) {
    this.#change(PORT, value);
  }

  get pathname() {
    const parts = this.#parts;
    return parts[0].slice(parts[6], parts[7]);
  }
  set pathname(value) {
    this.#change(PATHNAME, value);
  }

  get search() {
    const parts = this.#parts;
    return marked(parts[0].slice(parts[7], parts[8]));
  }
  set search(value) {
    this.#change(SEARCH, value);
    this.#tell();
  }

  get searchParams() {
    return (this.#params ??= new URLSearchParams(INTERNAL, this));
  }

  get hash() {
    const parts = this.#parts;
    return marked(parts[0].slice(parts[8]));
  }
  set hash(value) {
    this.#change(HASH, value);
  }

  toString() {
    return this.#parts[0];
  }

  toJSON() {
    return this.#parts[0];
  }

  // The parameters read the query again when they are next asked.
  #tell() {
    if (this.#params !== undefined) forget(this.#params);
  }

  // What the parameters of a URL do to it: its query is what they are as text.
  static {
    setQuery = (url, query) => url.#change(SEARCH, query === "" ? "" : `?${query}`);
    queryOf = (url) => {
      const parts = url.#parts;
      return parts[0].slice(parts[7] + 1, parts[8]);
    };
  }
}
expose(URL);
