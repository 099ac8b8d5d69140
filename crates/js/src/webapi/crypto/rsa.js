// RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP (Web Cryptography §20 to §22).

import { hash, optional, required } from "tollgate:crypto-algorithms";
import {
  bigInteger,
  bytes,
  invalidAccess,
  notSupported,
  operationError,
  syntaxError,
  unsignedLong,
} from "tollgate:crypto-convert";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";
import { noSuchFormat } from "tollgate:crypto-secrets";

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

const common = (name, roles) => {
  const checkUsages = (usages, allowed) => {
    if ((usages & ~allowed) !== 0) throw syntaxError(`a key of ${name} cannot have all of these usages`);
  };

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
        checkUsages(usages, roles.public | roles.private);
        const { modulusLength, publicExponent } = params;
        const exponent = exponentOf(publicExponent);
        if (exponent < 3 || exponent % 2 === 0) throw operationError("the public exponent of RSA is odd, and not 1");
        if (exponent !== 65537) throw notSupported("RSA keys are generated with the public exponent 65537 here");
        if ((usages & roles.private) === 0) throw syntaxError("a private key without a usage is of no use");
        const [private_, public_] = await generate(name, params.hash, modulusLength);
        const described = (material) => [material, modulusLength, publicExponent];
        return {
          publicKey: make("public", params, described(public_), true, usages & roles.public),
          privateKey: make("private", params, described(private_), extractable, usages & roles.private),
        };
      },
    },
    importKey: {
      params: { hash: required(hash) },
      run(params, format, data, extractable, usages) {
        switch (format) {
          case "spki":
            checkUsages(usages, roles.public);
            return make("public", params, importSpki(name, params.hash, data), extractable, usages);
          case "pkcs8":
            checkUsages(usages, roles.private);
            return make("private", params, importPkcs8(name, params.hash, data), extractable, usages);
          case "jwk": {
            const type = data.d === undefined ? "public" : "private";
            checkUsages(usages, roles[type]);
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
      run(record, format) {
        const { material, type } = record;
        switch (format) {
          case "spki":
            if (type !== "public") throw invalidAccess("only public keys are written as SPKI");
            return exportSpki(material);
          case "pkcs8":
            if (type !== "private") throw invalidAccess("only private keys are written as PKCS#8");
            return exportPkcs8(material);
          case "jwk": {
            const members = { kty: "RSA" };
            const numbers = type === "public" ? exportPublicNumbers(material) : exportNumbers(material);
            numbers.forEach((number, at) => (members[NUMBERS[at]] = number));
            members.alg = ALG[name](record.algorithm.hash);
            return makeJwk(record, members);
          }
          default:
            throw noSuchFormat(name, format);
        }
      },
    },
  };
};

const checkType = (record, type) => {
  if (record.type !== type) throw invalidAccess(`this wants a ${type} key`);
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
