// Ed25519 and X25519 (Web Cryptography §25, §26). `NODE-ED25519` is the name that some runtimes had for
// Ed25519 before there was one.

import { cutSecret, peer } from "tollgate:crypto-agreement";
import { optional, required } from "tollgate:crypto-algorithms";
import { checkType, checkUsages, checkUseful, exportPair, makePair } from "tollgate:crypto-common";
import { dataError, key, notSupported, text } from "tollgate:crypto-convert";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
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

const SIGNS = { use: "sig", public: USAGE.verify, private: USAGE.sign };
const AGREES = { use: "enc", public: 0, private: USAGE.deriveKey | USAGE.deriveBits };

const forms = (curve) => ({
  __proto__: null,
  raw: exportRaw,
  spki: exportSpki,
  pkcs8: exportPkcs8,
  jwk(material, record) {
    const [x, d] = record.type === "public" ? exportPublicJwk(material) : exportJwk(material);
    const members = { crv: curve, x, kty: "OKP" };
    if (d !== undefined) members.d = d;
    if (curve === "Ed25519") members.alg = "Ed25519";
    return makeJwk(record, members);
  },
});

/** Keys `name` of the curve that is called so in JWK, described by the other members of `algorithm`. */
const common = (name, curve, roles, params, algorithm) => {
  const make = (type, material, extractable, usages) => makeKey(type, extractable, algorithm, usages, material);

  return {
    generateKey: {
      params,
      run(_, extractable, usages) {
        checkUsages(name, usages, roles.public | roles.private);
        checkUseful(usages & roles.private);
        return makePair(roles, make, generate(curve), extractable, usages);
      },
    },
    importKey: {
      params,
      run(_, format, data, extractable, usages) {
        switch (format) {
          case "raw":
            checkUsages(name, usages, roles.public);
            return make("public", importRaw(curve, data), extractable, usages);
          case "spki":
            checkUsages(name, usages, roles.public);
            return make("public", importSpki(curve, data), extractable, usages);
          case "pkcs8":
            checkUsages(name, usages, roles.private);
            return make("private", importPkcs8(curve, data), extractable, usages);
          default: {
            const type = data.d === undefined ? "public" : "private";
            checkUsages(name, usages, roles[type]);
            checkJwk(data, "OKP", roles.use, extractable, usages);
            if (data.crv !== curve) throw dataError(`\`crv\` of the JWK has to be "${curve}"`);
            if (curve === "Ed25519") checkAlg(data, "Ed25519", "EdDSA");
            checkMembers(data, "x");
            return make(type, importJwk(curve, data.x, data.d), extractable, usages);
          }
        }
      },
    },
    exportKey: {
      run: (record, format) => exportPair(record, format, forms(curve)),
    },
  };
};

const signs = {
  sign: {
    params: null,
    run(_, record, data) {
      checkType(record, "private");
      return sign(record.material, data);
    },
  },
  verify: {
    params: null,
    run(_, record, signature, data) {
      checkType(record, "public");
      return verify(record.material, signature, data);
    },
  },
};

/** The curve that `NODE-ED25519` names once more, where it does. */
const sameCurve = optional((value) => {
  if (text(value) !== "NODE-ED25519") throw notSupported(`NODE-ED25519 has no curve \`${value}\``);
});

export const algorithms = {
  __proto__: null,
  Ed25519: { ...common("Ed25519", "Ed25519", SIGNS, null, { name: "Ed25519" }), ...signs },
  "NODE-ED25519": {
    ...common("NODE-ED25519", "Ed25519", SIGNS, { namedCurve: sameCurve }, {
      name: "NODE-ED25519",
      namedCurve: "NODE-ED25519",
    }),
    ...signs,
  },
  X25519: {
    ...common("X25519", "X25519", AGREES, null, { name: "X25519" }),
    deriveBits: {
      params: { public: required(key) },
      run: (params, record, length) =>
        cutSecret(agree(record.material, peer(record, params.public).material), length),
    },
  },
};

/** For `node:crypto`, which calls them at once. */
export const natives = import.meta.native;
