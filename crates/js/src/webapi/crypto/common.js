// What the families of algorithms have in common.

import { invalidAccess, notSupported, syntaxError } from "tollgate:crypto-convert";

const { randomBytes } = import.meta.native;
const { isView } = ArrayBuffer;

/** As many random bits as asked for. */
export const randomSecret = (bits) => randomBytes(bits / 8);

/** Something of which `byteLength` is the number of bytes, whatever it is a view of. */
export const secretBytes = (source) => (isView(source) ? source : new Uint8Array(source));

export const noSuchFormat = (name, format) => notSupported(`keys of ${name} do not come as \`${format}\``);

export const checkUsages = (name, usages, allowed) => {
  if ((usages & ~allowed) !== 0) throw syntaxError(`a key of ${name} cannot have all of these usages`);
};

/** Of a secret or private key that is about to be made. */
export const checkUseful = (usages) => {
  if (usages === 0) throw syntaxError("a key without a usage is of no use");
};

export const checkType = (record, type) => {
  if (record.type !== type) throw invalidAccess(`this wants a ${type} key`);
};

/**
 * A pair of keys, each with its part of the usages.
 * @param {{ public: number, private: number }} roles the usages of each half
 * @param {[object, object]} materials private, public
 */
export const makePair = (roles, make, [private_, public_], extractable, usages) => ({
  publicKey: make("public", public_, true, usages & roles.public),
  privateKey: make("private", private_, extractable, usages & roles.private),
});

/** The half of a pair that a format is for. */
const HALF = { __proto__: null, raw: "public", spki: "public", pkcs8: "private" };

/** A key of a pair in one of the forms that there are for it. */
export const exportPair = (record, format, forms) => {
  const { [format]: write } = forms;
  if (write === undefined) throw noSuchFormat(record.algorithm.name, format);
  const { [format]: half } = HALF;
  if (half !== undefined && half !== record.type) throw invalidAccess(`only ${half} keys are written as \`${format}\``);
  return write(record.material, record);
};
