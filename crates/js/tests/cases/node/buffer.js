import { Buffer } from "node:buffer";
import * as module from "node:buffer";
const hex = (buffer) => Buffer.prototype.hexSlice.call(buffer);
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};

// case: from text
return ["", "abc", "äöü€", "😀", "a\ud800b"].map((text) => hex(Buffer.from(text)));

// case: from text in every encoding
return ["utf8", "utf-8", "UTF8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", "ucs2", "ucs-2", "UTF-16LE"].map(
  (encoding) => hex(Buffer.from("abcdef12", encoding)),
);

// case: from text beyond latin1
return ["latin1", "ascii", "utf16le"].map((encoding) => hex(Buffer.from("a€😀\ud800z", encoding)));

// case: from base64
return ["YWJj", "YW Jj\n", "YWI=", "YWI", "YW", "Y", "YQ==YQ==", "=YWI", "-_+/", "a*b$c d", "YWJj====", ""].map((text) => [
  hex(Buffer.from(text, "base64")),
  hex(Buffer.from(text, "base64url")),
]);

// case: from hexadecimal digits
return ["", "0a", "0aFf", "0a0", "0ag1", "zz", "12 34", "0x12"].map((text) => hex(Buffer.from(text, "hex")));

// case: from arrays
return [[1, 2, 3], [256, -1, 1.9, "7", NaN], [], { length: 2, 0: 5, 1: 6 }, new Uint16Array([1, 300])].map((value) => [...Buffer.from(value)]);

// case: from buffers copies
const one = Buffer.from([1, 2]);
const two = Buffer.from(one);
two[0] = 9;
return [one[0], two[0]];

// case: from memory shares
const memory = new ArrayBuffer(4);
const buffer = Buffer.from(memory, 1, 2);
buffer[0] = 7;
return [buffer.length, buffer.byteOffset, [...new Uint8Array(memory)], buffer.buffer === memory];

// case: from memory out of bounds
const memory = new ArrayBuffer(4);
return [
  code(() => Buffer.from(memory, 5)),
  code(() => Buffer.from(memory, 1, 4)),
  Buffer.from(memory, 4).length,
  Buffer.from(memory, 1, -1).length,
  Buffer.from(memory, "2").length,
];

// case: from objects
return [
  String(Buffer.from(new String("abc"))),
  String(Buffer.from({ [Symbol.toPrimitive]: () => "xyz" })),
  [...Buffer.from({ type: "Buffer", data: [1, 2] })],
  [...Buffer.from(JSON.parse(JSON.stringify(Buffer.from("hi"))))],
  Buffer.from({ length: "x" }).length,
];

// case: from what is nothing
return [undefined, null, 5, true, {}, Symbol("x"), () => {}].map((value) => code(() => Buffer.from(value)));

// case: from an unknown encoding
return code(() => Buffer.from("a", "nonsense"));

// case: without new, and with
return [hex(Buffer("abc")), hex(new Buffer("abc")), Buffer(3).length, hex(new Buffer([1, 2])), code(() => new Buffer(3, "utf8"))];

// case: alloc
return [hex(Buffer.alloc(3)), hex(Buffer.alloc(3, 1)), hex(Buffer.alloc(5, "ab")), hex(Buffer.alloc(4, "YWI=", "base64")), hex(Buffer.alloc(3, Buffer.from([1, 2])))];

// case: alloc of what is no size
return [-1, NaN, "5", undefined, 2 ** 53].map((size) => code(() => Buffer.alloc(size)));

// case: allocUnsafe
return [Buffer.allocUnsafe(5).length, Buffer.allocUnsafeSlow(5).length, code(() => Buffer.allocUnsafe(-1))];

// case: concat
const list = [Buffer.from("ab"), new Uint8Array([99]), Buffer.from("d")];
return [Buffer.concat(list).toString(), Buffer.concat(list, 3).toString(), hex(Buffer.concat(list, 6)), Buffer.concat([]).length];

// case: concat of what is no list
return [code(() => Buffer.concat("x")), code(() => Buffer.concat(["x"])), code(() => Buffer.concat([], "x"))];

// case: isBuffer
return [Buffer.from(""), new Uint8Array(1), "", null, {}, Buffer.alloc(1).subarray(0)].map((value) => Buffer.isBuffer(value));

