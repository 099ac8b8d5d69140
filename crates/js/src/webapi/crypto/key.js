// `CryptoKey`, and what is behind one: scripts see copies, so that nothing they do to them changes a key.

/** The usages in the order in which they are listed (Web Cryptography §13.3); each is a bit. */
const NAMES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

/** @type {Record<string, number>} */
export const USAGE = { __proto__: null };
NAMES.forEach((name, at) => (USAGE[name] = 1 << at));

/** The names of a set of usages. */
export const usageNames = (usages) => NAMES.filter((name) => (usages & USAGE[name]) !== 0);

/** From this size on, a secret is counted against the heap, outside of which it is. */
const HEAVY = 4096;

const TOKEN = {};

/** What a key is: `{ type, extractable, algorithm, usages, material }`; throws where it is none. */
export let recordOf;
export let isKey;

export class CryptoKey {
  #record;

  constructor(token = undefined, record = undefined) {
    if (token !== TOKEN) throw new TypeError("Illegal constructor");
    this.#record = record;
  }

  static {
    isKey = (value) => typeof value === "object" && value !== null && #record in value;
    recordOf = (value) => {
      if (isKey(value)) return value.#record;
      throw new TypeError("expected a CryptoKey");
    };
  }

  get type() {
    return this.#record.type;
  }

  get extractable() {
    return this.#record.extractable;
  }

  get algorithm() {
    const record = this.#record;
    return (record.shownAlgorithm ??= shown(record.algorithm));
  }

  get usages() {
    const record = this.#record;
    return (record.shownUsages ??= usageNames(record.usages));
  }
}

Object.defineProperty(CryptoKey.prototype, Symbol.toStringTag, { value: "CryptoKey", configurable: true });
for (const name of ["type", "extractable", "algorithm", "usages"]) {
  Object.defineProperty(CryptoKey.prototype, name, { enumerable: true });
}

const shown = ({ name, hash, ...others }) => {
  const algorithm = { name, ...others };
  if (others.publicExponent !== undefined) algorithm.publicExponent = new Uint8Array(others.publicExponent);
  if (hash !== undefined) algorithm.hash = { name: hash };
  return algorithm;
};

/**
 * A new key.
 * @param {"secret" | "public" | "private"} type
 * @param {boolean} extractable
 * @param {{ name: string }} algorithm `hash` is a name
 * @param {number} usages
 * @param {object} material
 * @param {number} weight bytes of a secret
 */
export const makeKey = (type, extractable, algorithm, usages, material, weight = 0) => {
  const ballast = weight > HEAVY ? new ArrayBuffer(weight) : undefined;
  return new CryptoKey(TOKEN, {
    type,
    extractable,
    algorithm,
    usages,
    material,
    ballast,
    shownAlgorithm: undefined,
    shownUsages: undefined,
  });
};
