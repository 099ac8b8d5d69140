const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const HMAC = { name: "HMAC", hash: "SHA-256" };
const importHmac = (secret, extra = {}, usages = ["sign", "verify"]) =>
  subtle.importKey("raw", secret, { ...HMAC, ...extra }, true, usages);

// case: signs with SHA-1
return hex(await subtle.sign("HMAC", await importHmac(ascii("key"), { hash: "SHA-1" }), ascii("text")));

// case: signs with SHA-256
return hex(await subtle.sign("HMAC", await importHmac(ascii("key")), ascii("text")));

// case: signs with SHA-384
return hex(await subtle.sign("HMAC", await importHmac(ascii("key"), { hash: { name: "sha-384" } }), ascii("text")));

// case: signs with SHA-512 and a key that is longer than a block
return hex(await subtle.sign({ name: "hmac" }, await importHmac(new Uint8Array(200).fill(1), { hash: "SHA-512" }), ascii("text")));

// case: verifies what it signed, and nothing else
const key = await importHmac(ascii("key"));
const signature = new Uint8Array(await subtle.sign("HMAC", key, ascii("text")));
const flipped = signature.map((byte, at) => (at === 31 ? byte ^ 1 : byte));
return [
  await subtle.verify("HMAC", key, signature, ascii("text")),
  await subtle.verify("HMAC", key, flipped, ascii("text")),
  await subtle.verify("HMAC", key, signature.subarray(0, 31), ascii("text")),
  await subtle.verify("HMAC", key, new Uint8Array(0), ascii("text")),
  await subtle.verify("HMAC", key, signature, ascii("texts")),
];

// case: describes its key
const key = await importHmac(ascii("key"));
return [key.type, key.extractable, key.algorithm.name, key.algorithm.hash, key.algorithm.length, [...key.usages].sort()];

// case: generates keys as long as a block
return Promise.all(["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map(async (hash) => {
  const key = await subtle.generateKey({ name: "HMAC", hash }, true, ["sign"]);
  return [key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength];
}));

// case: generates keys as long as they shall be
const key = await subtle.generateKey({ ...HMAC, length: 48 }, true, ["sign", "verify"]);
return [key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength];

// case: two generated keys differ
const [one, other] = await Promise.all([1, 2].map(() => subtle.generateKey(HMAC, true, ["sign"])));
return hex(await subtle.exportKey("raw", one)) === hex(await subtle.exportKey("raw", other));

// case: generates no key of no bits
return subtle.generateKey({ ...HMAC, length: 0 }, true, ["sign"]);

// case: generates no key without a usage
return subtle.generateKey(HMAC, true, []);

// case: generates no key for what HMAC is not for
return subtle.generateKey(HMAC, true, ["sign", "encrypt"]);

// case: generates no key without a hash
return subtle.generateKey({ name: "HMAC" }, true, ["sign"]);

// case: generates no key with a hash that there is not
return subtle.generateKey({ name: "HMAC", hash: "SHA-2" }, true, ["sign"]);

// case: generates no key of part of a byte
// expect: {"throws":"NotSupportedError"}
return subtle.generateKey({ ...HMAC, length: 9 }, true, ["sign"]);

// case: knows no key with MD5
return subtle.importKey("raw", ascii("key"), { name: "HMAC", hash: "MD5" }, true, ["sign"]);

// case: exports what was imported
return hex(await subtle.exportKey("raw", await importHmac(ascii("secret"))));

// case: exports a JWK
const jwk = await subtle.exportKey("jwk", await importHmac(ascii("secret"), {}, ["sign"]));
return [jwk.kty, jwk.k, jwk.alg, jwk.key_ops, jwk.ext, Object.keys(jwk).sort()];

// case: names itself in a JWK after the hash
return Promise.all(["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map(async (hash) =>
  (await subtle.exportKey("jwk", await importHmac(ascii("secret"), { hash }))).alg));

// case: imports a JWK
const jwk = { kty: "oct", k: "c2VjcmV0", alg: "HS256", key_ops: ["sign", "verify"], ext: true, use: "sig" };
const key = await subtle.importKey("jwk", jwk, HMAC, false, ["sign"]);
return [key.algorithm.length, key.extractable, hex(await subtle.sign("HMAC", key, ascii("text")))];

