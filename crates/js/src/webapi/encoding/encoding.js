// `TextEncoder`, `TextDecoder` and their streams (Encoding Standard §7).

const { encode, encodeInto, nameOf, decode, begin, push } = import.meta.native;

// Attributes and methods of the Web's interfaces are enumerable, and prototypes say what they are of
// (Web IDL, interface prototype objects).
const expose = (interfaceObject) => {
  const { prototype } = interfaceObject;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== "constructor") Object.defineProperty(prototype, key, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: interfaceObject.name, configurable: true });
};

const typedArrayName = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get,
);
const setBytes = Function.prototype.call.bind(Uint8Array.prototype.set);
const NOTHING = new Uint8Array();

export class TextEncoder {
  // What makes an object one of these.
  #utf8 = "utf-8";

  get encoding() {
    return this.#utf8;
  }

  encode(input = "") {
    this.#utf8;
    return encode(input);
  }

  encodeInto(source, destination) {
    this.#utf8;
    if (arguments.length < 2 || typedArrayName(destination) !== "Uint8Array") {
      throw new TypeError("TextEncoder.encodeInto: the destination is a Uint8Array");
    }
    source = `${source}`;
    const [read, bytes] = encodeInto(source, destination.length);
    setBytes(destination, bytes);
    return { read, written: bytes.length };
  }
}
expose(TextEncoder);

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  // The text that comes in pieces, where one does.
  #text;

  constructor(label = "utf-8", options = undefined) {
    this.#encoding = label === "utf-8" ? label : nameOf(label);
    const { fatal, ignoreBOM } = dictionary(options, "TextDecoder");
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = NOTHING, options = undefined) {
    const goesOn = options !== undefined && Boolean(dictionary(options, "TextDecoder.decode").stream);
    if (!goesOn && this.#text === undefined) return decode(input, this.#encoding, this.#fatal, this.#ignoreBOM);
    const text = (this.#text ??= begin(this.#encoding, this.#fatal, this.#ignoreBOM));
    if (!goesOn) this.#text = undefined;
    return push(text, input, !goesOn);
  }
}
expose(TextDecoder);

// What may stand where Web IDL has a dictionary.
const dictionary = (value, where) => {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`${where}: the options are an object`);
  }
  return value;
};

export class TextDecoderStream {
  #decoder;
  #transform;

  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    // An empty piece is no piece.
    const give = (text, controller) => {
      if (text !== "") controller.enqueue(text);
    };
    this.#transform = new TransformStream({
      transform: (chunk, controller) => give(decoder.decode(needChunk(chunk), { stream: true }), controller),
      flush: (controller) => give(decoder.decode(), controller),
    });
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}
expose(TextDecoderStream);

// `decode` takes `undefined` for the end; a chunk never is it.
const needChunk = (chunk) => {
  if (chunk === undefined) throw new TypeError("TextDecoderStream: a chunk is a buffer or a view of one");
  return chunk;
};

const isHigh = (unit) => unit >= 0xd800 && unit <= 0xdbff;

export class TextEncoderStream {
  #utf8 = "utf-8";
  #transform;

  constructor() {
    // The first half of a pair whose second half may be in the next chunk.
    let half = "";
    this.#transform = new TransformStream({
      transform: (chunk, controller) => {
        let text = half + `${chunk}`;
        half = "";
        if (isHigh(text.charCodeAt(text.length - 1))) {
          half = text.slice(-1);
          text = text.slice(0, -1);
        }
        if (text !== "") controller.enqueue(encode(text));
      },
      flush: (controller) => {
        if (half !== "") controller.enqueue(encode(half));
      },
    });
  }

  get encoding() {
    return this.#utf8;
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}
expose(TextEncoderStream);
