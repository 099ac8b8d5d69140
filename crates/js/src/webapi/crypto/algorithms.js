// Which algorithms there are, and what an operation with one of them wants (Web Cryptography §18.4,
// "normalizing an algorithm"). Each algorithm is a table of operations in the module of its family:
//
//     sign: { params: { hash: required(hash) }, run(params, record, data) { … } }
//
// where `params` says how its members are read, and is null where there are none.

import { notSupported } from "tollgate:crypto-convert";

const { load } = import.meta.native;
const upperCase = Function.prototype.call.bind(String.prototype.toUpperCase);

const FAMILIES = {
  __proto__: null,
  HMAC: "crypto-hmac",
  "AES-GCM": "crypto-aes",
  "AES-CBC": "crypto-aes",
  "AES-CTR": "crypto-aes",
  "AES-KW": "crypto-aes",
  "RSASSA-PKCS1-v1_5": "crypto-rsa",
  "RSA-PSS": "crypto-rsa",
  "RSA-OAEP": "crypto-rsa",
  ECDSA: "crypto-ec",
  ECDH: "crypto-ec",
  Ed25519: "crypto-curve25519",
  X25519: "crypto-curve25519",
  "NODE-ED25519": "crypto-curve25519",
  HKDF: "crypto-derive",
  PBKDF2: "crypto-derive",
};

const HASHES = { __proto__: null, "SHA-1": "SHA-1", "SHA-256": "SHA-256", "SHA-384": "SHA-384", "SHA-512": "SHA-512" };

/** The names, found whatever case they are written in. */
const CANONICAL = { __proto__: null };
for (const name in FAMILIES) CANONICAL[upperCase(name)] = name;

/** The tables of those that were used. */
const loaded = { __proto__: null };

const table = (name) => {
  const family = FAMILIES[name];
  if (family === undefined) return undefined;
  const named = { __proto__: null };
  const { [name]: operations } = load(family).algorithms;
  for (const operation in operations) named[operation] = { name, ...operations[operation] };
  return (loaded[name] = named);
};

/** The name of an `AlgorithmIdentifier`: an object that has one, or the name itself. */
export const nameOf = (algorithm) => {
  if (typeof algorithm === "string") return algorithm;
  if ((typeof algorithm !== "object" || algorithm === null) && typeof algorithm !== "function") return `${algorithm}`;
  const { name } = algorithm;
  if (name === undefined) throw new TypeError("an algorithm has to have a `name`");
  return `${name}`;
};

const known = (name) => loaded[name] ?? table(name);

/** The operation of an algorithm, or undefined where it has none. It has the algorithm's `name`. */
export const find = (operation, algorithm) => {
  const name = nameOf(algorithm);
  const found = known(name) ?? known(CANONICAL[upperCase(name)]);
  return found?.[operation];
};

/** The operation of an algorithm. */
export const operation = (operation, algorithm) => {
  const found = find(operation, algorithm);
  if (found !== undefined) return found;
  throw notSupported(`\`${nameOf(algorithm)}\` is not an algorithm for ${operation} here`);
};

/** The members that an operation wants, converted. */
export const parameters = ({ params }, algorithm) => {
  if (params === null || params === undefined) return undefined;
  const all = { __proto__: null };
  const given = typeof algorithm === "object" || typeof algorithm === "function" ? algorithm : {};
  for (const name in params) all[name] = params[name](given[name], name);
  return all;
};

export const required = (convert) => (value, name) => {
  if (value === undefined) throw new TypeError(`the algorithm has to have \`${name}\``);
  return convert(value, `\`${name}\` of the algorithm`);
};

export const optional = (convert) => (value, name) =>
  value === undefined ? undefined : convert(value, `\`${name}\` of the algorithm`);

/** A `HashAlgorithmIdentifier`, as the name of the hash. */
export const hash = (value) => {
  const name = nameOf(value);
  const found = HASHES[name] ?? HASHES[upperCase(name)];
  if (found === undefined) throw notSupported(`there is no hash \`${name}\` here`);
  return found;
};

/** The name of an algorithm for `digest`. */
export const digestName = (value) => {
  const name = nameOf(value);
  const found = HASHES[name] ?? HASHES[upperCase(name)];
  if (found !== undefined) return found;
  if (upperCase(name) === "MD5") return "MD5";
  throw notSupported(`there is no hash \`${name}\` here`);
};
