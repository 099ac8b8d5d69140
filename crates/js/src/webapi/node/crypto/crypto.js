// `node:crypto`: hashes, HMAC, randomness, derived keys, ciphers and signatures at once, and the Web Cryptography
// API, whose keys and algorithms they are. What most do not use is loaded when it is first called.

import { digestSync, hmacSync, loadArea, randomBytes as random, timingSafeEqual as equal } from "tollgate:crypto";
import { Buffer, bytesOf } from "tollgate:node-buffer-class";
import { CIPHERS, HASHES, constants, dataOf, encoded, hashNamed, later, view } from "tollgate:node-crypto-common";
import { KeyObject, createPrivateKey, createPublicKey, createSecretKey } from "tollgate:node-crypto-keys";
import { coded, needString, outOfRange, wrongType } from "tollgate:node-errors";

export { KeyObject, constants, createPrivateKey, createPublicKey, createSecretKey };

export const webcrypto = globalThis.crypto;

// What is fed piece by piece, and asked once.
class Accumulator {
  #chunks = [];
  #finish;

  constructor(finish, chunks = []) {
    this.#finish = finish;
    this.#chunks = chunks;
  }

  update(data, encoding = undefined) {
    if (this.#finish === undefined) throw this.finalized();
    // A copy: the caller may change what is theirs.
    this.#chunks.push(typeof data === "string" ? dataOf(data, encoding, "data") : Buffer.from(dataOf(data, encoding, "data")));
    return this;
  }

  bytes() {
    const finish = this.#finish;
    if (finish === undefined) throw this.finalized();
    this.#finish = undefined;
    const bytes = finish(this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks));
    this.#chunks = [];
    return bytes;
  }