// case: isEncoding
return ["utf8", "UTF-8", "hex", "base64url", "binary", "utf16le", "x", "", null, 5, undefined].map((name) => Buffer.isEncoding(name));

// case: byteLength
return [
  Buffer.byteLength("äb"),
  Buffer.byteLength("äb", "latin1"),
  Buffer.byteLength("äb", "utf16le"),
  Buffer.byteLength("abc", "hex"),
  Buffer.byteLength("YWI=", "base64"),
  Buffer.byteLength("YW==", "base64"),
  Buffer.byteLength("YWJj", "base64url"),
  Buffer.byteLength("äb", "nonsense"),
  Buffer.byteLength(new ArrayBuffer(7)),
  Buffer.byteLength(new Uint16Array(3)),
  code(() => Buffer.byteLength(5)),
];

// case: compare
const [a, b, c] = ["abc", "abd", "ab"].map((text) => Buffer.from(text));
return [Buffer.compare(a, b), Buffer.compare(b, a), Buffer.compare(a, a), Buffer.compare(a, c), a.compare(b), a.compare(c), code(() => Buffer.compare("a", a))];

// case: compare parts
const a = Buffer.from([1, 2, 3, 4, 5]);
const b = Buffer.from([9, 2, 3, 4, 9]);
return [a.compare(b, 1, 4, 1, 4), a.compare(b, 0, 5), a.compare(b, 1, 4), a.compare(b, 5, 5, 1, 2), a.compare(b, 0, 1, 5), code(() => a.compare(b, 0, 100))];

// case: sorting
return [[3, 1], [1, 2], [1]].map((values) => Buffer.from(values)).sort(Buffer.compare).map(hex);

// case: toString in every encoding
const buffer = Buffer.from([0x61, 0xe4, 0xc3, 0xa4, 0x00, 0xff, 0x62]);
return ["utf8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", undefined].map((encoding) => buffer.toString(encoding));

// case: toString of broken UTF-8
return [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98, 0x61], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x61], [0xff, 0xfe]].map((bytes) => Buffer.from(bytes).toString());

// case: toString of parts
const buffer = Buffer.from("abcdef");
return [
  buffer.toString("utf8", 1, 3),
  buffer.toString("utf8", -1, 3),
  buffer.toString("utf8", 2),
  buffer.toString("utf8", 4, 2),
  buffer.toString("utf8", 0, 100),
  buffer.toString("utf8", 10),
  buffer.toString(undefined, 1.9, 3.9),
  buffer.toString("utf8", "1", "3"),
  code(() => buffer.toString("nonsense")),
];

// case: long texts
const text = "aä€😀".repeat(5000);
return ["utf8", "utf16le", "base64", "hex"].map((encoding) => {
  const buffer = Buffer.from(text);
  return encoding === "utf8" || encoding === "utf16le"
    ? Buffer.from(text, encoding).toString(encoding) === text
    : Buffer.from(buffer.toString(encoding), encoding).equals(buffer);
});

// case: lone surrogates in UTF-16
return Buffer.from("a\ud800\udc00\udfff", "utf16le").toString("utf16le") === "a\ud800\udc00\udfff";

// case: toJSON
return [Buffer.from("hi").toJSON(), JSON.stringify({ b: Buffer.alloc(0) })];

// case: equals
return [Buffer.from("a").equals(Buffer.from("a")), Buffer.from("a").equals(Buffer.from("b")), Buffer.from("a").equals(new Uint8Array([97])), Buffer.from("ab").equals(Buffer.from("a")), code(() => Buffer.from("a").equals("a"))];

// case: indexOf text
const buffer = Buffer.from("this is a buffer");
return [
  buffer.indexOf("is"),
  buffer.indexOf("is", 3),
  buffer.indexOf("is", -12),
  buffer.indexOf("x"),
  buffer.indexOf(""),
  buffer.indexOf("", 5),
  buffer.indexOf("", 100),
  buffer.indexOf("is", 100),
  buffer.indexOf("is", -100),
  buffer.indexOf("is", NaN),
  buffer.indexOf("is", {}),
  buffer.indexOf("this", "utf8"),
  buffer.indexOf("7468", 0, "hex"),
];

