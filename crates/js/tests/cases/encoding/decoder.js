const decode = (bytes, label, options) => new TextDecoder(label, options).decode(new Uint8Array(bytes));
const EURO = [0xe2, 0x82, 0xac];

// case: characters of one to four bytes
return decode([0x61, 0xc3, 0xa9, ...EURO, 0xf0, 0x9f, 0x98, 0x80, 0x00]);

// case: nothing
return [new TextDecoder().decode(), new TextDecoder().decode(undefined), decode([])];

// case: every kind of view
const { buffer } = new Uint8Array([0x61, ...EURO, 0x62, 0x63, 0x64, 0x65]);
return [
  buffer,
  new DataView(buffer),
  new DataView(buffer, 1, 3),
  new Uint8Array(buffer, 1, 3),
  new Uint8ClampedArray(buffer, 4),
  new Int8Array(buffer),
  new Uint16Array(buffer, 4, 2),
  new Uint32Array(buffer, 4),
  new Float32Array(buffer, 4),
  new Float64Array(buffer),
  new BigInt64Array(buffer),
].map((it) => new TextDecoder().decode(it));

// case: shared memory
const shared = new SharedArrayBuffer(3);
new Uint8Array(shared).set(EURO);
return [new TextDecoder().decode(shared), new TextDecoder().decode(new Uint8Array(shared))];

// case: a buffer that was given away
const buffer = new ArrayBuffer(4);
const view = new Uint8Array(buffer);
if (buffer.transfer) buffer.transfer();
else structuredClone(buffer, { transfer: [buffer] });
return [new TextDecoder().decode(buffer), new TextDecoder().decode(view)];

// case: what is no buffer
return new TextDecoder().decode("text");

// case: null
return new TextDecoder().decode(null);

// case: an array
return new TextDecoder().decode([1, 2]);

// case: bytes that are not UTF-8
return [
  [0xff, 0x61], [0xc3], [0xc3, 0x61], [0xe2, 0x82], [0xe2, 0x82, 0x61], [0xf0, 0x9f, 0x98], [0xc0, 0x80], [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0x80, 0x80], [0xf0, 0x80, 0x80, 0x61], [0xfe, 0xff],
].map((it) => decode(it));

// case: fatal
return decode([0x61, 0xff], "utf-8", { fatal: true });

// case: fatal with an end that is missing
return decode([0xe2, 0x82], "utf-8", { fatal: true });

// case: fatal and fine
return decode([0x61, ...EURO], "utf-8", { fatal: true });

// case: a decoder goes on after an error
const decoder = new TextDecoder("utf-8", { fatal: true });
try { decoder.decode(new Uint8Array([0xff])); } catch {}
return decoder.decode(new Uint8Array([0x61]));

// case: byte order marks
const bom = [0xef, 0xbb, 0xbf];
return [decode([...bom, 0x61]), decode([...bom, ...bom, 0x61]), decode([0x61, ...bom]), decode(bom), decode([...bom, 0x61], "utf-8", { ignoreBOM: true })];

// case: byte order marks of others stay
return [decode([0xff, 0xfe, 0x61, 0x00], "utf-8"), decode([0xef, 0xbb, 0xbf, 0x61], "utf-16le").length];

// case: UTF-16 in both orders
return [
  decode([0x61, 0x00, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde], "utf-16le"),
  decode([0xff, 0xfe, 0x61, 0x00], "utf-16"),
  decode([0xff, 0xfe, 0x61, 0x00], "utf-16le", { ignoreBOM: true }),
  decode([0x00, 0x61, 0x20, 0xac], "utf-16be"),
  decode([0xfe, 0xff, 0x00, 0x61], "utf-16be"),
];

// case: UTF-16 with halves
return [decode([0x00, 0xd8, 0x61, 0x00], "utf-16le"), decode([0x61], "utf-16le"), decode([0x00, 0xdc], "utf-16le")];

// case: UTF-16 that is fatal
return decode([0x00, 0xd8, 0x61, 0x00], "utf-16le", { fatal: true });

