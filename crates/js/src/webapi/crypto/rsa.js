// RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP (Web Cryptography §20 to §22).

import { hash, optional, required } from "tollgate:crypto-algorithms";
import { checkType, checkUsages, checkUseful, exportPair, makePair, noSuchFormat } from "tollgate:crypto-common";
import { bigInteger, bytes, notSupported, operationError, unsignedLong } from "tollgate:crypto-convert";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";

const {
  decrypt,
  encrypt,
  exportNumbers,
  exportPkcs8,
  exportPublicNumbers,
  exportSpki,
  generate,
  importNumbers,
  importPkcs8,
  importSpki,
  sign,
  verify,
} = import.meta.native;

const NOTHING = new Uint8Array(0);
const SHORT = { __proto__: null, "SHA-1": "1", "SHA-256": "256", "SHA-384": "384", "SHA-512": "512" };
const NUMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

const ALG = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": (hash) => `RS${SHORT[hash]}`,
  "RSA-PSS": (hash) => `PS${SHORT[hash]}`,
  "RSA-OAEP": (hash) => (hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${SHORT[hash]}`),
};

const SIGNS = { use: "sig", public: USAGE.verify, private: USAGE.sign };
const ENCRYPTS = {
  use: "enc",
  public: USAGE.encrypt | USAGE.wrapKey,
  private: USAGE.decrypt | USAGE.unwrapKey,
};

/** The value of a public exponent, as far as it matters here. */
const exponentOf = (bytes) => bytes.reduce((value, byte) => value * 256 + byte, 0);

const FORMS = {
  __proto__: null,
  spki: exportSpki,
  pkcs8: exportPkcs8,
  jwk(material, record) {
    const members = { kty: "RSA" };
    const numbers = record.type === "public" ? exportPublicNumbers(material) : exportNumbers(material);
    numbers.forEach((number, at) => (members[NUMBERS[at]] = number));
    members.alg = ALG[record.algorithm.name](record.algorithm.hash);
    return makeJwk(record, members);
  },
};

const common = (name, roles) => {
  const make = (type, { hash }, [material, modulusLength, publicExponent], extractable, usages) =>
    makeKey(type, extractable, { name, modulusLength, publicExponent, hash }, usages, material);

  return {
    generateKey: {
      params: {
        hash: required(hash),
        modulusLength: required(unsignedLong),
        publicExponent: required(bigInteger),
      },
      async run(params, extractable, usages) {
        checkUsages(name, usages, roles.public | roles.private);
        const { modulusLength, publicExponent } = params;
        const exponent = exponentOf(publicExponent);
        if (exponent < 3 || exponent % 2 === 0) throw operationError("the public exponent of RSA is odd, and not 1");
        if (exponent !== 65537) throw notSupported("RSA keys are generated with the public exponent 65537 here");
        checkUseful(usages & roles.private);
        const keys = await generate(name, params.hash, modulusLength);
        const makeHalf = (type, material, ...others) =>
          make(type, params, [material, modulusLength, publicExponent], ...others);
        return makePair(roles, makeHalf, keys, extractable, usages);
      },
    },
    importKey: {
      params: { hash: required(hash) },
      run(params, format, data, extractable, usages) {
        switch (format) {
          case "spki":
            checkUsages(name, usages, roles.public);
            return make("public", params, importSpki(name, params.hash, data), extractable, usages);
          case "pkcs8":
            checkUsages(name, usages, roles.private);
            return make("private", params, importPkcs8(name, params.hash, data), extractable, usages);
          case "jwk": {
            const type = data.d === undefined ? "public" : "private";
            checkUsages(name, usages, roles[type]);
            checkJwk(data, "RSA", roles.use, extractable, usages);
            checkAlg(data, ALG[name](params.hash));
            if (data.oth !== undefined) throw notSupported("RSA keys have two primes here, and the JWK has `oth`");
            const names = type === "public" ? ["n", "e"] : NUMBERS;
            checkMembers(data, ...names);
            const imported = importNumbers(name, params.hash, names.map((name) => data[name]));
            return make(type, params, imported, extractable, usages);
          }
          default:
            throw noSuchFormat(name, format);
        }
      },
    },
    exportKey: {
      run: (record, format) => exportPair(record, format, FORMS),
    },
  };
};

const signs = (name, params) => ({
  ...common(name, SIGNS),
  sign: {
    params,
    run(params, record, data) {
      checkType(record, "private");
      return sign(record.material, params?.saltLength ?? 0, data);
    },
  },
  verify: {
    params,
    run(params, record, signature, data) {
      checkType(record, "public");
      return verify(record.material, params?.saltLength ?? 0, signature, data);
    },
  },
});

export const algorithms = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": signs("RSASSA-PKCS1-v1_5", null),
  "RSA-PSS": signs("RSA-PSS", { saltLength: required(unsignedLong) }),
  "RSA-OAEP": {
    ...common("RSA-OAEP", ENCRYPTS),
    encrypt: {
      params: { label: optional(bytes) },
      run({ label }, record, data) {
        checkType(record, "public");
        return encrypt(record.material, label ?? NOTHING, data);
      },
    },
    decrypt: {
      params: { label: optional(bytes) },
      run({ label }, record, data) {
        checkType(record, "private");
        return decrypt(record.material, label ?? NOTHING, data);
      },
    },
  },
};

/** For `node:crypto`, which calls them at once. */
export const natives = import.meta.native;
