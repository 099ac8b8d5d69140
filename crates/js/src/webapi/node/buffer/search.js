
// Finding bytes in buffers.

const firstIndex = Function.prototype.call.bind(Typed.indexOf);
const lastIndex = Function.prototype.call.bind(Typed.lastIndexOf);

const matches = (bytes, needle, at) => {
  for (let i = 1; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
  return true;
};

// Where the needle begins, looking from `at` on; every `step`-th place counts.
const searchForward = (bytes, needle, at, step) => {
  const last = bytes.length - needle.length;
  while (at <= last) {
    at = firstIndex(bytes, needle[0], at);
    if (at < 0 || at > last) return -1;
    if (at % step === 0 && matches(bytes, needle, at)) return at;
    at++;
  }
  return -1;
};

const searchBackward = (bytes, needle, at, step) => {
  at = min(at, bytes.length - needle.length);
  while (at >= 0) {
    at = lastIndex(bytes, needle[0], at);
    if (at < 0) return -1;
    if (at % step === 0 && matches(bytes, needle, at)) return at;
    at--;
  }
  return -1;
};

const search = (buffer, value, byteOffset, encoding, forward) => {
  if (typeof byteOffset === "string") [byteOffset, encoding] = [undefined, byteOffset];
  const { length } = buffer;
  let at = +byteOffset;
  if (Number.isNaN(at)) at = forward ? 0 : length;
  at = trunc(at);
  if (at < 0) at += length;
  if (typeof value === "number") {
    value = new Uint8Array([value >>> 0]);
    encoding = undefined;
  } else if (typeof value === "string") {
    value = encode(value, encodingOf(encoding));
  } else {
    needBytes(value, "value");
  }
  if (at < 0) {
    if (!forward) return -1;
    at = 0;
  }
  if (value.length === 0) return at < length ? at : length;
  if (length === 0) return -1;
  const step = encoding !== undefined && known(encoding) === "utf16le" ? 2 : 1;
  at -= at % step;
  return forward ? searchForward(buffer, value, at, step) : searchBackward(buffer, value, at, step);
};

copyMethods(prototype, {
  indexOf(value, byteOffset, encoding) {
    return search(this, value, byteOffset, encoding, true);
  },

  lastIndexOf(value, byteOffset, encoding) {
    return search(this, value, byteOffset, encoding, false);
  },

  includes(value, byteOffset, encoding) {
    return search(this, value, byteOffset, encoding, true) !== -1;
  },
});
