const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const SECRET = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
const importAes = (name, length = 256, usages = ["encrypt", "decrypt"]) =>
  subtle.importKey("raw", SECRET.subarray(0, length / 8), name, true, usages);
const IV = { "AES-GCM": { iv: bytes("cafebabefacedbaddecaf888") }, "AES-CBC": { iv: bytes("000102030405060708090a0b0c0d0e0f") }, "AES-CTR": { counter: bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), length: 64 } };
const both = async (name, length, text, extra = {}) => {
  const key = await importAes(name, length);
  const algorithm = { name, ...IV[name], ...extra };
  const sealed = await subtle.encrypt(algorithm, key, ascii(text));
  return [hex(sealed), hex(await subtle.decrypt(algorithm, key, sealed))];
};

// case: AES-GCM with 128 bits
return both("AES-GCM", 128, "some text of which one block is not enough");

// case: AES-GCM with 192 bits
return both("AES-GCM", 192, "some text of which one block is not enough");

// case: AES-GCM with 256 bits
return both("AES-GCM", 256, "some text of which one block is not enough");

// case: AES-GCM of nothing
return both("AES-GCM", 256, "");

// case: AES-GCM with more data
return both("AES-GCM", 256, "text", { additionalData: ascii("more") });

// case: AES-GCM with the tag's length, said
return both("AES-GCM", 256, "text", { tagLength: 128 });

// case: AES-GCM with tags that it has not
const key = await importAes("AES-GCM");
return Promise.all([0, 1, 127, 129, 255].map((tagLength) =>
  nameOf(subtle.encrypt({ name: "AES-GCM", ...IV["AES-GCM"], tagLength }, key, ascii("text")))));

// case: AES-GCM with a tag's length that is no octet
return both("AES-GCM", 256, "text", { tagLength: 256 });

// case: AES-GCM with a short tag
// expect: {"throws":"NotSupportedError"}
return both("AES-GCM", 256, "text", { tagLength: 96 });

// case: AES-GCM with a long iv
// expect: {"throws":"NotSupportedError"}
return both("AES-GCM", 256, "text", { iv: new Uint8Array(16) });

// case: AES-GCM without an iv
return both("AES-GCM", 256, "text", { iv: undefined });

// case: AES-GCM with an iv that is text
return both("AES-GCM", 256, "text", { iv: "cafebabefacedbad" });

// case: AES-GCM with more data that is none
return both("AES-GCM", 256, "text", { additionalData: "more" });

// case: AES-GCM finds every change
const key = await importAes("AES-GCM");
const algorithm = { name: "AES-GCM", ...IV["AES-GCM"] };
const sealed = new Uint8Array(await subtle.encrypt(algorithm, key, ascii("text")));
const changed = (at) => sealed.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
const other = await subtle.importKey("raw", new Uint8Array(32), "AES-GCM", true, ["decrypt"]);
return [
  await nameOf(subtle.decrypt(algorithm, key, sealed)),
  await nameOf(subtle.decrypt(algorithm, key, changed(0))),
  await nameOf(subtle.decrypt(algorithm, key, changed(sealed.length - 1))),
  await nameOf(subtle.decrypt(algorithm, key, sealed.subarray(1))),
  await nameOf(subtle.decrypt({ ...algorithm, iv: new Uint8Array(12) }, key, sealed)),
  await nameOf(subtle.decrypt({ ...algorithm, additionalData: ascii("a") }, key, sealed)),
  await nameOf(subtle.decrypt(algorithm, other, sealed)),
];

// case: AES-GCM of less than a tag
return subtle.decrypt({ name: "AES-GCM", ...IV["AES-GCM"] }, await importAes("AES-GCM"), new Uint8Array(15));

// case: AES-CBC with 128 bits
return both("AES-CBC", 128, "some text of which one block is not enough");

// case: AES-CBC with 192 bits
return both("AES-CBC", 192, "some text of which one block is not enough");

// case: AES-CBC with 256 bits
return both("AES-CBC", 256, "some text of which one block is not enough");

// case: AES-CBC of whole blocks has another for the padding
return both("AES-CBC", 256, "0123456789abcdef");

// case: AES-CBC of nothing
return both("AES-CBC", 256, "");

// case: AES-CBC with a short iv
return both("AES-CBC", 256, "text", { iv: new Uint8Array(12) });

// case: AES-CBC without an iv
return both("AES-CBC", 256, "text", { iv: undefined });

// case: AES-CBC of what has no padding
const key = await importAes("AES-CBC");
const algorithm = { name: "AES-CBC", ...IV["AES-CBC"] };
const sealed = new Uint8Array(await subtle.encrypt(algorithm, key, ascii("0123456789abcdef")));
return [
  await nameOf(subtle.decrypt(algorithm, key, sealed.subarray(0, 16))),
  await nameOf(subtle.decrypt(algorithm, key, sealed.subarray(0, 17))),
  await nameOf(subtle.decrypt(algorithm, key, new Uint8Array(0))),
];

// case: AES-CTR with 128 bits
return both("AES-CTR", 128, "some text of which one block is not enough");

// case: AES-CTR with 192 bits
return both("AES-CTR", 192, "some text of which one block is not enough");

// case: AES-CTR with 256 bits
return both("AES-CTR", 256, "some text of which one block is not enough");