// case: other encodings
return [
  decode([0x82, 0xa0, 0x41], "shift_jis"), decode([0xa4, 0xa2], "euc-jp"), decode([0xc4, 0xe3], "gbk"), decode([0x81, 0x30, 0x81, 0x30], "gb18030"),
  decode([0xa7, 0x41], "big5"), decode([0xb0, 0xa1], "euc-kr"), decode([0x1b, 0x24, 0x42, 0x24, 0x22], "iso-2022-jp"),
  decode([0xe4, 0xa4], "iso-8859-15"), decode([0xc4, 0xd0], "koi8-r"), decode([0xc0, 0xe0], "windows-1251"), decode([0xe1], "iso-8859-7"),
];

// case: the encoding of the Web that is called Latin 1
// expect: {"returns":["é€—","é€—","ÿ"]}
return [decode([0xe9, 0x80, 0x97], "latin1"), decode([0xe9, 0x80, 0x97], "windows-1252"), decode([0xff], "ascii")];

// case: an encoding of single bytes that is one's own
// expect: {"returns":[97,63360,63487]}
return [...decode([0x61, 0x80, 0xff], "x-user-defined")].map((it) => it.codePointAt(0));

// case: in pieces
const decoder = new TextDecoder();
return [0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0x61].map((it) => decoder.decode(new Uint8Array([it]), { stream: true }));

// case: an end that is missing comes at the end
const decoder = new TextDecoder();
return [decoder.decode(new Uint8Array([0xe2, 0x82]), { stream: true }), decoder.decode(), decoder.decode(new Uint8Array(EURO))];

// case: the mark of a text in pieces
const decoder = new TextDecoder();
const seen = [];
for (let i = 0; i < 2; i++) {
  for (const it of [0xef, 0xbb, 0xbf, 0x61]) seen.push(decoder.decode(new Uint8Array([it]), { stream: true }));
  seen.push(decoder.decode());
}
return seen;

// case: a text in pieces of two bytes each
const decoder = new TextDecoder("utf-16le");
return [[0x3d], [0xd8, 0x00], [0xde, 0x61], [0x00]].map((it) => decoder.decode(new Uint8Array(it), { stream: true }));

// case: fatal in pieces
const decoder = new TextDecoder("utf-8", { fatal: true });
decoder.decode(new Uint8Array([0xe2]), { stream: true });
return decoder.decode();

// case: fatal at the second piece
const decoder = new TextDecoder("utf-8", { fatal: true });
decoder.decode(new Uint8Array([0xe2, 0x82]), { stream: true });
return decoder.decode(new Uint8Array([0x61]), { stream: true });

// case: options
const decoder = new TextDecoder("UTF8", { fatal: 1, ignoreBOM: "" });
return [decoder.encoding, decoder.fatal, decoder.ignoreBOM, new TextDecoder().fatal, new TextDecoder().ignoreBOM];

// case: options that are none
return [new TextDecoder("utf-8", undefined).encoding, new TextDecoder("utf-8", {}).encoding, new TextDecoder(undefined).encoding];

// case: options that are null
return new TextDecoder("utf-8", null).encoding;

// case: options that are a string
return new TextDecoder("utf-8", "fatal").encoding;

// case: what it says it is
return [Object.prototype.toString.call(new TextDecoder()), TextDecoder.name, TextDecoder.length, TextDecoder.prototype.decode.length];

// case: attributes are enumerable
const names = [];
for (const name in new TextDecoder()) names.push(name);
return names.sort();

// case: attributes of something else
return Object.getOwnPropertyDescriptor(TextDecoder.prototype, "encoding").get.call({});

// case: there and back
const text = "\u0000 aé€😀 \u{10ffff}\uffff\n".repeat(5000);
return new TextDecoder().decode(new TextEncoder().encode(text)) === text;

// case: a long buffer
const decoded = new TextDecoder().decode(new Uint8Array(2000003).fill(0x61));
return [decoded.length, decoded === "a".repeat(2000003)];
