// ECDSA and ECDH (Web Cryptography §23, §24).

import { cutSecret, peer } from "tollgate:crypto-agreement";
import { hash, required } from "tollgate:crypto-algorithms";
import { checkType, checkUsages, checkUseful, exportPair, makePair } from "tollgate:crypto-common";
import { dataError, invalidAccess, key, notSupported, text } from "tollgate:crypto-convert";
import { checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";

const {
  agree,
  exportJwk,
  exportPkcs8,
  exportPublicJwk,
  exportRaw,
  exportSpki,
  generate,
  importJwk,
  importPkcs8,
  importRaw,
  importSpki,
  sign,
  verify,
} = import.meta.native;

const CURVES = { __proto__: null, "P-256": true, "P-384": true, "P-521": true };
/** The curves that names of signature algorithms are for (RFC 7518 §3.4). */
const CURVE_OF = { __proto__: null, ES256: "P-256", ES384: "P-384", ES512: "P-521" };

const ROLES = {
  __proto__: null,
  ECDSA: { use: "sig", public: USAGE.verify, private: USAGE.sign },
  ECDH: { use: "enc", public: 0, private: USAGE.deriveKey | USAGE.deriveBits },
};

const checkCurve = (curve) => {
  if (CURVES[curve] === undefined) throw notSupported(`there is no curve \`${curve}\` here`);
};

const FORMS = {
  __proto__: null,
  raw: exportRaw,
  spki: exportSpki,
  pkcs8: exportPkcs8,
  jwk(material, record) {
    const [x, y, d] = record.type === "public" ? exportPublicJwk(material) : exportJwk(material);
    const members = { kty: "EC", x, y, crv: record.algorithm.namedCurve };
    if (d !== undefined) members.d = d;
    return makeJwk(record, members);
  },
};

const common = (name) => {
  const roles = ROLES[name];
  const params = { namedCurve: required(text) };

  const make = (type, { namedCurve }, material, extractable, usages) =>
    makeKey(type, extractable, { name, namedCurve }, usages, material);

  return {
    generateKey: {
      params,
      run(params, extractable, usages) {
        checkUsages(name, usages, roles.public | roles.private);
        checkCurve(params.namedCurve);
        checkUseful(usages & roles.private);
        const makeHalf = (type, ...others) => make(type, params, ...others);
        return makePair(roles, makeHalf, generate(name, params.namedCurve), extractable, usages);
      },
    },
    importKey: {
      params,
      run(params, format, data, extractable, usages) {
        const { namedCurve } = params;
        checkCurve(namedCurve);
        switch (format) {
          case "raw":
            checkUsages(name, usages, roles.public);
            return make("public", params, importRaw(namedCurve, data), extractable, usages);
          case "spki":
            checkUsages(name, usages, roles.public);
            return make("public", params, importSpki(namedCurve, data), extractable, usages);
          case "pkcs8":
            checkUsages(name, usages, roles.private);
            return make("private", params, importPkcs8(name, namedCurve, data), extractable, usages);
          default: {
            const type = data.d === undefined ? "public" : "private";
            checkUsages(name, usages, roles[type]);
            checkJwk(data, "EC", roles.use, extractable, usages);
            if (data.crv !== namedCurve) throw dataError(`\`crv\` of the JWK has to be "${namedCurve}"`);
            if (name === "ECDSA" && data.alg !== undefined && CURVE_OF[data.alg] !== namedCurve) {
              throw dataError("`alg` of the JWK is for another curve");
            }
            checkMembers(data, "x", "y");
            const material = importJwk(name, namedCurve, data.x, data.y, data.d);
            return make(type, params, material, extractable, usages);
          }
        }
      },
    },
    exportKey: {
      run: (record, format) => exportPair(record, format, FORMS),
    },
  };
};

export const algorithms = {
  __proto__: null,
  ECDSA: {
    ...common("ECDSA"),
    sign: {
      params: { hash: required(hash) },
      run({ hash }, record, data) {
        checkType(record, "private");
        return sign(record.material, hash, data);
      },
    },
    verify: {
      params: { hash: required(hash) },
      run({ hash }, record, signature, data) {
        checkType(record, "public");
        return verify(record.material, hash, signature, data);
      },
    },
  },
  ECDH: {
    ...common("ECDH"),
    deriveBits: {
      params: { public: required(key) },
      run(params, record, length) {
        const other = peer(record, params.public);
        if (other.algorithm.namedCurve !== record.algorithm.namedCurve) {
          throw invalidAccess("the two keys are of different curves");
        }
        return cutSecret(agree(record.material, other.material), length);
      },
    },
  },
};

/** For `node:crypto`, which calls them at once. */
export const natives = import.meta.native;
