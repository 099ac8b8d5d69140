
// Numbers in buffers.

const room = new DataView(new ArrayBuffer(8));
const roomBytes = new Uint8Array(room.buffer);

const needPlace = (buffer, offset, size) => {
  if (typeof offset !== "number") throw wrongType("offset", "of type number", offset);
  const last = buffer.length - size;
  if (offset >= 0 && offset <= last && Number.isInteger(offset)) return;
  if (!Number.isInteger(offset)) throw outOfRange("offset", "an integer", offset);
  if (last < 0) throw coded(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", "Attempt to access memory outside buffer bounds");
  throw outOfRange("offset", `>= 0 and <= ${last}`, offset);
};

const needWidth = (size) => {
  if (typeof size !== "number") throw wrongType("byteLength", "of type number", size);
  if (!Number.isInteger(size)) throw outOfRange("byteLength", "an integer", size);
  if (size < 1 || size > 6) throw outOfRange("byteLength", ">= 1 and <= 6", size);
};

const readUnsigned = (buffer, offset, size, little) => {
  needPlace(buffer, offset, size);
  let value = 0;
  if (little) for (let i = size - 1; i >= 0; i--) value = value * 256 + buffer[offset + i];
  else for (let i = 0; i < size; i++) value = value * 256 + buffer[offset + i];
  return value;
};

const readSigned = (buffer, offset, size, little) => {
  const value = readUnsigned(buffer, offset, size, little);
  const over = 2 ** (8 * size);
  return value * 2 >= over ? value - over : value;
};

// Both kinds of integers are the same bytes, modulo a power of two.
const writeInteger = (buffer, value, offset, size, little, least, most) => {
  value = +value;
  needPlaceType(offset);
  if (value > most || value < least) throw outOfRange("value", `>= ${least} and <= ${most}`, value);
  needPlace(buffer, offset, size);
  let rest = trunc(value) || 0;
  for (let i = 0; i < size; i++) {
    const byte = ((rest % 256) + 256) % 256;
    buffer[offset + (little ? i : size - 1 - i)] = byte;
    rest = (rest - byte) / 256;
  }
  return offset + size;
};

const needPlaceType = (offset) => {
  if (typeof offset !== "number") throw wrongType("offset", "of type number", offset);
};

const integers = {};
const define = (names, method) => {
  for (const name of names) integers[name] = method;
};

for (const little of [true, false]) {
  const end = little ? "LE" : "BE";
  for (const size of [1, 2, 4]) {
    if (size === 1 && !little) continue;
    const width = `${size * 8}${size === 1 ? "" : end}`;
    const over = 2 ** (8 * size);
    define([`readUInt${width}`, `readUint${width}`], function (offset = 0) {
      return readUnsigned(this, offset, size, little);
    });
    define([`readInt${width}`], function (offset = 0) {
      return readSigned(this, offset, size, little);
    });
    define([`writeUInt${width}`, `writeUint${width}`], function (value, offset = 0) {
      return writeInteger(this, value, offset, size, little, 0, over - 1);
    });
    define([`writeInt${width}`], function (value, offset = 0) {
      return writeInteger(this, value, offset, size, little, -over / 2, over / 2 - 1);
    });
  }
  define([`readUInt${end}`, `readUint${end}`], function (offset, size) {
    needWidth(size);
    return readUnsigned(this, offset, size, little);
  });
  define([`readInt${end}`], function (offset, size) {
    needWidth(size);
    return readSigned(this, offset, size, little);
  });
  define([`writeUInt${end}`, `writeUint${end}`], function (value, offset, size) {
    needWidth(size);
    return writeInteger(this, value, offset, size, little, 0, 2 ** (8 * size) - 1);
  });
  define([`writeInt${end}`], function (value, offset, size) {
    needWidth(size);
    return writeInteger(this, value, offset, size, little, -(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1);
  });

  // The other kinds go by way of a view.
  const viewed = (name, size, kind, check) => {
    const get = `get${kind}`;
    const set = `set${kind}`;
    define([`read${name}${end}`], function (offset = 0) {
      needPlace(this, offset, size);
      for (let i = 0; i < size; i++) roomBytes[i] = this[offset + i];
      return room[get](0, little);
    });
    define([`write${name}${end}`], function (value, offset = 0) {
      check?.(value);
      needPlace(this, offset, size);
      room[set](0, value, little);
      for (let i = 0; i < size; i++) this[offset + i] = roomBytes[i];
      return offset + size;
    });
  };
  const within = (least, most) => (value) => {
    if (typeof value === "bigint" && (value > most || value < least)) {
      throw outOfRange("value", `>= ${least}n and <= ${most}n`, `${value}n`);
    }
  };
  viewed("Float", 4, "Float32");
  viewed("Double", 8, "Float64");
  viewed("BigInt64", 8, "BigInt64", within(-(2n ** 63n), 2n ** 63n - 1n));
  for (const name of ["BigUInt64", "BigUint64"]) viewed(name, 8, "BigUint64", within(0n, 2n ** 64n - 1n));
}

for (const [name, method] of Object.entries(integers)) defineProperty(method, "name", { value: name });
copyMethods(prototype, integers);
