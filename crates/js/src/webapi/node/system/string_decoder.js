// `node:string_decoder`: text of bytes that come in pieces.

import { Buffer } from "tollgate:node-buffer-class";
import { coded, wrongType } from "tollgate:node-errors";

const NAMES = { "utf-8": "utf8", binary: "latin1", ucs2: "utf16le", "ucs-2": "utf16le", "utf-16le": "utf16le" };

// How many bytes of what has come make no text yet.
const unfinished = (encoding, bytes) => {
  if (encoding === "utf16le") {
    const odd = bytes.length % 2;
    const high = bytes.length - odd >= 2 && (bytes[bytes.length - odd - 1] & 0xfc) === 0xd8;
    return odd + (high ? 2 : 0);
  }
  return encoding === "base64" || encoding === "base64url" ? bytes.length % 3 : 0;
};

export class StringDecoder {
  #rest = Buffer.alloc(0);
  #utf8;

  constructor(encoding = "utf8") {
    if (!Buffer.isEncoding(encoding ?? "utf8")) throw coded(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
    const name = `${encoding ?? "utf8"}`.toLowerCase();
    this.encoding = NAMES[name] ?? name;
    if (this.encoding === "utf8") this.#utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  write(input) {
    if (typeof input === "string") return input;
    if (!ArrayBuffer.isView(input)) throw wrongType("buf", "an instance of Buffer, TypedArray, or DataView", input);
    if (this.#utf8 !== undefined) return this.#utf8.decode(input, { stream: true });
    const bytes = Buffer.concat([this.#rest, new Uint8Array(input.buffer, input.byteOffset, input.byteLength)]);
    const end = bytes.length - unfinished(this.encoding, bytes);
    this.#rest = bytes.subarray(end);
    return bytes.toString(this.encoding, 0, end);
  }

  end(input = undefined) {
    const text = input === undefined ? "" : this.write(input);
    if (this.#utf8 !== undefined) return text + this.#utf8.decode();
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return text + rest.toString(this.encoding);
  }

  text(input, offset) {
    this.#rest = Buffer.alloc(0);
    return this.write(input.slice(offset));
  }
}

export default { StringDecoder };
