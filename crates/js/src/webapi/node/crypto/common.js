// What the parts of `node:crypto` have in common.

import { Buffer, bytesOf } from "tollgate:node-buffer-class";
import { needFunction, needString, wrongType } from "tollgate:node-errors";

// The names of hashes here, and how long they are.
export const HASHES = { __proto__: null, md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

export const hashNamed = (name, unknown) => {
  needString(name, "algorithm");
  const hash = HASHES[name.toLowerCase().replace(/^rsa-/, "").replace(/^sha2?-/, "sha")];
  if (hash === undefined) throw unknown();
  return hash;
};

export const view = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const encoded = (bytes, encoding) => {
  const buffer = view(bytes);
  return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding);
};

export const dataOf = (data, encoding, name) => {
  if (typeof data === "string") return Buffer.from(data, encoding === "buffer" ? "utf8" : encoding);
  if (!ArrayBuffer.isView(data)) throw wrongType(name, "of type string or an instance of Buffer, TypedArray, or DataView", data);
  return bytesOf(data, name);
};

// What takes a callback gives its result later.
export const later = (callback, make) => {
  needFunction(callback, "callback");
  let outcome;
  try {
    outcome = [null, make()];
  } catch (error) {
    outcome = [error];
  }
  queueMicrotask(() => callback(...outcome));
};

/** Ciphers: the mode, and the length of the key in bytes. */
export const CIPHERS = { __proto__: null };
for (const bits of [128, 192, 256]) for (const mode of ["cbc", "ctr", "gcm"]) CIPHERS[`aes-${bits}-${mode}`] = [mode, bits / 8];

export const constants = {
  RSA_PKCS1_PADDING: 1,
  RSA_PKCS1_OAEP_PADDING: 4,
  RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1,
  RSA_PSS_SALTLEN_MAX_SIGN: -2,
  RSA_PSS_SALTLEN_AUTO: -2,
};
