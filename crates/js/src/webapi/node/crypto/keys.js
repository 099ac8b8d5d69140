// `KeyObject`: keys in the forms that Node reads. What they can do is the Web Cryptography API's.

import { loadArea } from "tollgate:crypto";
import { Buffer, bytesOf } from "tollgate:node-buffer-class";
import { kindOf, pkcs8OfEc, pkcs8OfRsa, spkiOfRsa } from "tollgate:node-crypto-der";
import { coded, wrongType, wrongValue } from "tollgate:node-errors";

const MADE = Symbol("made");
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/;

const area = (kind) => loadArea({ rsa: "crypto-rsa", ec: "crypto-ec", ed25519: "crypto-curve25519", x25519: "crypto-curve25519" }[kind]).natives;
const unreadable = () => coded(Error, "ERR_OSSL_UNSUPPORTED", "the key cannot be read: it is PEM, DER with a `type`, or a JWK");

const CURVE25519 = { __proto__: null, ed25519: "Ed25519", x25519: "X25519" };
const NAMES = { __proto__: null, "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" };

export class KeyObject {
  #type;
  #kind;
  #curve;
  /** PKCS#8, SPKI or the secret itself. */
  #bytes;
  #imported = new Map();

  constructor(made, type, bytes, described = {}) {
    if (made !== MADE) throw coded(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor");
    this.#type = type;
    this.#bytes = Buffer.from(bytes);
    this.#kind = described.kind;
    this.#curve = described.curve;
  }

  get type() {
    return this.#type;
  }

  get asymmetricKeyType() {
    return this.#kind;
  }

  get asymmetricKeyDetails() {
    if (this.#kind === undefined) return undefined;
    if (this.#kind === "ec") return { namedCurve: NAMES[this.#curve] };
    if (this.#kind !== "rsa") return {};
    const [, modulusLength, exponent] = this.material("RSASSA-PKCS1-v1_5", "SHA-256", true);
    return { modulusLength, publicExponent: exponent.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) };
  }

  get symmetricKeySize() {
    return this.#type === "secret" ? this.#bytes.length : undefined;
  }

  get curve() {
    return this.#curve;
  }

  /** The key for an algorithm, as the natives take it; read once for each. */
  material(scheme, hash, whole = false) {
    const known = `${scheme} ${hash}`;
    let found = this.#imported.get(known);
    if (found === undefined) {
      const natives = area(this.#kind);
      const read = this.#type === "private" ? natives.importPkcs8 : natives.importSpki;
      if (this.#kind === "rsa") found = read(scheme, hash, this.#bytes);
      else if (this.#kind === "ec") found = this.#type === "private" ? read("ECDSA", this.#curve, this.#bytes) : read(this.#curve, this.#bytes);
      else found = read(CURVE25519[this.#kind], this.#bytes);
      this.#imported.set(known, found);
    }
    return this.#kind === "rsa" && !whole ? found[0] : found;
  }

  get natives() {
    return area(this.#kind);
  }

  /** The public key of a private one. */
  get publicHalf() {
    if (this.#type === "public") return this;
    const natives = area(this.#kind);
    let spki;
    if (this.#kind === "rsa") {
      const [n, e] = natives.exportNumbers(this.material("RSASSA-PKCS1-v1_5", "SHA-256"));
      spki = natives.exportSpki(natives.importNumbers("RSASSA-PKCS1-v1_5", "SHA-256", [n, e])[0]);
    } else if (this.#kind === "ec") {
      const [x, y] = natives.exportJwk(this.material());
      spki = natives.exportSpki(natives.importJwk("ECDSA", this.#curve, x, y, undefined));
    } else {
      const [x] = natives.exportJwk(this.material());
      spki = natives.exportSpki(natives.importJwk(CURVE25519[this.#kind], x, undefined));
    }
    return new KeyObject(MADE, "public", new Uint8Array(spki), { kind: this.#kind, curve: this.#curve });
  }

  equals(other) {
    return other instanceof KeyObject && other.#type === this.#type && other.#bytes.equals(this.#bytes);
  }

  export(options = {}) {
    const { format, type } = options;
    if (this.#type === "secret") {
      if (format === "jwk") return { kty: "oct", k: this.#bytes.toString("base64url") };
      return Buffer.from(this.#bytes);
    }
    if (format === "jwk") return this.#jwk();
    const usual = this.#type === "private" ? "pkcs8" : "spki";
    if (type !== usual) throw wrongValue("options.type", type, `must be "${usual}" here`);
    if (options.cipher !== undefined) throw coded(Error, "ERR_FEATURE_UNAVAILABLE", "keys are not encrypted here");
    if (format === "der") return Buffer.from(this.#bytes);
    if (format !== "pem") throw wrongValue("options.format", format, "is invalid");
    const label = this.#type === "private" ? "PRIVATE KEY" : "PUBLIC KEY";
    const lines = this.#bytes.toString("base64").replace(/(.{64})(?=.)/g, "$1\n");
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
  }

  #jwk() {
    const natives = area(this.#kind);
    const isPrivate = this.#type === "private";
    if (this.#kind === "rsa") {
      const material = this.material("RSASSA-PKCS1-v1_5", "SHA-256");
      const numbers = isPrivate ? natives.exportNumbers(material) : natives.exportPublicNumbers(material);
      const names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
      return { kty: "RSA", ...Object.fromEntries(numbers.map((number, at) => [names[at], number])) };
    }
    const parts = isPrivate ? natives.exportJwk(this.material()) : natives.exportPublicJwk(this.material());
    if (this.#kind === "ec") {
      const [x, y, d] = parts;
      return { kty: "EC", x, y, crv: this.#curve, ...(d === undefined ? {} : { d }) };
    }
    const [x, d] = parts;
    return { crv: CURVE25519[this.#kind], ...(d === undefined ? {} : { d }), x, kty: "OKP" };
  }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, { value: "KeyObject", configurable: true });

function fromJwk(jwk, type) {
  const wanted = type === "private" && jwk.d !== undefined;
  const write = (natives, material) => new Uint8Array(wanted ? natives.exportPkcs8(material) : natives.exportSpki(material));
  if (type === "private" && !wanted) throw unreadable();
  const kind = { RSA: "rsa", EC: "ec" }[jwk.kty] ?? { Ed25519: "ed25519", X25519: "x25519" }[jwk.crv];
  if (kind === undefined) throw unreadable();
  const natives = area(kind);
  const made = wanted ? "private" : "public";
  if (kind === "rsa") {
    const names = wanted ? ["n", "e", "d", "p", "q", "dp", "dq", "qi"] : ["n", "e"];
    const [material] = natives.importNumbers("RSASSA-PKCS1-v1_5", "SHA-256", names.map((name) => jwk[name]));
    return new KeyObject(MADE, made, write(natives, material), { kind });
  }
  const d = wanted ? jwk.d : undefined;
  const material = kind === "ec" ? natives.importJwk("ECDSA", jwk.crv, jwk.x, jwk.y, d) : natives.importJwk(jwk.crv, jwk.x, d);
  return new KeyObject(MADE, made, write(natives, material), { kind, curve: kind === "ec" ? jwk.crv : undefined });
}

function fromDer(bytes, label) {
  const made = (type, der) => new KeyObject(MADE, type, der, kindOf(der, type === "private"));
  switch (label) {
    case "PRIVATE KEY":
      return made("private", bytes);
    case "RSA PRIVATE KEY":
      return made("private", pkcs8OfRsa(bytes));
    case "EC PRIVATE KEY":
      return made("private", pkcs8OfEc(bytes));
    case "PUBLIC KEY":
      return made("public", bytes);
    case "RSA PUBLIC KEY":
      return made("public", spkiOfRsa(bytes));
    default:
      throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `a key of the form \`${label}\` is not available in scripts`);
  }
}

const LABELS = {
  __proto__: null,
  private: { pkcs8: "PRIVATE KEY", pkcs1: "RSA PRIVATE KEY", sec1: "EC PRIVATE KEY" },
  public: { spki: "PUBLIC KEY", pkcs1: "RSA PUBLIC KEY" },
};

/** Whatever a caller gives for a key: PEM, DER, a JWK, one of these objects, or an object that holds one. */
export function keyOf(given, type) {
  if (given instanceof KeyObject) return given;
  const isText = typeof given === "string" || ArrayBuffer.isView(given) || given instanceof ArrayBuffer;
  if (!isText && (typeof given !== "object" || given === null)) {
    throw wrongType("key", "of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey", given);
  }
  const { key = given, format = "pem", type: form, passphrase } = isText ? {} : given;
  if (passphrase !== undefined) throw coded(Error, "ERR_FEATURE_UNAVAILABLE", "encrypted keys are not available in scripts");
  if (key instanceof KeyObject) return key;
  if (format === "jwk") return fromJwk(key, type);
  if (format === "der") return fromDer(Buffer.from(bytesOf(key, "key")), LABELS[type][form] ?? LABELS.private[form]);
  const text = typeof key === "string" ? key : Buffer.from(bytesOf(key, "key")).toString("latin1");
  const [, label, base64] = PEM.exec(text) ?? [];
  if (label === undefined) throw unreadable();
  return fromDer(Buffer.from(base64.replace(/\s/g, ""), "base64"), label);
}

export function createPrivateKey(given) {
  const key = keyOf(given, "private");
  if (key.type !== "private") throw unreadable();
  return key;
}

export function createPublicKey(given) {
  const key = keyOf(given, "public");
  if (key.type === "secret") throw coded(TypeError, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", "Invalid key object type secret, expected private.");
  return key.publicHalf;
}

export function createSecretKey(given, encoding = undefined) {
  const bytes = typeof given === "string" ? Buffer.from(given, encoding) : bytesOf(given, "key");
  return new KeyObject(MADE, "secret", bytes);
}
