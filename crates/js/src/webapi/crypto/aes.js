// AES-GCM, AES-CBC, AES-CTR and AES-KW (Web Cryptography §27 to §30).

import { optional, required } from "tollgate:crypto-algorithms";
import { checkUsages, checkUseful, noSuchFormat, randomSecret, secretBytes } from "tollgate:crypto-common";
import { bytes, notSupported, octet, operationError, unsignedShort } from "tollgate:crypto-convert";
import encodings from "tollgate:crypto-encodings";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";

const { applyCtr, decryptCbc, encryptCbc, importAes, openGcm, sealGcm, unwrap, wrap } = import.meta.native;
const NOTHING = new Uint8Array(0);
const MODE = { __proto__: null, "AES-GCM": "GCM", "AES-CBC": "CBC", "AES-CTR": "CTR", "AES-KW": "KW" };
const WRAPPING = USAGE.wrapKey | USAGE.unwrapKey;
const ALL = WRAPPING | USAGE.encrypt | USAGE.decrypt;
const TAGS = { __proto__: null, 32: true, 64: true, 96: true, 104: true, 112: true, 120: true, 128: true };

const checkLength = (bits) => {
  if (bits !== 128 && bits !== 192 && bits !== 256) throw operationError("a key of AES has 128, 192 or 256 bits");
  return bits;
};

const make = (name, secret, extractable, usages) => {
  const material = importAes(name, secret);
  return makeKey("secret", extractable, { name, length: secret.byteLength * 8 }, usages, material);
};

/** The operations that do not depend on the mode, for keys with these usages. */
const common = (name, allowed) => ({
  generateKey: {
    params: { length: required(unsignedShort) },
    run({ length }, extractable, usages) {
      checkUsages(name, usages, allowed);
      checkLength(length);
      checkUseful(usages);
      return make(name, randomSecret(length), extractable, usages);
    },
  },
  importKey: {
    params: null,
    run(_, format, data, extractable, usages) {
      checkUsages(name, usages, allowed);
      if (format === "raw") return make(name, secretBytes(data), extractable, usages);
      if (format !== "jwk") throw noSuchFormat(name, format);
      checkJwk(data, "oct", "enc", extractable, usages);
      checkMembers(data, "k");
      const secret = secretBytes(encodings.fromBase64Url(data.k));
      const key = make(name, secret, extractable, usages);
      checkAlg(data, `A${secret.byteLength * 8}${MODE[name]}`);
      return key;
    },
  },
  exportKey: {
    run(record, format) {
      if (format === "raw") return encodings.secretOf(record.material);
      if (format !== "jwk") throw noSuchFormat(name, format);
      const k = encodings.toBase64Url(encodings.secretOf(record.material));
      return makeJwk(record, { kty: "oct", k, alg: `A${record.algorithm.length}${MODE[name]}` });
    },
  },
  getKeyLength: {
    params: { length: required(unsignedShort) },
    run: ({ length }) => checkLength(length),
  },
});

const gcm = {
  additionalData: optional(bytes),
  iv: required(bytes),
  tagLength: optional(octet),
};

const checkTag = (length = 128) => {
  if (TAGS[length] === undefined) throw operationError(`AES-GCM has no tag of ${length} bits`);
  if (length !== 128) throw notSupported("AES-GCM has tags of 128 bits here");
};

const ctr = { counter: required(bytes), length: required(octet) };
const cbc = { iv: required(bytes) };
const count = {
  params: ctr,
  run: ({ counter, length }, record, data) => applyCtr(record.material, counter, length, data),
};

export const algorithms = {
  __proto__: null,
  "AES-GCM": {
    ...common("AES-GCM", ALL),
    encrypt: {
      params: gcm,
      run({ iv, additionalData, tagLength }, record, data) {
        checkTag(tagLength);
        return sealGcm(record.material, iv, additionalData ?? NOTHING, data);
      },
    },
    decrypt: {
      params: gcm,
      run({ iv, additionalData, tagLength }, record, data) {
        checkTag(tagLength);
        return openGcm(record.material, iv, additionalData ?? NOTHING, data);
      },
    },
  },
  "AES-CBC": {
    ...common("AES-CBC", ALL),
    encrypt: { params: cbc, run: ({ iv }, record, data) => encryptCbc(record.material, iv, data) },
    decrypt: { params: cbc, run: ({ iv }, record, data) => decryptCbc(record.material, iv, data) },
  },
  "AES-CTR": { ...common("AES-CTR", ALL), encrypt: count, decrypt: count },
  "AES-KW": {
    ...common("AES-KW", WRAPPING),
    wrapKey: { params: null, run: (_, record, data) => wrap(record.material, data) },
    unwrapKey: { params: null, run: (_, record, data) => unwrap(record.material, data) },
  },
};

/** For `node:crypto`, which calls them at once. */
export const natives = import.meta.native;
