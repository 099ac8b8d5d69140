// JSON Web Keys (RFC 7517) as objects: what has to be checked of every one, and what every one has.

import { dataError } from "tollgate:crypto-convert";
import { USAGE, usageNames } from "tollgate:crypto-key";

const TEXTS = ["kty", "use", "alg", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k"];

/** The dictionary `JsonWebKey` (Web Cryptography §15). */
export const toJwk = (value) => {
  const jwk = { __proto__: null };
  if (value === undefined || value === null) return jwk;
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError("a JWK has to be an object");
  for (const name of TEXTS) {
    const member = value[name];
    if (member !== undefined) jwk[name] = `${member}`;
  }
  if (value.ext !== undefined) jwk.ext = !!value.ext;
  if (value.key_ops !== undefined) {
    if (typeof value.key_ops !== "object" || value.key_ops === null) throw new TypeError("`key_ops` has to be a list");
    jwk.key_ops = [];
    for (const item of value.key_ops) jwk.key_ops[jwk.key_ops.length] = `${item}`;
  }
  jwk.oth = value.oth;
  return jwk;
};

/**
 * Checks what does not depend on the kind of key.
 * @param {object} jwk of {@link toJwk}
 * @param {string} kty
 * @param {"sig" | "enc"} use
 * @param {boolean} extractable
 * @param {number} usages
 */
export const checkJwk = (jwk, kty, use, extractable, usages) => {
  if (jwk.kty !== kty) throw dataError(`\`kty\` of the JWK has to be "${kty}"`);
  if (usages !== 0 && jwk.use !== undefined && jwk.use !== use) {
    throw dataError(`\`use\` of the JWK has to be "${use}"`);
  }
  if (jwk.key_ops !== undefined) {
    const seen = { __proto__: null };
    let allowed = 0;
    for (const name of jwk.key_ops) {
      if (seen[name]) throw dataError("`key_ops` of the JWK says something twice");
      seen[name] = true;
      allowed |= USAGE[name] ?? 0;
    }
    if ((usages & ~allowed) !== 0) throw dataError("`key_ops` of the JWK does not allow these usages");
  }
  if (jwk.ext === false && extractable) throw dataError("`ext` of the JWK does not allow an extractable key");
};

/** Checks that `alg`, where there is one, is what the algorithm is called. */
export const checkAlg = (jwk, ...names) => {
  if (jwk.alg !== undefined && !names.includes(jwk.alg)) {
    throw dataError(`\`alg\` of the JWK has to be "${names[0]}"`);
  }
};

/** Throws unless all of these members are there. */
export const checkMembers = (jwk, ...names) => {
  for (const name of names) {
    if (jwk[name] === undefined) throw dataError(`the JWK has no \`${name}\``);
  }
};

/** A JWK of a key, with these members. */
export const makeJwk = (record, members) => ({
  key_ops: usageNames(record.usages),
  ext: record.extractable,
  ...members,
});
