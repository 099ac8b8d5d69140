import { StringDecoder } from "node:string_decoder";
const inPieces = (encoding, bytes, size) => {
  const decoder = new StringDecoder(encoding);
  const seen = [];
  for (let at = 0; at < bytes.length; at += size) seen.push(decoder.write(Buffer.from(bytes.slice(at, at + size))));
  seen.push(decoder.end());
  return seen;
};

// case: UTF-8, byte by byte
return inPieces("utf8", [...Buffer.from("aä€😀z")], 1);

// case: UTF-8, in pieces
return [2, 3, 5].map((size) => inPieces("utf8", [...Buffer.from("aä€😀zß")], size));

// case: UTF-8 that is broken
return [[0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0x61, 0xff, 0x62], [0xc3, 0x61]].map((bytes) => inPieces("utf8", bytes, 1).join(""));

// case: UTF-8 keeps its mark
return inPieces("utf8", [0xef, 0xbb, 0xbf, 0x61], 2).join("").length;

// case: UTF-16, byte by byte
return inPieces("utf16le", [...Buffer.from("a€😀z", "utf16le")], 1).join("");

// case: UTF-16, in pieces
return [2, 3, 5].map((size) => inPieces("utf16le", [...Buffer.from("a€😀z", "utf16le")], size));

// case: base64 in pieces
return [1, 2, 3, 4].map((size) => inPieces("base64", [1, 2, 3, 4, 5, 6, 7, 8], size));

// case: base64url, hex, latin1, ascii
return ["base64url", "hex", "latin1", "ascii"].map((encoding) => inPieces(encoding, [97, 255, 128, 1, 98], 2));

// case: end with bytes, and again
const decoder = new StringDecoder();
return [decoder.end(Buffer.from([0xe2, 0x82])), decoder.write(Buffer.from("a")), decoder.end()];

// case: names
return ["UTF-8", "binary", "UCS2", "Hex", undefined].map((name) => new StringDecoder(name).encoding);

// case: text is text
return new StringDecoder("utf8").write("abc");

// case: no bytes
return new StringDecoder("utf8").write(5);

// case: no encoding
return new StringDecoder("nonsense");
