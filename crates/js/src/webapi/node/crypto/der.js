// As much of DER (X.690 §10) as the forms of keys need that the Web Cryptography API does not read.

import { Buffer } from "tollgate:node-buffer-class";

const wrong = () => new Error("the key cannot be read");

/** The element at a place: its tag, its contents, and where the next begins. */
export function element(bytes, at = 0) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  let begin = at + 2;
  if (length === undefined) throw wrong();
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4) throw wrong();
    length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[begin + i] ?? 0);
    begin += count;
  }
  const end = begin + length;
  if (end > bytes.length) throw wrong();
  return { tag, contents: bytes.subarray(begin, end), end };
}

/** The elements that a constructed one holds. */
export function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const one = element(bytes, at);
    found.push({ ...one, whole: bytes.subarray(at, one.end) });
    at = one.end;
  }
  return found;
}

/** An element with these contents. */
export function encode(tag, ...contents) {
  const body = Buffer.concat(contents);
  const size = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const length = body.length < 0x80 ? [body.length] : [0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const BITS = 0x03;
const RSA = Buffer.from("300d06092a864886f70d0101010500", "hex");
const EC = Buffer.from("06072a8648ce3d0201", "hex");
const ZERO = Buffer.from("020100", "hex");

/** What identifies the algorithm of a key, by the hexadecimal digits of its object identifier. */
const KINDS = {
  __proto__: null,
  "2a864886f70d010101": "rsa",
  "2a864886f70d01010a": "rsa-pss",
  "2a8648ce3d0201": "ec",
  "2b6570": "ed25519",
  "2b656e": "x25519",
};

const CURVES = { __proto__: null, "2a8648ce3d030107": "P-256", "2b81040022": "P-384", "2b81040023": "P-521" };

/** PKCS#8 around a key of RSA or of an elliptic curve in its own form (RFC 8017 §A.1.2, RFC 5915 §3). */
export function pkcs8OfRsa(key) {
  return encode(SEQUENCE, ZERO, RSA, encode(OCTETS, key));
}

export function pkcs8OfEc(key) {
  const parameters = elements(element(key).contents).find(({ tag }) => tag === 0xa0);
  if (parameters === undefined) throw wrong();
  return encode(SEQUENCE, ZERO, encode(SEQUENCE, EC, parameters.contents), encode(OCTETS, key));
}

export function spkiOfRsa(key) {
  return encode(SEQUENCE, RSA, encode(BITS, Buffer.from([0]), key));
}

/** Which kind of key a PKCS#8 or SPKI holds, and on which curve. */
export function kindOf(bytes, isPrivate) {
  const parts = elements(element(bytes).contents);
  const algorithm = elements(parts[isPrivate ? 1 : 0].contents);
  const kind = KINDS[algorithm[0].contents.toString("hex")];
  if (kind === undefined) throw new Error("keys of this algorithm are not available in scripts");
  if (kind !== "ec") return { kind };
  const curve = CURVES[algorithm[1].contents.toString("hex")];
  if (curve === undefined) throw new Error("keys of this curve are not available in scripts");
  return { kind, curve };
}

/** A signature of ECDSA as DER has it (RFC 3279 §2.2.3), of the two numbers side by side. */
export function derSignature(raw) {
  const number = (bytes) => {
    let at = 0;
    while (at < bytes.length - 1 && bytes[at] === 0) at += 1;
    const short = bytes.subarray(at);
    return encode(0x02, short[0] >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), short);
  };
  return encode(SEQUENCE, number(raw.subarray(0, raw.length / 2)), number(raw.subarray(raw.length / 2)));
}

/** The other way; nothing where it is none. */
export function rawSignature(der, size) {
  try {
    const outer = element(der);
    const numbers = elements(outer.contents);
    if (outer.end !== der.length || numbers.length !== 2) return undefined;
    const raw = Buffer.alloc(2 * size);
    for (const [place, { contents }] of numbers.entries()) {
      const short = contents[0] === 0 ? contents.subarray(1) : contents;
      if (short.length > size) return undefined;
      raw.set(short, (place + 1) * size - short.length);
    }
    return raw;
  } catch {
    return undefined;
  }
}