  again() {
    if (this.#finish === undefined) throw this.finalized();
    return [this.#finish, [...this.#chunks]];
  }

  finalized() {
    return coded(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
  }
}

export class Hash extends Accumulator {
  digest(encoding) {
    return encoded(this.bytes(), encoding);
  }

  copy() {
    return new Hash(...this.again());
  }
}

export class Hmac extends Accumulator {
  #done = false;

  // Asked again, there is nothing left of it: so it is in Node.
  digest(encoding) {
    if (this.#done) return encoded(new Uint8Array(), encoding);
    this.#done = true;
    return encoded(this.bytes(), encoding);
  }
}

const notSupported = () =>
  Object.assign(coded(Error, "ERR_OSSL_EVP_UNSUPPORTED", "Digest method not supported"), { reason: "unsupported" });

export function createHash(algorithm) {
  const name = hashNamed(algorithm, notSupported);
  return new Hash((bytes) => digestSync(name, bytes));
}

export function createHmac(algorithm, key) {
  needString(algorithm, "hmac");
  const name = hashNamed(algorithm, () => coded(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${algorithm}`));
  if (key instanceof KeyObject) key = key.export();
  if (key === null || key === undefined) {
    throw wrongType("key", "of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey", key);
  }
  const secret = typeof key === "string" ? Buffer.from(key) : Buffer.from(bytesOf(key, "key"));
  return new Hmac((bytes) => (name === "MD5" ? hmacMd5(secret, bytes) : hmacSync(name, secret, bytes)));
}

// HMAC (RFC 2104) with the one hash that the library has no HMAC for.
const hmacMd5 = (secret, bytes) => {
  const key = Buffer.alloc(64);
  key.set(secret.length > 64 ? digestSync("MD5", secret) : secret);
  const padded = (pad, rest) => digestSync("MD5", Buffer.concat([key.map((byte) => byte ^ pad), rest]));
  return padded(0x5c, padded(0x36, bytes));
};

/** The digest of something that is all there. */
export function hash(algorithm, data, encoding = "hex") {
  return createHash(algorithm).update(data).digest(encoding);
}

export const getHashes = () => Object.keys(HASHES);
export const getCiphers = () => Object.keys(CIPHERS);
export const getCurves = () => [];
export const getFips = () => 0;

const MOST = 2 ** 31 - 1;

export function randomBytes(size, callback = undefined) {
  if (typeof size !== "number") throw wrongType("size", "of type number", size);
  if (!(size >= 0 && size <= MOST)) throw outOfRange("size", `>= 0 && <= ${MOST}`, size);
  if (callback !== undefined) return later(callback, () => view(random(size)));
  return view(random(size));
}
export const pseudoRandomBytes = randomBytes;
export const prng = randomBytes;
export const rng = randomBytes;

export function randomFillSync(buffer, offset = 0, size = undefined) {
  const bytes = bytesOf(buffer, "buf");
  const width = buffer.BYTES_PER_ELEMENT ?? 1;
  const [from, length] = [offset * width, size === undefined ? bytes.length - offset * width : size * width];
  if (from > bytes.length || from < 0) throw outOfRange("offset", `>= 0 && <= ${bytes.length}`, offset);
  if (from + length > bytes.length || length < 0) throw outOfRange("size", `<= ${bytes.length - from}`, size);
  bytes.set(random(length), from);
  return buffer;
}

export function randomFill(buffer, ...rest) {
  const callback = rest.pop();
  return later(callback, () => randomFillSync(buffer, ...rest));
}

export const randomUUID = () => webcrypto.randomUUID();
export const getRandomValues = (array) => webcrypto.getRandomValues(array);

export function randomInt(min, max = undefined, callback = undefined) {
  if (max === undefined || typeof max === "function") [min, max, callback] = [0, min, max];
  if (!Number.isSafeInteger(min)) throw wrongType("min", "a safe integer", min);
  if (!Number.isSafeInteger(max)) throw wrongType("max", "a safe integer", max);
  const range = max - min;
  if (!(max > min)) throw outOfRange("max", `greater than the value of "min" (${min})`, max);
  if (!(range < 2 ** 48)) throw outOfRange(min === 0 ? "max" : "max - min", `<= ${2 ** 48 - 1}`, range);
  const make = () => {
    // What is beyond the last whole range would favour small numbers.
    const limit = 2 ** 48 - (2 ** 48 % range);
    while (true) {
      const value = view(random(6)).readUIntBE(0, 6);
      if (value < limit) return (value % range) + min;
    }
  };
  return callback === undefined ? make() : later(callback, make);
}

export function timingSafeEqual(one, other) {
  const [first, second] = [bytesOf(one, "buf1"), bytesOf(other, "buf2")];
  if (first.byteLength !== second.byteLength) {
    throw coded(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  }
  return equal(first, second);
}

const refused = (name) =>
  function () {
    const message = `crypto.${name} is not available in scripts: crypto.subtle may have it`;
    throw coded(Error, "ERR_FEATURE_UNAVAILABLE", message);
  };

export const createDiffieHellman = refused("createDiffieHellman");
export const createECDH = refused("createECDH");
export const diffieHellman = refused("diffieHellman");
export const generateKey = refused("generateKey");
export const generateKeyPair = refused("generateKeyPair");
export const generateKeyPairSync = refused("generateKeyPairSync");
export const generateKeySync = refused("generateKeySync");
export const generatePrimeSync = refused("generatePrimeSync");
export const privateDecrypt = refused("privateDecrypt");
export const privateEncrypt = refused("privateEncrypt");
export const publicDecrypt = refused("publicDecrypt");
export const publicEncrypt = refused("publicEncrypt");
export const scrypt = refused("scrypt");
export const scryptSync = refused("scryptSync");
export const X509Certificate = refused("X509Certificate");

const from =
  (area, name) =>
  (...values) =>
    loadArea(area)[name](...values);

export const createCipheriv = from("node-crypto-ciphers", "createCipheriv");
export const createDecipheriv = from("node-crypto-ciphers", "createDecipheriv");
export const hkdf = from("node-crypto-derive", "hkdf");
export const hkdfSync = from("node-crypto-derive", "hkdfSync");
export const pbkdf2 = from("node-crypto-derive", "pbkdf2");
export const pbkdf2Sync = from("node-crypto-derive", "pbkdf2Sync");
export const createSign = from("node-crypto-sign", "createSign");
export const createVerify = from("node-crypto-sign", "createVerify");
export const sign = from("node-crypto-sign", "sign");
export const verify = from("node-crypto-sign", "verify");

// The Web's object, loaded when it is first used.
const method =
  (name) =>
  (...values) =>
    webcrypto.subtle[name](...values);
const METHODS = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
];
export const subtle = Object.fromEntries(METHODS.map((name) => [name, method(name)]));

export default {
  Hash,
  Hmac,
  KeyObject,
  X509Certificate,
  constants,
  createCipheriv,
  createDecipheriv,
  createDiffieHellman,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  diffieHellman,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  generatePrimeSync,
  getCiphers,
  getCurves,
  getFips,
  getHashes,
  getRandomValues,
  hash,
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  privateDecrypt,
  privateEncrypt,
  prng,
  pseudoRandomBytes,
  publicDecrypt,
  publicEncrypt,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  rng,
  scrypt,
  scryptSync,
  sign,
  subtle,
  timingSafeEqual,
  verify,
  webcrypto,
};
