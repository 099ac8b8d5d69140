// HMAC (Web Cryptography §32).

import { hash, optional, required } from "tollgate:crypto-algorithms";
import { checkUsages, checkUseful, noSuchFormat, randomSecret, secretBytes } from "tollgate:crypto-common";
import { dataError, notSupported, operationError, unsignedLong } from "tollgate:crypto-convert";
import encodings from "tollgate:crypto-encodings";
import hashes from "tollgate:crypto-hash";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";

const { importHmac, sign, verify } = hashes;
const BLOCK = { __proto__: null, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };
const ALG = { __proto__: null, "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };

const ALLOWED = USAGE.sign | USAGE.verify;

const make = (params, secret, extractable, usages) => {
  const length = secret.byteLength * 8;
  const algorithm = { name: "HMAC", hash: params.hash, length };
  return makeKey("secret", extractable, algorithm, usages, importHmac(params.hash, secret), secret.byteLength);
};

const lengthOf = ({ hash, length }) => {
  const bits = length ?? BLOCK[hash];
  if (bits === 0) throw operationError("a key of HMAC has at least one bit");
  if (bits % 8 !== 0) throw notSupported("a key of HMAC has whole bytes here");
  return bits;
};

const params = { hash: required(hash), length: optional(unsignedLong) };

const HMAC = {
  sign: {
    params: null,
    run: (_, record, data) => sign(record.material, data),
  },
  verify: {
    params: null,
    run: (_, record, signature, data) => verify(record.material, signature, data),
  },
  generateKey: {
    params,
    run(params, extractable, usages) {
      checkUsages("HMAC", usages, ALLOWED);
      checkUseful(usages);
      return make(params, randomSecret(lengthOf(params)), extractable, usages);
    },
  },
  importKey: {
    params,
    run(params, format, data, extractable, usages) {
      checkUsages("HMAC", usages, ALLOWED);
      let secret = data;
      if (format === "jwk") {
        checkJwk(data, "oct", "sig", extractable, usages);
        checkMembers(data, "k");
        checkAlg(data, ALG[params.hash]);
        secret = encodings.fromBase64Url(data.k);
      } else if (format !== "raw") {
        throw noSuchFormat("HMAC", format);
      }
      const bytes = secretBytes(secret);
      if (bytes.byteLength === 0) throw dataError("a key of HMAC has at least one byte");
      if (params.length !== undefined && params.length !== bytes.byteLength * 8) {
        throw dataError("the key of HMAC is not as long as `length` says");
      }
      return make(params, bytes, extractable, usages);
    },
  },
  exportKey: {
    run(record, format) {
      if (format === "raw") return encodings.secretOf(record.material);
      if (format !== "jwk") throw noSuchFormat("HMAC", format);
      const k = encodings.toBase64Url(encodings.secretOf(record.material));
      return makeJwk(record, { kty: "oct", k, alg: ALG[record.algorithm.hash] });
    },
  },
  getKeyLength: {
    params,
    run({ hash, length }) {
      if (length === 0) throw new TypeError("a key of HMAC has at least one bit");
      return length ?? BLOCK[hash];
    },
  },
};

export const algorithms = { __proto__: null, HMAC };
