// What ECDH and X25519 have in common.

import { invalidAccess, operationError } from "tollgate:crypto-convert";
import { recordOf } from "tollgate:crypto-key";

/** What the other side's key is, where the two may agree. */
export const peer = (record, key) => {
  const other = recordOf(key);
  if (record.type !== "private") throw invalidAccess("the base of an agreement is a private key");
  if (other.type !== "public") throw invalidAccess("`public` of an agreement is a public key");
  if (other.algorithm.name !== record.algorithm.name) throw invalidAccess("the two keys are of different algorithms");
  return other;
};

/** The first bits of a secret: all of them where the length is null. */
export const cutSecret = (secret, length) => {
  if (length === null) return secret;
  if (length > secret.byteLength * 8) throw operationError("the secret has fewer bits");
  const cut = new Uint8Array(new Uint8Array(secret, 0, Math.ceil(length / 8)));
  if (length % 8 !== 0) cut[cut.length - 1] &= 0xff << (8 - (length % 8));
  return cut.buffer;
};