// case: imports a JWK that says nothing but the key
const key = await subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0" }, HMAC, true, ["verify"]);
return [key.algorithm.length, key.usages];

// case: a JWK of another kind
return subtle.importKey("jwk", { kty: "RSA", k: "c2VjcmV0" }, HMAC, true, ["sign"]);

// case: a JWK of no kind
return subtle.importKey("jwk", { k: "c2VjcmV0" }, HMAC, true, ["sign"]);

// case: a JWK without the key
return subtle.importKey("jwk", { kty: "oct" }, HMAC, true, ["sign"]);

// case: a JWK for another hash
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", alg: "HS512" }, HMAC, true, ["sign"]);

// case: a JWK for encryption
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", use: "enc" }, HMAC, true, ["sign"]);

// case: a JWK that shall not leave
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", ext: false }, HMAC, true, ["sign"]);

// case: a JWK that shall not leave, and does not
return (await subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", ext: false }, HMAC, false, ["sign"])).extractable;

// case: a JWK for other operations
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", key_ops: ["verify"] }, HMAC, true, ["sign"]);

// case: a JWK that says an operation twice
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", key_ops: ["sign", "sign"] }, HMAC, true, ["sign"]);

// case: a JWK with operations that nobody knows
return (await subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", key_ops: ["sign", "bake"] }, HMAC, true, ["sign"])).usages;

// case: a JWK whose operations are no list
return subtle.importKey("jwk", { kty: "oct", k: "c2VjcmV0", key_ops: 7 }, HMAC, true, ["sign"]);

// case: a JWK that is null
return subtle.importKey("jwk", null, HMAC, true, ["sign"]);

// case: a JWK that is text
return subtle.importKey("jwk", "{}", HMAC, true, ["sign"]);

// case: a JWK that is bytes
// expect: {"throws":"TypeError"}
return subtle.importKey("jwk", ascii("{}"), HMAC, true, ["sign"]);

// case: bytes that are a JWK
return subtle.importKey("raw", { kty: "oct", k: "c2VjcmV0" }, HMAC, true, ["sign"]);

// case: no key of no bytes
return importHmac(new Uint8Array(0));

// case: a length that is the key's
return (await importHmac(new Uint8Array(4), { length: 32 })).algorithm.length;

// case: a length that is shorter than the key
return importHmac(new Uint8Array(4), { length: 24 });

// case: a length that is longer than the key
return importHmac(new Uint8Array(4), { length: 40 });

// case: a length that is no number
return importHmac(new Uint8Array(4), { length: "many" });

// case: a length that is too large for a number
return importHmac(new Uint8Array(4), { length: 2 ** 32 });

// case: no format of pairs
// expect: {"throws":"NotSupportedError"}
return subtle.importKey("spki", ascii("secret"), HMAC, true, ["sign"]);

// case: no key without a usage
return importHmac(ascii("secret"), {}, []);

// case: no key for what HMAC is not for
return importHmac(ascii("secret"), {}, ["deriveKey"]);

// case: signing wants the usage
return subtle.sign("HMAC", await importHmac(ascii("secret"), {}, ["verify"]), ascii("text"));

// case: verifying wants the usage
return subtle.verify("HMAC", await importHmac(ascii("secret"), {}, ["sign"]), ascii("mac"), ascii("text"));

// case: signing wants a key of the algorithm
return subtle.sign("Ed25519", await importHmac(ascii("secret")), ascii("text"));

// case: signing wants an algorithm that signs
return subtle.sign("AES-GCM", await importHmac(ascii("secret")), ascii("text"));

// case: signing wants a key
return subtle.sign("HMAC", { type: "secret" }, ascii("text"));

// case: signing wants data
return subtle.sign("HMAC", await importHmac(ascii("secret")), "text");

// case: a key that shall not leave does not
// expect: {"throws":"InvalidAccessError"}
return subtle.exportKey("jwk", await subtle.importKey("raw", ascii("secret"), HMAC, false, ["sign"]));
