// `crypto.subtle` (Web Cryptography §14): converts what it is given, checks what the key may do, and leaves
// the rest to the algorithm. Whatever goes wrong is a rejection; what is done at once is a promise that is
// resolved already.

import { digestName, find, operation, parameters } from "tollgate:crypto-algorithms";
import {
  bytes,
  dataError,
  format as formatOf,
  invalidAccess,
  isBytes,
  syntaxError,
  usages as usagesOf,
} from "tollgate:crypto-convert";
import encodings from "tollgate:crypto-encodings";
import hashes from "tollgate:crypto-hash";
import { toJwk } from "tollgate:crypto-jwk";
import { USAGE, recordOf } from "tollgate:crypto-key";

const { digest } = hashes;
const resolved = Promise.resolve.bind(Promise);
const rejected = Promise.reject.bind(Promise);
const { parse, stringify } = JSON;
const { setPrototypeOf } = Object;
const { encrypt: ENCRYPT, decrypt: DECRYPT, sign: SIGN, verify: VERIFY } = USAGE;
const { deriveKey: DERIVE_KEY, deriveBits: DERIVE_BITS, wrapKey: WRAP_KEY, unwrapKey: UNWRAP_KEY } = USAGE;

/** The key has to be of the operation's algorithm, and may have to be used so. */
const checkKey = (record, { name }, usage) => {
  if (record.algorithm.name !== name) throw invalidAccess(`the key is for ${record.algorithm.name}, not for ${name}`);
  if ((record.usages & usage) === 0) throw invalidAccess("the usages of the key do not allow this");
};

const useful = (key) => {
  const { type, usages } = recordOf(key);
  if (type !== "public" && usages === 0) throw syntaxError("a key without a usage is of no use");
  return key;
};

/** The data of a key, as its format has it. */
const keyData = (format, value) => {
  const data = isBytes(value) ? value : toJwk(value);
  if ((data === value) === (format === "jwk")) {
    throw new TypeError(format === "jwk" ? "a JWK is an object" : `a key as \`${format}\` is bytes`);
  }
  return data;
};

const exported = (record, format) => {
  const found = operation("exportKey", record.algorithm.name);
  if (!record.extractable) throw invalidAccess("the key is not extractable");
  return found.run(record, format);
};

const imported = (algorithm) => {
  const found = operation("importKey", algorithm);
  const params = parameters(found, algorithm);
  return (format, data, extractable, usages) => useful(found.run(params, format, data, extractable, usages));
};

/**
 * A JWK as bytes, whatever `toJSON` a script has put where objects would inherit it. AES-KW wants a
 * multiple of eight of them, and JSON does not mind spaces.
 */
const written = (jwk, name) => {
  setPrototypeOf(jwk.key_ops, null);
  const text = stringify(setPrototypeOf(jwk, null));
  const padding = name === "AES-KW" ? (8 - (text.length % 8)) % 8 : 0;
  return encodings.toUtf8(text + "        ".slice(0, padding));
};

const readJwk = (data) => {
  let jwk;
  try {
    jwk = parse(encodings.fromUtf8(data));
  } catch {
    throw dataError("what was unwrapped is no JSON");
  }
  return toJwk(jwk);
};

let made = false;

export class SubtleCrypto {
  #made = true;

  constructor() {
    if (made) throw new TypeError("Illegal constructor");
    made = true;
  }

  digest(algorithm, data) {
    try {
      this.#made;
      bytes(data, "the data");
      return resolved(digest(digestName(algorithm), data));
    } catch (error) {
      return rejected(error);
    }
  }

  sign(algorithm, key, data) {
    try {
      this.#made;
      const record = recordOf(key);
      bytes(data, "the data");
      const found = operation("sign", algorithm);
      const params = parameters(found, algorithm);
      checkKey(record, found, SIGN);
      return resolved(found.run(params, record, data));
    } catch (error) {
      return rejected(error);
    }
  }

