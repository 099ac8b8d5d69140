
// Text in buffers.

const { fromCharCode } = String;
// More arguments than this overflow the stack.
const CHUNK = 4096;

// Lone surrogates stay what they are.
const utf16 = (bytes) => {
  let text = "";
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += CHUNK) {
    const end = min(at + CHUNK, even);
    const units = [];
    for (let i = at; i < end; i += 2) units.push(bytes[i] | (bytes[i + 1] << 8));
    text += fromCharCode(...units);
  }
  return text;
};

const textOf = (bytes, encoding) => (encoding === "utf16le" ? utf16(bytes) : decode(bytes, encoding));

// Writes as much of a text as has room, and no part of a character.
const writeText = (buffer, text, encoding, offset, room) => {
  let bytes = encode(text, encoding);
  if (bytes.length > room) {
    let end = room;
    if (encoding === "utf8") while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
    if (encoding === "utf16le") end &= ~1;
    bytes = bytes.subarray(0, end);
  }
  setBytes(buffer, bytes, offset);
  return bytes.length;
};

const needOffset = (value, name, most) => {
  if (typeof value !== "number") throw wrongType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < 0 || value > most) throw outOfRange(name, `>= 0 && <= ${most}`, value);
};

const textMethods = {
  toString(encoding, start, end) {
    const { length } = this;
    if (arguments.length === 0) return decode(this, "utf8");
    const from = start > 0 ? trunc(start) : 0;
    const to = end === undefined || end > length ? length : trunc(end) || 0;
    if (from >= length || to <= from) return "";
    const part = from === 0 && to === length ? this : new Uint8Array(this.buffer, this.byteOffset + from, to - from);
    return textOf(part, encodingOf(encoding));
  },

  toLocaleString(encoding, start, end) {
    return this.toString(encoding, start, end);
  },

  write(text, offset, length, encoding) {
    if (typeof offset === "string") [offset, length, encoding] = [0, undefined, offset];
    else if (typeof length === "string") [length, encoding] = [undefined, length];
    needString(text, "argument");
    if (offset === undefined) offset = 0;
    else needOffset(offset, "offset", this.length);
    const room = this.length - offset;
    if (length === undefined) length = room;
    else needOffset(length, "length", this.length);
    return writeText(this, text, encodingOf(encoding), offset, min(length, room));
  },

  fill(value, offset, end, encoding) {
    if (typeof value === "string") {
      if (offset === undefined || typeof offset === "string") [encoding, offset, end] = [offset, undefined, undefined];
      else if (typeof end === "string") [encoding, end] = [end, undefined];
      const name = encodingOf(encoding);
      if (value === "") value = 0;
      else {
        value = encode(value, name);
        if (value.length === 0) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "The argument 'value' is invalid");
      }
    }
    if (offset === undefined) offset = 0;
    else needOffset(offset, "offset", Infinity);
    if (end === undefined) end = this.length;
    else needOffset(end, "end", this.length);
    if (offset >= end) return this;
    if (!isView(value)) {
      Typed.fill.call(this, +value & 255, offset, end);
      return this;
    }
    const pattern = bytesOf(value, "value");
    if (pattern.length === 0) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "The argument 'value' is invalid");
    let done = min(pattern.length, end - offset);
    setBytes(this, pattern.length > done ? pattern.subarray(0, done) : pattern, offset);
    while (offset + done < end) {
      const more = min(done, end - offset - done);
      this.copyWithin(offset + done, offset, offset + more);
      done += more;
    }
    return this;
  },
};

// `utf8Slice`, `utf8Write` and their like: old, and still in use.
for (const name of ["utf8", "latin1", "ascii", "hex", "base64", "base64url", "ucs2"]) {
  const encoding = ENCODINGS[name];
  textMethods[`${name}Slice`] = function (start, end) {
    return this.toString(encoding, start, end);
  };
  textMethods[`${name}Write`] = function (text, offset = 0, length = undefined) {
    return this.write(text, offset, length, encoding);
  };
}

copyMethods(prototype, textMethods);
