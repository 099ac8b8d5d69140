// `FormData` (XHR §5).

/** The entries of a form, each `{ name, value }`. Throws where the value is no form. */
let entriesOf;

/** Whether the value is a FormData. */
export let isFormData;

/** A value of an entry: text, or a file. */
function valueOf(what, value, given, filename) {
  if (!isBlob(value)) {
    if (given) throw new TypeError(`${what}: only a Blob has a file name`);
    return `${value}`.toWellFormed();
  }
  const isFile = value instanceof File;
  if (isFile && !given) return value;
  const { type, lastModified } = value;
  return newFile(bytesOf(value), given ? `${filename}` : "blob", { type, lastModified });
}

function* iterate(entries, make) {
  // Entries that come while somebody iterates are seen, and those that go are not.
  for (let at = 0; at < entries.length; at += 1) yield make(entries[at]);
}

export class FormData {
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError("FormData: there are no forms here to take entries from");
  }

  static {
    entriesOf = (form) => form.#entries;
    isFormData = (value) => typeof value === "object" && value !== null && #entries in value;
  }

  append(name, value, filename = undefined) {
    needs(2, arguments, "append");
    const key = `${name}`.toWellFormed();
    this.#entries.push({ name: key, value: valueOf("append", value, arguments.length > 2, filename) });
  }

  set(name, value, filename = undefined) {
    needs(2, arguments, "set");
    const entry = { name: `${name}`.toWellFormed(), value: valueOf("set", value, arguments.length > 2, filename) };
    const entries = this.#entries;
    const at = entries.findIndex((it) => it.name === entry.name);
    if (at < 0) {
      entries.push(entry);
    } else {
      entries[at] = entry;
      this.#keep((it) => it === entry || it.name !== entry.name);
    }
  }

  delete(name) {
    needs(1, arguments, "delete");
    const key = `${name}`.toWellFormed();
    this.#keep((it) => it.name !== key);
  }

  /** In place: somebody may iterate. */
  #keep(wanted) {
    this.#entries.splice(0, this.#entries.length, ...this.#entries.filter(wanted));
  }

  get(name) {
    needs(1, arguments, "get");
    const key = `${name}`.toWellFormed();
    return this.#entries.find((it) => it.name === key)?.value ?? null;
  }

  getAll(name) {
    needs(1, arguments, "getAll");
    const key = `${name}`.toWellFormed();
    return this.#entries.filter((it) => it.name === key).map((it) => it.value);
  }

  has(name) {
    needs(1, arguments, "has");
    const key = `${name}`.toWellFormed();
    return this.#entries.some((it) => it.name === key);
  }

  forEach(callback, self = undefined) {
    needs(1, arguments, "forEach");
    if (typeof callback !== "function") throw new TypeError("forEach: the callback is not a function");
    for (const { name, value } of iterate(this.#entries, (it) => it)) Reflect.apply(callback, self, [value, name, this]);
  }

  entries() {
    return iterate(this.#entries, ({ name, value }) => [name, value]);
  }

  keys() {
    return iterate(this.#entries, ({ name }) => name);
  }

  values() {
    return iterate(this.#entries, ({ value }) => value);
  }
}
asInterface(FormData);
Object.defineProperty(FormData.prototype, Symbol.iterator, {
  value: FormData.prototype.entries,
  writable: true,
  configurable: true,
});
