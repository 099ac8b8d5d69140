// AES, piece by piece. The library encrypts what is there at once; what came before is in the block that the next
// piece begins with.

import { timingSafeEqual } from "tollgate:crypto";
import { natives } from "tollgate:crypto-aes";
import { Buffer, bytesOf } from "tollgate:node-buffer-class";
import { CIPHERS, dataOf, encoded } from "tollgate:node-crypto-common";
import { KeyObject } from "tollgate:node-crypto-keys";
import { coded, needString, wrongType } from "tollgate:node-errors";

const { applyCtr, decryptCbc, encryptCbc, importAes, sealGcm } = natives;
const BLOCK = 16;
const NOTHING = new Uint8Array(0);
const TAGS = [4, 8, 12, 13, 14, 15, 16];

const bytesFrom = (value, name) => {
  if (value instanceof KeyObject) return value.export();
  return typeof value === "string" ? Buffer.from(value) : bytesOf(value, name);
};

const unsupported = (name) => coded(Error, "ERR_CRYPTO_INVALID_STATE", `Invalid state for operation ${name}`);
const ssl = (code, message, reason) => Object.assign(coded(Error, code, message), { reason });

/** The counter so many blocks later; GCM counts in the last 32 bits. */
const counterAt = (first, blocks, bits) => {
  const value = BigInt(`0x${Buffer.from(first).toString("hex")}`);
  const mask = (1n << BigInt(bits)) - 1n;
  const next = (value & ~mask) | ((value + BigInt(blocks)) & mask);
  return Buffer.from(next.toString(16).padStart(32, "0"), "hex");
};

/** A stream of key bytes, laid over what passes. */
class Counter {
  #key;
  #first;
  #bits;
  #passed = 0;

  constructor(secret, first, bits) {
    this.#key = importAes("AES-CTR", secret);
    this.#first = first;
    this.#bits = bits;
  }

