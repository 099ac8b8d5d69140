// Ed25519 and X25519 (Web Cryptography §25, §26). `NODE-ED25519` is the name that some runtimes had for
// Ed25519 before there was one.

import { optional, required } from "tollgate:crypto-algorithms";
import { dataError, invalidAccess, key, notSupported, syntaxError, text } from "tollgate:crypto-convert";
import { cutSecret, peer } from "tollgate:crypto-agreement";
import { checkAlg, checkJwk, checkMembers, makeJwk } from "tollgate:crypto-jwk";
import { USAGE, makeKey } from "tollgate:crypto-key";
import { noSuchFormat } from "tollgate:crypto-secrets";

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

/** Keys `name` of the curve that is called so in JWK, described by the other members of `algorithm`. */
const common = (name, curve, roles, params, algorithm) => {
  const checkUsages = (usages, allowed) => {
    if ((usages & ~allowed) !== 0) throw syntaxError(`a key of ${name} cannot have all of these usages`);
  };

  const make = (type, material, extractable, usages) => makeKey(type, extractable, algorithm, usages, material);

  return {
    generateKey: {
      params,
      run(_, extractable, usages) {
        checkUsages(usages, roles.public | roles.private);
        if ((usages & roles.private) === 0) throw syntaxError("a private key without a usage is of no use");
        const [private_, public_] = generate(curve);
        return {
          publicKey: make("public", public_, true, usages & roles.public),
          privateKey: make("private", private_, extractable, usages & roles.private),
        };
      },
    },
    importKey: {
      params,
      run(_, format, data, extractable, usages) {
        switch (format) {
          case "raw":
            checkUsages(usages, roles.public);
            return make("public", importRaw(curve, data), extractable, usages);
          case "spki":
            checkUsages(usages, roles.public);
            return make("public", importSpki(curve, data), extractable, usages);
          case "pkcs8":
            checkUsages(usages, roles.private);
            return make("private", importPkcs8(curve, data), extractable, usages);
          default: {
            const type = data.d === undefined ? "public" : "private";
            checkUsages(usages, roles[type]);
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
      run(record, format) {
        const { material, type } = record;
        switch (format) {
          case "raw":
            if (type !== "public") throw invalidAccess("only public keys are written as they are");
            return exportRaw(material);
          case "spki":
            if (type !== "public") throw invalidAccess("only public keys are written as SPKI");
            return exportSpki(material);
          case "pkcs8":
            if (type !== "private") throw invalidAccess("only private keys are written as PKCS#8");
            return exportPkcs8(material);
          default: {
            const [x, d] = type === "public" ? exportPublicJwk(material) : exportJwk(material);
            const members = { crv: curve, x, kty: "OKP" };
            if (d !== undefined) members.d = d;
            if (curve === "Ed25519") members.alg = "Ed25519";
            return makeJwk(record, members);
          }
        }
      },
    },
  };
};

const checkType = (record, type) => {
  if (record.type !== type) throw invalidAccess(`this wants a ${type} key`);
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