// case: AES-CTR of nothing
return both("AES-CTR", 256, "");

// case: AES-CTR with counters that come to their end
return Promise.all([1, 2, 7, 8, 9, 64, 127, 128].map((length) =>
  both("AES-CTR", 256, "two blocks, and no more than two", { length, counter: new Uint8Array(16).fill(255) })));

// case: AES-CTR with a short counter that does not
return both("AES-CTR", 256, "three blocks of text, and no more than three ...", { length: 4, counter: new Uint8Array(16) });

// case: AES-CTR with more than its counter counts
return both("AES-CTR", 256, "two blocks, and more than two blocks", { length: 1 });

// case: AES-CTR with no counter
return both("AES-CTR", 256, "text", { length: 0 });

// case: AES-CTR with more counter than block
return both("AES-CTR", 256, "text", { length: 129 });

// case: AES-CTR with a short block
return both("AES-CTR", 256, "text", { counter: new Uint8Array(12) });

// case: AES-CTR without the counter's length
return both("AES-CTR", 256, "text", { length: undefined });

// case: generates keys of all lengths
return Promise.all(["AES-GCM", "AES-CBC", "AES-CTR"].flatMap((name) => [128, 192, 256].map(async (length) => {
  const key = await subtle.generateKey({ name, length }, true, ["encrypt", "wrapKey"]);
  return [key.type, key.algorithm.name, key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength];
})));

// case: generates keys for wrapping
return Promise.all([128, 256].map(async (length) => {
  const key = await subtle.generateKey({ name: "AES-KW", length }, true, ["wrapKey", "unwrapKey"]);
  return [key.algorithm.name, key.algorithm.length];
}));

// case: a key of 192 bits for wrapping
// expect: {"throws":"NotSupportedError"}
return subtle.generateKey({ name: "AES-KW", length: 192 }, true, ["wrapKey"]);

// case: generates no key of another length
return Promise.all([0, 8, 129, 512].map((length) => nameOf(subtle.generateKey({ name: "AES-GCM", length }, true, ["encrypt"]))));

// case: generates no key without a length
return subtle.generateKey("AES-GCM", true, ["encrypt"]);

// case: generates no key of a length that is too large for a number
return subtle.generateKey({ name: "AES-GCM", length: 65536 }, true, ["encrypt"]);

// case: generates no key without a usage
return subtle.generateKey({ name: "AES-CTR", length: 128 }, true, []);

// case: generates no key for what AES is not for
return Promise.all(["AES-GCM", "AES-CBC", "AES-CTR", "AES-KW"].map((name) =>
  nameOf(subtle.generateKey({ name, length: 128 }, true, ["sign"]))));

// case: keys for wrapping do not encrypt
return subtle.generateKey({ name: "AES-KW", length: 128 }, true, ["encrypt"]);

// case: imports no key of another length
return Promise.all([0, 15, 17, 64].map((length) =>
  nameOf(subtle.importKey("raw", new Uint8Array(length), "AES-CBC", true, ["encrypt"]))));

// case: exports JWKs
return Promise.all(["AES-GCM", "AES-CBC", "AES-CTR"].flatMap((name) => [128, 192, 256].map(async (length) => {
  const jwk = await subtle.exportKey("jwk", await importAes(name, length));
  return [jwk.kty, jwk.k, jwk.alg, [...jwk.key_ops].sort(), jwk.ext];
})));

// case: imports a JWK
const jwk = { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", alg: "A128CBC", use: "enc" };
const key = await subtle.importKey("jwk", jwk, { name: "aes-cbc" }, false, ["decrypt"]);
return [key.algorithm, key.usages];

// case: a JWK for another length
return subtle.importKey("jwk", { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", alg: "A256CBC" }, "AES-CBC", true, ["encrypt"]);

// case: a JWK for another mode
return subtle.importKey("jwk", { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", alg: "A128GCM" }, "AES-CBC", true, ["encrypt"]);

// case: a JWK for signatures
return subtle.importKey("jwk", { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", use: "sig" }, "AES-CBC", true, ["encrypt"]);

// case: a JWK of a length that AES has not
return subtle.importKey("jwk", { kty: "oct", k: "AAAA" }, "AES-CBC", true, ["encrypt"]);

// case: no format of pairs
return subtle.importKey("pkcs8", new Uint8Array(16), "AES-CBC", true, ["encrypt"]);

// case: usages are what was asked for
return [await nameOf(subtle.encrypt({ name: "AES-GCM", ...IV["AES-GCM"] }, await importAes("AES-GCM", 128, ["decrypt"]), ascii("a"))),
  await nameOf(subtle.decrypt({ name: "AES-GCM", ...IV["AES-GCM"] }, await importAes("AES-GCM", 128, ["encrypt"]), ascii("a")))];

// case: modes do not share keys
return subtle.encrypt({ name: "AES-CBC", ...IV["AES-CBC"] }, await importAes("AES-GCM"), ascii("a"));

// case: AES-KW does not encrypt
return subtle.encrypt("AES-KW", await importAes("AES-KW", 128, ["wrapKey"]), new Uint8Array(16));

// case: parameters come before keys
return subtle.encrypt({ name: "AES-CBC" }, await importAes("AES-GCM"), ascii("a"));
