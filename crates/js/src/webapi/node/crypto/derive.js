// Keys out of passwords and secrets: PBKDF2 (RFC 8018) and HKDF (RFC 5869).

import { natives } from "tollgate:crypto-derive";
import { Buffer } from "tollgate:node-buffer-class";
import { dataOf, hashNamed, later } from "tollgate:node-crypto-common";
import { KeyObject } from "tollgate:node-crypto-keys";
import { coded, needFunction, outOfRange, wrongType } from "tollgate:node-errors";

const MOST = 2 ** 31 - 1;

const digestNamed = (name) => {
  const hash = hashNamed(name, () => coded(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`));
  if (hash === "MD5") throw coded(TypeError, "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: md5 derives nothing here");
  return hash;
};

const whole = (value, name, least) => {
  if (typeof value !== "number") throw wrongType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < least || value > MOST) throw outOfRange(name, `>= ${least} && <= ${MOST}`, value);
  return value;
};

const copied = (data, name) => Buffer.from(data instanceof KeyObject ? data.export() : dataOf(data instanceof ArrayBuffer ? new Uint8Array(data) : data, "utf8", name));

const pbkdf2Input = (password, salt, iterations, length, digest) => {
  const input = [copied(password, "password"), copied(salt, "salt")];
  return [...input, whole(iterations, "iterations", 1), whole(length, "keylen", 0), digestNamed(digest)];
};

export function pbkdf2Sync(...values) {
  const [password, salt, iterations, length, hash] = pbkdf2Input(...values);
  return Buffer.from(natives.pbkdf2Sync(hash, natives.importSecret(password), salt, iterations, length));
}

export function pbkdf2(password, salt, iterations, length, digest, callback) {
  if (typeof digest === "function") throw wrongType("digest", "of type string", undefined);
  const [secret, salted, rounds, bytes, hash] = pbkdf2Input(password, salt, iterations, length, digest);
  needFunction(callback, "callback");
  // Few rounds are done at once, many are a promise.
  Promise.resolve()
    .then(() => natives.pbkdf2(hash, natives.importSecret(secret), salted, rounds, bytes))
    .then(
      (derived) => callback(null, Buffer.from(derived)),
      (error) => callback(error),
    );
}

export function hkdfSync(digest, secret, salt, info, length) {
  const hash = digestNamed(digest);
  const [key, salted, about] = [copied(secret, "ikm"), copied(salt, "salt"), copied(info, "info")];
  whole(length, "length", 0);
  if (about.length > 1024) throw outOfRange("info", "must not contain more than 1024 bytes", about.length);
  const size = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 }[hash];
  if (length > 255 * size) throw coded(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
  return natives.hkdf(hash, natives.importSecret(key), salted, about, length);
}

export function hkdf(digest, secret, salt, info, length, callback) {
  needFunction(callback, "callback");
  const derived = hkdfSync(digest, secret, salt, info, length);
  later(callback, () => derived);
}
