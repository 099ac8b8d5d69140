// `Blob` and `File` (File API §3, §4). The bytes of a blob never change; a slice shares those of the whole.

const native = import.meta.native;

/** Makes of a class what Web IDL makes of an interface: members are enumerable, and it has a tag. */
function asInterface(Class) {
  const { prototype } = Class;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== "constructor") Object.defineProperty(prototype, name, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
}

function needs(count, values, what) {
  if (values.length < count) throw new TypeError(`${what} needs ${count} argument${count === 1 ? "" : "s"}`);
}

/** Text as bytes, with U+FFFD for halves of pairs. */
const encode = (text) => native.encode(text);

/** Bytes one after the other. */
export function concat(chunks) {
  if (chunks.length === 1) return chunks[0];
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

const viewOf = (buffer) => new Uint8Array(buffer);
const isBuffer = (value) => value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

function partOf(part, endings) {
  if (isBlob(part)) return bytesOf(part);
  // `slice` copies: whoever made the part may change it.
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength).slice();
  if (typeof part === "object" && part !== null && isBuffer(part)) return viewOf(part).slice();
  const text = `${part}`;
  return encode(endings === "native" ? text.replace(/\r\n?/g, "\n") : text);
}

function partsOf(value) {
  if (value === undefined) return [];
  if ((typeof value !== "object" && typeof value !== "function") || value === null || typeof value[Symbol.iterator] !== "function") {
    throw new TypeError("the parts of a blob have to be a list");
  }
  return [...value];
}

const typeOf = (text) => (/[^\x20-\x7e]/.test(text) ? "" : text.toLowerCase());

function optionsOf(value) {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError("options have to be an object");
  return value;
}

/** Says that a blob is made of bytes that are at hand. Never leaves the engine's own code. */
const OF_BYTES = Symbol("of bytes");

/** The bytes of a blob. They must not be changed. Throws where the value is no blob. */
export let bytesOf;

/** Whether the value is a blob, or a file. */
export let isBlob;

const CHUNK = 65536;

export class Blob {
  #bytes;
  #type;

  constructor(parts = undefined, options = undefined) {
    if (parts === OF_BYTES) {
      this.#bytes = options.bytes;
      this.#type = options.type;
      return;
    }
    const items = partsOf(parts);
    const { endings = "transparent", type = "" } = optionsOf(options);
    if (`${endings}` !== "transparent" && `${endings}` !== "native") {
      throw new TypeError("endings have to be `transparent` or `native`");
    }
    this.#bytes = concat(items.map((part) => partOf(part, `${endings}`)));
    this.#type = typeOf(`${type}`);
  }

  static {
    bytesOf = (blob) => blob.#bytes;
    isBlob = (value) => typeof value === "object" && value !== null && #bytes in value;
  }

  get size() {
    return this.#bytes.byteLength;
  }

  get type() {
    return this.#type;
  }

  slice(start = 0, end = undefined, contentType = "") {
    const size = this.#bytes.byteLength;
    // `[Clamp]` rounds; NaN is 0.
    const clamp = (value) => {
      const at = Math.round(+value) || 0;
      return at < 0 ? Math.max(size + at, 0) : Math.min(at, size);
    };
    const from = clamp(start);
    const bytes = this.#bytes.subarray(from, Math.max(from, end === undefined ? size : clamp(end)));
    return new Blob(OF_BYTES, { bytes, type: typeOf(`${contentType}`) });
  }

  stream() {
    const bytes = this.#bytes;
    let at = 0;
    const pull = (controller) => {
      if (at < bytes.byteLength) {
        controller.enqueue(bytes.slice(at, at + CHUNK));
        at += CHUNK;
      }
      if (at >= bytes.byteLength) {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    };
    return new globalThis.ReadableStream({ type: "bytes", pull }, { highWaterMark: 0 });
  }

  async text() {
    return native.decode(this.#bytes);
  }

  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }

  async bytes() {
    return this.#bytes.slice();
  }
}
asInterface(Blob);

/** A blob of bytes that nobody else has. */
export const newBlob = (bytes, type = "") => new Blob(OF_BYTES, { bytes, type: typeOf(type) });

export class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    needs(2, arguments, "File");
    if (parts === undefined) throw new TypeError("the parts of a file have to be a list");
    super(parts, options);
    this.#name = `${name}`.toWellFormed();
    const { lastModified } = optionsOf(options);
    this.#lastModified = lastModified === undefined ? Date.now() : Math.trunc(+lastModified) || 0;
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }
}
asInterface(File);

/** A file of bytes that nobody else has; its type is taken as it is. */
export const newFile = (bytes, name, { type, lastModified }) => new File(OF_BYTES, name, { bytes, type, lastModified });

/** Another blob, or file, with the same bytes. */
export function cloneBlob(blob) {
  const { type } = blob;
  if (blob instanceof File) return newFile(bytesOf(blob), blob.name, { type, lastModified: blob.lastModified });
  return newBlob(bytesOf(blob), type);
}