// case: indexOf bytes and numbers
const buffer = Buffer.from([1, 2, 3, 2, 1]);
return [
  buffer.indexOf(2),
  buffer.indexOf(2, 2),
  buffer.indexOf(258),
  buffer.indexOf(9),
  buffer.indexOf(-254),
  buffer.indexOf(2.9),
  buffer.indexOf(Buffer.from([2, 1])),
  buffer.indexOf(new Uint8Array([3])),
  buffer.indexOf(Buffer.alloc(0)),
  code(() => buffer.indexOf({})),
  code(() => buffer.indexOf("a", 0, "nonsense")),
];

// case: lastIndexOf
const buffer = Buffer.from("this buffer is a buffer");
return [
  buffer.lastIndexOf("buffer"),
  buffer.lastIndexOf("buffer", 5),
  buffer.lastIndexOf("buffer", 4),
  buffer.lastIndexOf("this"),
  buffer.lastIndexOf("x"),
  buffer.lastIndexOf("buffer", -1),
  buffer.lastIndexOf("buffer", -100),
  buffer.lastIndexOf("buffer", undefined),
  buffer.lastIndexOf("buffer", null),
  buffer.lastIndexOf("b", 100),
  buffer.lastIndexOf(101),
];

// case: indexOf in UTF-16
const buffer = Buffer.from("ab€ab", "utf16le");
return [buffer.indexOf("b", 0, "utf16le"), buffer.indexOf("€", 0, "utf16le"), buffer.lastIndexOf("b", undefined, "utf16le"), buffer.indexOf("b", 3, "utf16le")];

// case: includes
const buffer = Buffer.from("this is");
return [buffer.includes("is"), buffer.includes("isx"), buffer.includes(116), buffer.includes("this", 1), buffer.includes(Buffer.from("s i"))];

// case: slice and subarray share
const buffer = Buffer.from("abcdef");
const part = buffer.slice(1, 3);
part[0] = 0x7a;
return [
  buffer.toString(),
  buffer.slice(-3, -1).toString(),
  buffer.subarray(2).toString(),
  buffer.slice(4, 2).length,
  buffer.slice("1", "2").toString(),
  buffer.slice(1.9).toString(),
  buffer.slice(-100, 100).toString(),
  Buffer.isBuffer(part),
  part.parent === buffer.buffer,
];

// case: methods of arrays give buffers
const buffer = Buffer.from([3, 1, 2]);
return [
  Buffer.isBuffer(buffer.map((x) => x * 2)),
  Buffer.isBuffer(buffer.filter((x) => x > 1)),
  [...buffer.map((x) => x * 100)],
  [...Buffer.from(buffer).sort()],
  [...buffer.entries()],
  buffer.reduce((a, b) => a + b),
  buffer.at(-1),
  Buffer.isBuffer(buffer.toReversed()),
];

// case: write
const buffer = Buffer.alloc(8);
return [
  buffer.write("abc"),
  buffer.write("de", 3),
  buffer.write("fgh", 5, 2),
  buffer.write("zz", 7),
  buffer.toString(),
  buffer.write("4142", "hex"),
  buffer.write("4344", 2, "hex"),
  buffer.write("Z", 4, 1, "latin1"),
  buffer.toString(),
];

// case: write no part of a character
const buffer = Buffer.alloc(4);
return [buffer.write("aä€"), hex(buffer), buffer.write("😀😀"), hex(buffer), Buffer.alloc(3).write("ab", "utf16le"), Buffer.alloc(3).write("aää", 0, 2)];

// case: write where there is no room
const buffer = Buffer.alloc(4);
return [code(() => buffer.write("a", 5)), code(() => buffer.write("a", -1)), code(() => buffer.write(5)), code(() => buffer.write("a", 0, 5)), buffer.write("a", 4), code(() => buffer.write("a", 0, 1, "nonsense"))];

// case: fill
return [
  hex(Buffer.alloc(4).fill(1)),
  hex(Buffer.alloc(4).fill(257)),
  hex(Buffer.alloc(4).fill("abc")),
  hex(Buffer.alloc(4).fill("abc", 1)),
  hex(Buffer.alloc(4).fill("abc", 1, 3)),
  hex(Buffer.alloc(4).fill("6162", "hex")),
  hex(Buffer.alloc(4).fill("")),
  hex(Buffer.alloc(4).fill(Buffer.from([1, 2, 3]), 1)),
  hex(Buffer.alloc(4, 1).fill(0, 2, 2)),
  hex(Buffer.alloc(7).fill("ä")),
  hex(Buffer.alloc(3).fill(true)),
];

