// Signatures: RSA (PKCS#1 v1.5 and PSS), ECDSA, Ed25519.

import { Buffer, bytesOf } from "tollgate:node-buffer-class";
import { constants, dataOf, encoded, hashNamed, later } from "tollgate:node-crypto-common";
import { derSignature, rawSignature } from "tollgate:node-crypto-der";
import { createPrivateKey, createPublicKey } from "tollgate:node-crypto-keys";
import { coded, needString, wrongValue } from "tollgate:node-errors";

const SIZES = { __proto__: null, "P-256": 32, "P-384": 48, "P-521": 66 };
const DIGESTS = { __proto__: null, "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

const digestNamed = (name) => hashNamed(name, () => coded(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`));

/** The salt of PSS in bytes, where one is asked for by its length or by one of its names. */
const saltOf = (asked, key, hash, usual) => {
  const { saltLength = usual } = asked;
  if (saltLength === constants.RSA_PSS_SALTLEN_DIGEST) return DIGESTS[hash];
  if (saltLength === constants.RSA_PSS_SALTLEN_MAX_SIGN) return Math.ceil((key.asymmetricKeyDetails.modulusLength - 1) / 8) - DIGESTS[hash] - 2;
  return saltLength;
};

const isPss = ({ padding = constants.RSA_PKCS1_PADDING }) => {
  if (padding === constants.RSA_PKCS1_PSS_PADDING) return true;
  if (padding === constants.RSA_PKCS1_PADDING) return false;
  throw wrongValue("options.padding", padding, "is invalid");
};

const optionsOf = (given) => (typeof given === "object" && given !== null && !ArrayBuffer.isView(given) ? given : {});

function signed(hash, data, given) {
  const key = createPrivateKey(given);
  const options = optionsOf(given);
  const { natives } = key;
  switch (key.asymmetricKeyType) {
    case "rsa": {
      if (!isPss(options)) return natives.sign(key.material("RSASSA-PKCS1-v1_5", hash), 0, data);
      const salt = saltOf(options, key, hash, constants.RSA_PSS_SALTLEN_MAX_SIGN);
      return natives.sign(key.material("RSA-PSS", hash), salt, data);
    }
    case "ec": {
      const raw = Buffer.from(natives.sign(key.material(), hash, data));
      return options.dsaEncoding === "ieee-p1363" ? raw : derSignature(raw);
    }
    case "ed25519":
      return natives.sign(key.material(), data);
    default:
      throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `keys of \`${key.asymmetricKeyType}\` sign nothing`);
  }
}

function verified(hash, data, given, signature) {
  const key = createPublicKey(given);
  const options = optionsOf(given);
  const { natives } = key;
  switch (key.asymmetricKeyType) {
    case "rsa": {
      if (!isPss(options)) return natives.verify(key.material("RSASSA-PKCS1-v1_5", hash), 0, signature, data);
      const material = key.material("RSA-PSS", hash);
      const fits = (salt) => natives.verify(material, salt, signature, data);
      const most = saltOf({}, key, hash, constants.RSA_PSS_SALTLEN_MAX_SIGN);
      const { saltLength = constants.RSA_PSS_SALTLEN_AUTO } = options;
      if (saltLength !== constants.RSA_PSS_SALTLEN_AUTO) return fits(saltOf(options, key, hash));
      // Whatever was taken: the two usual ones first.
      if (fits(DIGESTS[hash]) || fits(most)) return true;
      for (let salt = 0; salt < most; salt += 1) if (fits(salt)) return true;
      return false;
    }
    case "ec": {
      const raw = options.dsaEncoding === "ieee-p1363" ? signature : rawSignature(Buffer.from(signature), SIZES[key.curve]);
      return raw !== undefined && natives.verify(key.material(), hash, raw, data);
    }
    case "ed25519":
      return natives.verify(key.material(), signature, data);
    default:
      throw coded(Error, "ERR_FEATURE_UNAVAILABLE", `keys of \`${key.asymmetricKeyType}\` verify nothing`);
  }
}

class Pieces {
  #pieces = [];
  #hash;
  #done = false;

  constructor(algorithm) {
    needString(algorithm, "algorithm");
    this.#hash = digestNamed(algorithm);
  }

  update(data, encoding = undefined) {
    this.#pieces.push(Buffer.from(dataOf(data, encoding, "data")));
    return this;
  }

  end() {
    if (this.#done) throw coded(Error, "ERR_CRYPTO_INVALID_STATE", "Not initialised");
    this.#done = true;
    return [this.#hash, Buffer.concat(this.#pieces)];
  }
}

export class Sign extends Pieces {
  sign(key, encoding = undefined) {
    return encoded(Buffer.from(signed(...this.end(), key)), encoding);
  }
}

export class Verify extends Pieces {
  verify(key, signature, encoding = undefined) {
    return verified(...this.end(), key, dataOf(signature, encoding, "signature"));
  }
}

export const createSign = (algorithm) => new Sign(algorithm);
export const createVerify = (algorithm) => new Verify(algorithm);

/** Ed25519 has its own hash: none is named. */
const hashFor = (algorithm) => (algorithm === null || algorithm === undefined ? "SHA-256" : digestNamed(algorithm));

export function sign(algorithm, data, key, callback = undefined) {
  const make = () => Buffer.from(signed(hashFor(algorithm), bytesOf(data, "data"), key));
  return callback === undefined ? make() : later(callback, make);
}

export function verify(algorithm, data, key, signature, callback = undefined) {
  const make = () => verified(hashFor(algorithm), bytesOf(data, "data"), key, bytesOf(signature, "signature"));
  return callback === undefined ? make() : later(callback, make);
}