  verify(algorithm, key, signature, data) {
    try {
      this.#made;
      const record = recordOf(key);
      bytes(signature, "the signature");
      bytes(data, "the data");
      const found = operation("verify", algorithm);
      const params = parameters(found, algorithm);
      checkKey(record, found, VERIFY);
      return resolved(found.run(params, record, signature, data));
    } catch (error) {
      return rejected(error);
    }
  }

  encrypt(algorithm, key, data) {
    try {
      this.#made;
      const record = recordOf(key);
      bytes(data, "the data");
      const found = operation("encrypt", algorithm);
      const params = parameters(found, algorithm);
      checkKey(record, found, ENCRYPT);
      return resolved(found.run(params, record, data));
    } catch (error) {
      return rejected(error);
    }
  }

  decrypt(algorithm, key, data) {
    try {
      this.#made;
      const record = recordOf(key);
      bytes(data, "the data");
      const found = operation("decrypt", algorithm);
      const params = parameters(found, algorithm);
      checkKey(record, found, DECRYPT);
      return resolved(found.run(params, record, data));
    } catch (error) {
      return rejected(error);
    }
  }

  async generateKey(algorithm, extractable, keyUsages) {
    this.#made;
    const usages = usagesOf(keyUsages);
    const found = operation("generateKey", algorithm);
    return found.run(parameters(found, algorithm), !!extractable, usages);
  }

  async importKey(format, data, algorithm, extractable, keyUsages) {
    this.#made;
    const as = formatOf(format);
    const key = keyData(as, data);
    const usages = usagesOf(keyUsages);
    return imported(algorithm)(as, key, !!extractable, usages);
  }

  async exportKey(format, key) {
    this.#made;
    const as = formatOf(format);
    return exported(recordOf(key), as);
  }

  async deriveBits(algorithm, baseKey, length = null) {
    this.#made;
    const record = recordOf(baseKey);
    const bits = length === null ? null : length >>> 0;
    const found = operation("deriveBits", algorithm);
    const params = parameters(found, algorithm);
    checkKey(record, found, DERIVE_BITS);
    return found.run(params, record, bits);
  }

  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    this.#made;
    const record = recordOf(baseKey);
    const usages = usagesOf(keyUsages);
    const found = operation("deriveBits", algorithm);
    const params = parameters(found, algorithm);
    const importing = imported(derivedKeyType);
    const measuring = operation("getKeyLength", derivedKeyType);
    const measure = parameters(measuring, derivedKeyType);
    checkKey(record, found, DERIVE_KEY);
    const secret = await found.run(params, record, measuring.run(measure));
    return importing("raw", secret, !!extractable, usages);
  }

  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    this.#made;
    const as = formatOf(format);
    const record = recordOf(key);
    const wrapping = recordOf(wrappingKey);
    const found = find("wrapKey", wrapAlgorithm) ?? operation("encrypt", wrapAlgorithm);
    const params = parameters(found, wrapAlgorithm);
    checkKey(wrapping, found, WRAP_KEY);
    const data = exported(record, as);
    return found.run(params, wrapping, as === "jwk" ? written(data, found.name) : data);
  }

  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, keyAlgorithm, extractable, keyUsages) {
    this.#made;
    const as = formatOf(format);
    bytes(wrappedKey, "the wrapped key");
    const unwrapping = recordOf(unwrappingKey);
    const usages = usagesOf(keyUsages);
    const found = find("unwrapKey", unwrapAlgorithm) ?? operation("decrypt", unwrapAlgorithm);
    const params = parameters(found, unwrapAlgorithm);
    const importing = imported(keyAlgorithm);
    checkKey(unwrapping, found, UNWRAP_KEY);
    const data = found.run(params, unwrapping, wrappedKey);
    return importing(as, as === "jwk" ? readJwk(data) : data, !!extractable, usages);
  }
}

// `length` is the number of arguments that are wanted, and `deriveBits` can do without the last.
Object.defineProperty(SubtleCrypto.prototype, Symbol.toStringTag, { value: "SubtleCrypto", configurable: true });
for (const name of Object.getOwnPropertyNames(SubtleCrypto.prototype)) {
  if (name !== "constructor") Object.defineProperty(SubtleCrypto.prototype, name, { enumerable: true });
}

export const subtle = new SubtleCrypto();