  pass(bytes) {
    const skip = this.#passed % BLOCK;
    const counter = counterAt(this.#first, (this.#passed - skip) / BLOCK, this.#bits);
    this.#passed += bytes.length;
    const padded = skip === 0 ? bytes : Buffer.concat([Buffer.alloc(skip), bytes]);
    return Buffer.from(applyCtr(this.#key, counter, this.#bits, padded)).subarray(skip);
  }
}

class Ctr {
  #counter;

  constructor(_, secret, iv) {
    this.#counter = new Counter(secret, iv, 128);
  }

  update(bytes) {
    return this.#counter.pass(bytes);
  }

  final() {
    return Buffer.alloc(0);
  }
}

class Cbc {
  #encrypts;
  #key;
  #iv;
  #rest = Buffer.alloc(0);
  pads = true;

  constructor(encrypts, secret, iv) {
    this.#encrypts = encrypts;
    this.#key = importAes("AES-CBC", secret);
    this.#iv = Buffer.from(iv);
  }

  update(bytes) {
    const all = Buffer.concat([this.#rest, bytes]);
    // The last block of what is decrypted may be padding.
    const held = !this.#encrypts && this.pads && all.length > 0 && all.length % BLOCK === 0 ? BLOCK : all.length % BLOCK;
    const whole = all.subarray(0, all.length - held);
    this.#rest = Buffer.from(all.subarray(all.length - held));
    return this.#blocks(whole);
  }

  #blocks(whole) {
    if (whole.length === 0) return Buffer.alloc(0);
    const iv = this.#iv;
    if (this.#encrypts) {
      // The library adds a block of padding, which is none of this.
      const sealed = Buffer.from(encryptCbc(this.#key, iv, whole)).subarray(0, whole.length);
      this.#iv = Buffer.from(sealed.subarray(sealed.length - BLOCK));
      return sealed;
    }
    const last = whole.subarray(whole.length - BLOCK);
    this.#iv = Buffer.from(last);
    // And takes one off: it gets one.
    return Buffer.from(decryptCbc(this.#key, iv, Buffer.concat([whole, Buffer.from(encryptCbc(this.#key, last, NOTHING))])));
  }

  final() {
    if (!this.pads) {
      if (this.#rest.length > 0) throw ssl("ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", "wrong final block length", "wrong final block length");
      return Buffer.alloc(0);
    }
    if (this.#encrypts) return Buffer.from(encryptCbc(this.#key, this.#iv, this.#rest));
    if (this.#rest.length !== BLOCK) throw ssl("ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", "wrong final block length", "wrong final block length");
    try {
      return Buffer.from(decryptCbc(this.#key, this.#iv, this.#rest));
    } catch {
      throw ssl("ERR_OSSL_BAD_DECRYPT", "bad decrypt", "bad decrypt");
    }
  }
}

class Gcm {
  #encrypts;
  #key;
  #iv;
  #counter;
  #plain = [];
  #aad = [];
  #length;
  tag;

  constructor(encrypts, secret, iv, options) {
    this.#encrypts = encrypts;
    this.#iv = iv;
    this.#key = importAes("AES-GCM", secret);
    this.#length = options?.authTagLength ?? 16;
    if (!TAGS.includes(this.#length)) {
      throw coded(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", `Invalid authentication tag length: ${this.#length}`);
    }
    // The block behind the first, which is the tag's (SP 800-38D §7.1).
    this.#counter = new Counter(secret, Buffer.concat([iv, Buffer.from([0, 0, 0, 2])]), 32);
  }

  setAAD(bytes) {
    this.#aad.push(Buffer.from(bytes));
  }

  setTag(tag) {
    if (!TAGS.includes(tag.length)) {
      throw coded(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", `Invalid authentication tag length: ${tag.length}`);
    }
    this.tag = Buffer.from(tag);
  }

  update(bytes) {
    const passed = this.#counter.pass(bytes);
    this.#plain.push(this.#encrypts ? Buffer.from(bytes) : passed);
    return Buffer.from(passed);
  }

  final() {
    const sealed = Buffer.from(sealGcm(this.#key, this.#iv, Buffer.concat(this.#aad), Buffer.concat(this.#plain)));
    const tag = sealed.subarray(sealed.length - BLOCK);
    if (this.#encrypts) {
      this.tag = Buffer.from(tag.subarray(0, this.#length));
    } else if (this.tag === undefined || !timingSafeEqual(tag.subarray(0, this.tag.length), this.tag)) {
      throw new Error("Unsupported state or unable to authenticate data");
    }
    return Buffer.alloc(0);
  }
}

const MODES = { __proto__: null, cbc: Cbc, ctr: Ctr, gcm: Gcm };

class Cipher {
  #mode;
  #encrypts;
  #done = false;

  constructor(encrypts, name, key, iv, options) {
    needString(name, "cipher");
    const [mode, length] = CIPHERS[name.toLowerCase()] ?? [];
    if (mode === undefined) throw coded(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher");
    const secret = bytesFrom(key, "key");
    if (iv === null || iv === undefined) throw coded(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
    const start = Buffer.from(bytesFrom(iv, "iv"));
    if (secret.length !== length) throw coded(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
    if (mode === "gcm" && start.length !== 12 && start.length > 0) {
      throw coded(Error, "ERR_FEATURE_UNAVAILABLE", "AES-GCM has an initialization vector of 12 bytes here");
    }
    if (start.length !== (mode === "gcm" ? 12 : BLOCK)) {
      throw coded(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
    }
    this.#encrypts = encrypts;
    this.#mode = new MODES[mode](encrypts, secret, start, options);
  }

  update(data, inputEncoding = undefined, outputEncoding = undefined) {
    const bytes = dataOf(data, inputEncoding, "data");
    if (this.#done) throw unsupported("update");
    return encoded(this.#mode.update(bytes), outputEncoding);
  }

  final(outputEncoding = undefined) {
    if (this.#done) throw unsupported("final");
    this.#done = true;
    return encoded(this.#mode.final(), outputEncoding);
  }

  setAutoPadding(pads = true) {
    if (this.#done) throw unsupported("setAutoPadding");
    this.#mode.pads = Boolean(pads);
    return this;
  }

  setAAD(bytes, options = undefined) {
    if (this.#mode.setAAD === undefined || this.#done) throw unsupported("setAAD");
    this.#mode.setAAD(typeof bytes === "string" ? Buffer.from(bytes, options?.encoding) : bytesOf(bytes, "buffer"));
    return this;
  }

  getAuthTag() {
    if (!this.#encrypts || this.#mode.tag === undefined) throw unsupported("getAuthTag");
    return this.#mode.tag;
  }

  setAuthTag(tag, encoding = undefined) {
    if (this.#encrypts || this.#mode.setTag === undefined || this.#mode.tag !== undefined || this.#done) throw unsupported("setAuthTag");
    if (typeof tag !== "string" && !ArrayBuffer.isView(tag) && !(tag instanceof ArrayBuffer)) {
      throw wrongType("buffer", "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", tag);
    }
    this.#mode.setTag(typeof tag === "string" ? Buffer.from(tag, encoding) : bytesOf(tag, "buffer"));
    return this;
  }
}

// Each has what belongs to it alone: callers ask for `setAuthTag` to tell them apart.
class Cipheriv extends Cipher {}
class Decipheriv extends Cipher {}
Object.defineProperty(Cipheriv.prototype, "setAuthTag", { value: undefined });
Object.defineProperty(Decipheriv.prototype, "getAuthTag", { value: undefined });

export const createCipheriv = (name, key, iv, options) => new Cipheriv(true, name, key, iv, options);
export const createDecipheriv = (name, key, iv, options) => new Decipheriv(false, name, key, iv, options);
