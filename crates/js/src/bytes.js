// How Rust reads buffers: `read(value)` is a Uint8Array over the bytes of a buffer or a view of one, or
// nothing where the value is neither. Runs before any code of users, and keeps what it needs of the
// prototypes, which they may patch later.
() => {
  "use strict";
  const own = (prototype, name) => {
    const { get, value } = Object.getOwnPropertyDescriptor(prototype, name);
    return Function.prototype.call.bind(get ?? value);
  };
  const Bytes = Uint8Array;
  const Shared = globalThis.SharedArrayBuffer;
  const Typed = Object.getPrototypeOf(Uint8Array.prototype);
  const { isView } = ArrayBuffer;
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
  const part = (buffer, offset, length) => new Bytes(buffer, offset, length);
  const nothing = () => new Bytes(0);

  return (value) => {
    if (isView(value)) {
      const { buffer, offset, length } = kind(value) === undefined ? data : typed;
      const whole = buffer(value);
      return gone(whole) ? nothing() : part(whole, offset(value), length(value));
    }
    const length = sizeOf(value);
    if (length === undefined) return undefined;
    return gone(value) ? nothing() : part(value, 0, length);
  };
};
