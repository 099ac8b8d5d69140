// HKDF (Web Cryptography §33) and PBKDF2 (§34).

import { hash, required } from "tollgate:crypto-algorithms";
import { checkUsages, noSuchFormat, secretBytes } from "tollgate:crypto-common";
import { bytes, operationError, syntaxError, unsignedLong } from "tollgate:crypto-convert";
import { USAGE, makeKey } from "tollgate:crypto-key";

const { hkdf, importSecret, pbkdf2 } = import.meta.native;

const checkLength = (length) => {
  if (length === null || length % 8 !== 0) throw operationError("the length has to be a number of bits, a multiple of 8");
  return length / 8;
};

const common = (name) => ({
  importKey: {
    params: null,
    run(_, format, data, extractable, usages) {
      if (format !== "raw") throw noSuchFormat(name, format);
      checkUsages(name, usages, USAGE.deriveKey | USAGE.deriveBits);
      if (extractable) throw syntaxError(`a key of ${name} is never extractable`);
      const secret = secretBytes(data);
      return makeKey("secret", false, { name }, usages, importSecret(secret), secret.byteLength);
    },
  },
  getKeyLength: { params: null, run: () => null },
});

export const algorithms = {
  __proto__: null,
  HKDF: {
    ...common("HKDF"),
    deriveBits: {
      params: { hash: required(hash), info: required(bytes), salt: required(bytes) },
      run: ({ hash, salt, info }, record, length) => hkdf(hash, record.material, salt, info, checkLength(length)),
    },
  },
  PBKDF2: {
    ...common("PBKDF2"),
    deriveBits: {
      params: { hash: required(hash), iterations: required(unsignedLong), salt: required(bytes) },
      run: ({ hash, salt, iterations }, record, length) =>
        pbkdf2(hash, record.material, salt, iterations, checkLength(length)),
    },
  },
};

/** For `node:crypto`, which calls them at once. */
export const natives = import.meta.native;
