const bytes = (text) => [...new TextEncoder().encode(text)];
const into = (text, room) => {
  const target = new Uint8Array(room);
  return [new TextEncoder().encodeInto(text, target), [...target]];
};

// case: characters of one to four bytes
return bytes("a\u007f\u0080é\u07ff\u0800€\uffff😀\u{10ffff}\0");

// case: nothing
return [bytes(""), bytes(undefined), [...new TextEncoder().encode()]];

// case: what is no string is made one
return [bytes(null), bytes(12.5), bytes({ toString: () => "x" }), bytes([1, 2])];

// case: a symbol
return bytes(Symbol("x"));

// case: halves of pairs
return [bytes("\ud800"), bytes("a\udc00b"), bytes("\udc00\ud800"), bytes("\ud83d\ude00\ud83d"), bytes("\ud800\ud800\udc00")];

// case: a long text
const encoded = new TextEncoder().encode("aé€😀".repeat(30000));
return [encoded.length, encoded[299999], encoded.byteOffset, encoded.constructor.name];

// case: a text that was put together
let text = "";
for (let i = 0; i < 2000; i++) text += `${i}é`;
return bytes(text).reduce((sum, byte) => (sum * 31 + byte) % 1000003, 0);

// case: the encoding
const encoder = new TextEncoder("utf-16");
return [encoder.encoding, Object.prototype.toString.call(encoder), TextEncoder.length, TextEncoder.name];

// case: called without new
return TextEncoder();

// case: attributes are enumerable
const names = [];
for (const name in new TextEncoder()) names.push(name);
return names.sort();

// case: methods of something else
return TextEncoder.prototype.encode.call({}, "x");

// case: the encoding of something else
return Object.getOwnPropertyDescriptor(TextEncoder.prototype, "encoding").get.call({});

// case: encodeInto with room
return into("aé", 5);

// case: encodeInto writes whole characters
return [into("a€b", 1), into("a€b", 2), into("a€b", 3), into("a€b", 4), into("😀", 3), into("😀", 4), into("é", 0)];

// case: encodeInto counts code units
return [into("😀a", 8), into("\ud800a", 8), into("\ud800", 2)];

// case: encodeInto a part of a buffer
const buffer = new Uint8Array(6);
const result = new TextEncoder().encodeInto("abcdef", buffer.subarray(2, 4));
return [result, [...buffer]];

// case: encodeInto what is no Uint8Array
return new TextEncoder().encodeInto("a", new Uint16Array(4));

// case: encodeInto an array
return new TextEncoder().encodeInto("a", [0, 0]);

// case: encodeInto without a destination
return new TextEncoder().encodeInto("a");

// case: encodeInto something that is no string
// expect: {"returns":[{"read":2,"written":2},[49,50,0,0]]}
return into(12, 4);
