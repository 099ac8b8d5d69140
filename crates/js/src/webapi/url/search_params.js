
// `URLSearchParams` (URL Standard §6.2).

const text = (value) => `${value}`.toWellFormed();

const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// A sequence of two strings.
const pairOf = (value) => {
  if (!isObject(value)) throw new TypeError("URLSearchParams: every pair is an iterable of a name and a value");
  const pair = [];
  for (const item of value) pair.push(text(item));
  if (pair.length !== 2) throw new TypeError("URLSearchParams: every pair has a name and a value, and nothing else");
  return pair;
};

const listOf = (init) => {
  if (!isObject(init)) {
    const query = text(init);
    return split(query.startsWith("?") ? query.slice(1) : query);
  }
  const iterate = init[Symbol.iterator];
  if (iterate !== undefined && iterate !== null) {
    const list = [];
    for (const item of { [Symbol.iterator]: () => Reflect.apply(iterate, init, []) }) list.push(...pairOf(item));
    return list;
  }
  const record = new Map();
  for (const key of Reflect.ownKeys(init)) {
    if (Reflect.getOwnPropertyDescriptor(init, key)?.enumerable) record.set(text(key), text(init[key]));
  }
  return [...record].flat();
};

export class URLSearchParams {
  // Names and values by turns; undefined where the query of the URL has not been read since it changed.
  #list;
  // The URL whose query this is.
  #url;

  constructor(init = "", url = undefined) {
    if (init === INTERNAL) this.#url = url;
    else this.#list = listOf(init);
  }

  #read() {
    return (this.#list ??= split(queryOf(this.#url)));
  }

  #changed() {
    if (this.#url !== undefined) setQuery(this.#url, join(this.#list));
  }

  get size() {
    return this.#read().length / 2;
  }

  append(name, value) {
    needArguments(arguments.length, 2, "URLSearchParams.append");
    const pair = [text(name), text(value)];
    this.#read().push(...pair);
    this.#changed();
  }

  delete(name, value = undefined) {
    needArguments(arguments.length, 1, "URLSearchParams.delete");
    name = text(name);
    if (value !== undefined) value = text(value);
    const list = this.#read();
    const kept = [];
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] !== name || (value !== undefined && list[i + 1] !== value)) kept.push(list[i], list[i + 1]);
    }
    this.#list = kept;
    this.#changed();
  }

  get(name) {
    needArguments(arguments.length, 1, "URLSearchParams.get");
    name = text(name);
    const list = this.#read();
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1];
    return null;
  }

  getAll(name) {
    needArguments(arguments.length, 1, "URLSearchParams.getAll");
    name = text(name);
    const list = this.#read();
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) values.push(list[i + 1]);
    return values;
  }

  has(name, value = undefined) {
    needArguments(arguments.length, 1, "URLSearchParams.has");
    name = text(name);
    if (value !== undefined) value = text(value);
    const list = this.#read();
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === name && (value === undefined || list[i + 1] === value)) return true;
    }
    return false;
  }

  set(name, value) {
    needArguments(arguments.length, 2, "URLSearchParams.set");
    name = text(name);
    value = text(value);
    const list = this.#read();
    const kept = [];
    let found = false;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] !== name) kept.push(list[i], list[i + 1]);
      else if (!found) {
        found = true;
        kept.push(name, value);
      }
    }
    if (!found) kept.push(name, value);
    this.#list = kept;
    this.#changed();
  }

  // By the UTF-16 code units of the names; what has the same name stays in its order.
  sort() {
    const list = this.#read();
    const pairs = [];
    for (let i = 0; i < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
    pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#list = pairs.flat();
    this.#changed();
  }

  forEach(callback, thisArg = undefined) {
    needArguments(arguments.length, 1, "URLSearchParams.forEach");
    if (typeof callback !== "function") throw new TypeError("URLSearchParams.forEach: the callback is not a function");
    for (let i = 0; i < this.#read().length; i += 2) {
      Reflect.apply(callback, thisArg, [this.#list[i + 1], this.#list[i], this]);
    }
  }

  keys() {
    return new Entries(this, this.#read, (list, i) => list[i]);
  }

  values() {
    return new Entries(this, this.#read, (list, i) => list[i + 1]);
  }

  entries() {
    return new Entries(this, this.#read, (list, i) => [list[i], list[i + 1]]);
  }

  toString() {
    return join(this.#read());
  }

  static {
    forget = (params) => (params.#list = undefined);
  }
}
expose(URLSearchParams);
Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
  value: URLSearchParams.prototype.entries,
  writable: true,
  configurable: true,
});

// What iterates sees what is changed meanwhile (Web IDL, iterable declarations).
class Entries {
  #params;
  #read;
  #take;
  #next = 0;

  constructor(params, read, take) {
    this.#params = params;
    this.#read = read;
    this.#take = take;
  }

  next() {
    const list = Reflect.apply(this.#read, this.#params, []);
    const at = this.#next;
    if (at >= list.length) return { value: undefined, done: true };
    this.#next = at + 2;
    return { value: this.#take(list, at), done: false };
  }
}
expose(Entries);
delete Entries.prototype.constructor;
Object.setPrototypeOf(Entries.prototype, Object.getPrototypeOf(Object.getPrototypeOf([].keys())));
Object.defineProperty(Entries.prototype, Symbol.toStringTag, { value: "URLSearchParams Iterator", configurable: true });
