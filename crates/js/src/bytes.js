// How Rust reads buffers without a pointer into the engine's heap: `read(value, from)` is base64 of
// at most `most` bytes of a buffer or a view of one, or nothing where the value is neither. Runs before
// any code of users, and keeps what it needs of the prototypes, which they may patch later.
(most) => {
  "use strict";
  const own = (prototype, name) => {
    const { get, value } = Object.getOwnPropertyDescriptor(prototype, name);
    return Function.prototype.call.bind(get ?? value);
  };
  const Bytes = Uint8Array;
  const Shared = globalThis.SharedArrayBuffer;
  const Typed = Object.getPrototypeOf(Uint8Array.prototype);
  const { isView } = ArrayBuffer;
  const base64 = own(Uint8Array.prototype, "toBase64");
  const kind = own(Typed, Symbol.toStringTag);
  const typed = { buffer: own(Typed, "buffer"), offset: own(Typed, "byteOffset"), length: own(Typed, "byteLength") };
  const data = {
    buffer: own(DataView.prototype, "buffer"),
    offset: own(DataView.prototype, "byteOffset"),
    length: own(DataView.prototype, "byteLength"),
  };
  const size = own(ArrayBuffer.prototype, "byteLength");
  const sharedSize = Shared && own(Shared.prototype, "byteLength");
  const detached = own(ArrayBuffer.prototype, "detached");
  const { min } = Math;

  const sizeOf = (value) => {
    try {
      return size(value);
    } catch {
      try {
        return sharedSize?.(value);
      } catch {
        return undefined;
      }
    }
  };
  // The standard reads a detached buffer as an empty one (Web IDL, "get a copy of the bytes").
  const gone = (buffer) => {
    try {
      return detached(buffer);
    } catch {
      return false;
    }
  };
  const part = (buffer, offset, length, from) => base64(new Bytes(buffer, offset + from, min(most, length - from)));

  return (value, from) => {
    if (isView(value)) {
      const name = kind(value);
      if (name === "Uint8Array" && from === 0) {
        const length = typed.length(value);
        if (length <= most) return length === 0 ? "" : base64(value);
      }
      const { buffer, offset, length } = name === undefined ? data : typed;
      const whole = buffer(value);
      return gone(whole) ? "" : part(whole, offset(value), length(value), from);
    }
    const length = sizeOf(value);
    if (length === undefined) return undefined;
    return gone(value) ? "" : part(value, 0, length, from);
  };
};