// case: fill with what is nothing
return [code(() => Buffer.alloc(4).fill("zz", "hex")), code(() => Buffer.alloc(4).fill(Buffer.alloc(0))), code(() => Buffer.alloc(4).fill(1, 0, 5)), code(() => Buffer.alloc(4).fill(1, -1)), code(() => Buffer.alloc(4).fill("a", 0, 4, "nonsense"))];

// case: copy
const source = Buffer.from("abcdef");
const target = Buffer.alloc(6, 46);
return [source.copy(target, 2), target.toString(), source.copy(target, 0, 4), target.toString(), source.copy(target, 1, 0, 2), target.toString(), source.copy(target, 6), source.copy(target, 0, 3, 3), source.copy(source, 2, 0, 4), source.toString()];

// case: copy out of bounds
const source = Buffer.from("abc");
return [code(() => source.copy(Buffer.alloc(3), -1)), code(() => source.copy(Buffer.alloc(3), 0, 4)), code(() => source.copy(Buffer.alloc(3), 0, -1)), code(() => source.copy("x")), source.copy(Buffer.alloc(3), 0, 0, 100)];

// case: swap
return [hex(Buffer.from([1, 2, 3, 4]).swap16()), hex(Buffer.from([1, 2, 3, 4]).swap32()), hex(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).swap64()), code(() => Buffer.alloc(3).swap16()), code(() => Buffer.alloc(6).swap32()), code(() => Buffer.alloc(6).swap64())];

// case: read integers
const buffer = Buffer.from([0x80, 0x01, 0xff, 0x7f, 0xfe, 0x10]);
const names = ["readUInt8", "readInt8", "readUint8", "readUInt16LE", "readUInt16BE", "readInt16LE", "readInt16BE", "readUInt32LE", "readUInt32BE", "readInt32LE", "readInt32BE"];
return names.map((name) => [buffer[name](), buffer[name](2)]);

// case: read integers of any width
const buffer = Buffer.from([0x80, 0x01, 0xff, 0x7f, 0xfe, 0xf0]);
return [1, 2, 3, 4, 5, 6].map((size) => ["readUIntLE", "readUIntBE", "readIntLE", "readIntBE"].map((name) => buffer[name](0, size)));

// case: write integers
const buffer = Buffer.alloc(4);
return [
  [buffer.writeUInt8(255), hex(buffer)],
  [buffer.writeInt8(-128, 1), hex(buffer)],
  [buffer.writeUInt16LE(0x1234), hex(buffer)],
  [buffer.writeUInt16BE(0x1234, 2), hex(buffer)],
  [buffer.writeInt16LE(-2), hex(buffer)],
  [buffer.writeInt16BE(-2, 2), hex(buffer)],
  [buffer.writeUInt32LE(0xfedcba98), hex(buffer)],
  [buffer.writeUInt32BE(0xfedcba98), hex(buffer)],
  [buffer.writeInt32LE(-5), hex(buffer)],
  [buffer.writeInt32BE(-5), hex(buffer)],
  [buffer.writeUInt8("7"), hex(buffer)],
  [buffer.writeUInt8(1.9), hex(buffer)],
];

// case: write integers of any width
return [1, 2, 3, 4, 5, 6].map((size) =>
  ["writeUIntLE", "writeUIntBE", "writeIntLE", "writeIntBE"].map((name) => {
    const buffer = Buffer.alloc(6);
    return [buffer[name](name.includes("UInt") ? 2 ** (8 * size) - 2 : -(2 ** (8 * size - 1)), 0, size), hex(buffer)];
  }),
);

// case: numbers out of range
const buffer = Buffer.alloc(4);
return [
  code(() => buffer.writeUInt8(256)),
  code(() => buffer.writeUInt8(-1)),
  code(() => buffer.writeInt8(128)),
  code(() => buffer.writeInt16LE(32768)),
  code(() => buffer.writeUInt32BE(2 ** 32)),
  code(() => buffer.writeIntLE(0, 0, 7)),
  code(() => buffer.writeUInt8("x")),
];

// case: places out of range
const buffer = Buffer.alloc(4);
return [
  code(() => buffer.readUInt8(4)),
  code(() => buffer.readUInt8(-1)),
  code(() => buffer.readUInt8(1.5)),
  code(() => buffer.readUInt8("1")),
  code(() => buffer.readUInt32LE(1)),
  code(() => Buffer.alloc(2).readUInt32LE()),
  code(() => Buffer.alloc(2).readDoubleLE()),
  code(() => buffer.readUIntLE(0, 0)),
  code(() => buffer.readUIntLE(0)),
  code(() => buffer.writeUInt16LE(1, 3)),
  code(() => buffer.readBigInt64LE()),
  code(() => buffer.readFloatBE(null)),
];

// case: floats
const buffer = Buffer.alloc(8);
return [1.5, -0.1, NaN, Infinity, 1e300, -0].map((value) => [
  buffer.writeDoubleLE(value),
  hex(buffer),
  Object.is(buffer.readDoubleLE(), value),
  buffer.writeDoubleBE(value) && hex(buffer),
  buffer.writeFloatLE(value, 4),
  hex(buffer),
  String(buffer.readFloatLE(4)),
  buffer.writeFloatBE(value) && hex(buffer),
]);

// case: 64 bits
const buffer = Buffer.alloc(8);
return [
  buffer.writeBigInt64LE(-2n),
  hex(buffer),
  String(buffer.readBigInt64LE()),
  String(buffer.readBigUInt64LE()),
  buffer.writeBigUInt64BE(0x0102030405060708n),
  hex(buffer),
  String(buffer.readBigUint64BE()),
  code(() => buffer.writeBigInt64BE(2n ** 63n)),
  code(() => buffer.writeBigUInt64LE(-1n)),
  code(() => buffer.writeBigUInt64LE(1)),
];

// case: a class as Node has it
return [
  Buffer.prototype.constructor === Buffer,
  Object.getPrototypeOf(Buffer) === Uint8Array,
  Buffer.from("a") instanceof Uint8Array,
  Buffer.from("a").constructor.name,
  Buffer.name,
  Object.keys(Buffer.from("ab")),
  Object.prototype.toString.call(Buffer.alloc(0)),
  Buffer.BYTES_PER_ELEMENT,
  Buffer.poolSize,
];

// case: classes that extend it in the old way
function SafeBuffer(value, encoding) {
  return Buffer(value, encoding);
}
SafeBuffer.prototype = Object.create(Buffer.prototype);
for (const key in Buffer) if (key !== "parent") SafeBuffer[key] = Buffer[key];
return [SafeBuffer("a") instanceof Buffer, typeof SafeBuffer.from, typeof SafeBuffer.concat, String(SafeBuffer.from("x"))];

// case: what the module exports
const { atob, btoa, constants, isAscii, isUtf8, kMaxLength, transcode } = module;
return [
  btoa("abc"),
  atob("YWJj"),
  typeof constants.MAX_LENGTH,
  typeof kMaxLength,
  isUtf8(Buffer.from("ä")),
  isUtf8(Buffer.from([0xff])),
  isAscii(Buffer.from("a")),
  isAscii(Buffer.from("ä")),
  hex(transcode(Buffer.from("€"), "utf8", "utf16le")),
  module.default.Buffer === Buffer,
  globalThis.Buffer === Buffer,
];

// case: copyBytesFrom
const words = new Uint16Array([0x0102, 0x0304, 0x0506]);
return [hex(Buffer.copyBytesFrom(words)), hex(Buffer.copyBytesFrom(words, 1)), hex(Buffer.copyBytesFrom(words, 1, 1)), Buffer.copyBytesFrom(words, 9).length, code(() => Buffer.copyBytesFrom([1]))];

// case: old slices and writes
const buffer = Buffer.from("abc");
return [buffer.utf8Slice(0, 2), buffer.hexSlice(), buffer.base64Slice(0, 3), buffer.latin1Slice(1), buffer.asciiSlice(0, 1), buffer.utf8Write("z", 1), buffer.toString()];

// case: of
return [hex(Buffer.of(1, 2, 257)), Buffer.isBuffer(Buffer.of())];

// case: sets bytes
const buffer = Buffer.alloc(4);
buffer.set([1, 2], 1);
buffer.set(Buffer.from([9]), 3);
return hex(buffer);

// case: iterates and spreads
return [[...Buffer.from("ab")], Array.from(Buffer.from("ab").keys()), Object.entries(Buffer.from("ab"))];

// case: in template and concatenation
return [`${Buffer.from("ä")}`, Buffer.from("a") + "b"];
