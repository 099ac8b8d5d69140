const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const RSA = { kty: "RSA", n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ", e: "AQAB", d: "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ", p: "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc", q: "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc", dp: "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0", dq: "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU", qi: "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U" };
const { kty, n, e } = RSA;
const PUBLIC = { kty, n, e };
const importPrivate = (name, hash = "SHA-256", usages = name === "RSA-OAEP" ? ["decrypt"] : ["sign"], extra = {}) =>
  subtle.importKey("jwk", { ...RSA, ...extra }, { name, hash }, true, usages);
const importPublic = (name, hash = "SHA-256", usages = name === "RSA-OAEP" ? ["encrypt"] : ["verify"], extra = {}) =>
  subtle.importKey("jwk", { ...PUBLIC, ...extra }, { name, hash }, true, usages);
const PKCS1 = "RSASSA-PKCS1-v1_5";
const GENERATE = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const described = ({ type, extractable, algorithm, usages }) => [
  type, extractable, algorithm.name, algorithm.modulusLength, hex(algorithm.publicExponent), algorithm.hash, [...usages].sort(),
];

// case: RSASSA-PKCS1-v1_5 with SHA-256
return hex(await subtle.sign(PKCS1, await importPrivate(PKCS1), ascii("text")));

// case: RSASSA-PKCS1-v1_5 with SHA-384
return hex(await subtle.sign(PKCS1, await importPrivate(PKCS1, "SHA-384"), ascii("text")));

// case: RSASSA-PKCS1-v1_5 with SHA-512
return hex(await subtle.sign({ name: PKCS1 }, await importPrivate(PKCS1, "SHA-512"), ascii("text")));

// case: RSASSA-PKCS1-v1_5 with SHA-1 does not sign
// expect: {"throws":"NotSupportedError"}
return subtle.sign(PKCS1, await importPrivate(PKCS1, "SHA-1"), ascii("text"));

// case: RSASSA-PKCS1-v1_5 with SHA-1 verifies
const signature = bytes("2d4faf37f7db34f54b0d5735e54a806c10b6ca11650f22fb2d4d9f6d398fc1c13260b381c2d5ffdb7e9a1e19e8480644d8acf403602892493fea338101176553425b345207ad9a9065671bb2b9ab9666c58965c1fbb6f18457b64fc4cf73895ab4df23f04f9bd82e485a26627c4e1cd392aff4df865c4c4f96228a5f599b3700c2bc60277d6630cff0fa158058402569fb132c33f694bc089fbed9c9d5a53f13bfe45252049d606bda2279cb4f9ffe707a6076c5dae21f9f8e1892cbd906586b916449ebbe55044e24dbcff3cb4a8fccb1e7c562e21c66df103ec7fdbdef6913e05673e5e0e09fe7045c82ef7682d0443009ba66fbcfe9f1eadc660b78023e71");
const key = await importPublic(PKCS1, "SHA-1");
return [await subtle.verify(PKCS1, key, signature, ascii("text")), await subtle.verify(PKCS1, key, signature, ascii("texts"))];

// case: RSASSA-PKCS1-v1_5 verifies what it signed, and nothing else
const key = await importPublic(PKCS1);
const signature = new Uint8Array(await subtle.sign(PKCS1, await importPrivate(PKCS1), ascii("text")));
const verify = (signature, text) => subtle.verify(PKCS1, key, signature, ascii(text));
return [
  await verify(signature, "text"),
  await verify(signature, "texts"),
  await verify(signature.map((byte, at) => (at === 9 ? byte ^ 1 : byte)), "text"),
  await verify(signature.subarray(1), "text"),
  await verify(new Uint8Array(0), "text"),
  await subtle.verify(PKCS1, await importPublic(PKCS1, "SHA-512"), signature, ascii("text")),
];

// case: RSA-PSS without a salt is always the same
const key = await importPrivate("RSA-PSS");
const sign = async () => hex(await subtle.sign({ name: "RSA-PSS", saltLength: 0 }, key, ascii("text")));
return [await sign(), (await sign()) === (await sign())];

// case: RSA-PSS wants the salt's length
return subtle.sign("RSA-PSS", await importPrivate("RSA-PSS"), ascii("text"));

// case: RSA-PSS has room for a salt, and no more
const key = await importPrivate("RSA-PSS");
return [
  (await subtle.sign({ name: "RSA-PSS", saltLength: 222 }, key, ascii("text"))).byteLength,
  await nameOf(subtle.sign({ name: "RSA-PSS", saltLength: 223 }, key, ascii("text"))),
  await nameOf(subtle.sign({ name: "RSA-PSS", saltLength: 100000 }, key, ascii("text"))),
];

// case: RSA-PSS verifies no signature with an impossible salt
// expect: {"returns":false}
return subtle.verify({ name: "RSA-PSS", saltLength: 100000 }, await importPublic("RSA-PSS"), new Uint8Array(256), ascii("text"));

// case: RSA-PSS with SHA-1
// expect: {"throws":"NotSupportedError"}
return importPublic("RSA-PSS", "SHA-1");

// case: RSA-OAEP encrypts as much as it has room for
const key = await importPublic("RSA-OAEP");
return [
  (await subtle.encrypt("RSA-OAEP", key, new Uint8Array(190))).byteLength,
  (await subtle.encrypt("RSA-OAEP", key, new Uint8Array(0))).byteLength,
  await nameOf(subtle.encrypt("RSA-OAEP", key, new Uint8Array(191))),
];

// case: RSA-OAEP decrypts nothing that it did not encrypt
const key = await importPrivate("RSA-OAEP");
return Promise.all([0, 255, 256, 257].map((length) => nameOf(subtle.decrypt("RSA-OAEP", key, new Uint8Array(length)))));

// case: RSA-OAEP with a label that is none
return subtle.encrypt({ name: "RSA-OAEP", label: "text" }, await importPublic("RSA-OAEP"), ascii("text"));

// case: generates keys
const all = [];
for (const [name, usages] of [[PKCS1, ["sign", "verify"]], ["RSA-PSS", ["sign", "verify"]], ["RSA-OAEP", ["encrypt", "decrypt", "wrapKey", "unwrapKey"]]]) {
  const { publicKey, privateKey } = await subtle.generateKey({ name, ...GENERATE }, false, usages);
  all.push(described(publicKey), described(privateKey));
}
return all;

// case: generates keys for one thing only
const { publicKey, privateKey } = await subtle.generateKey({ name: PKCS1, ...GENERATE }, true, ["sign"]);
return [publicKey.usages, privateKey.usages];

// case: generated keys work
const { publicKey, privateKey } = await subtle.generateKey({ name: PKCS1, ...GENERATE }, false, ["sign", "verify"]);
return subtle.verify(PKCS1, publicKey, await subtle.sign(PKCS1, privateKey, ascii("text")), ascii("text"));

// case: generates no keys with which nothing can be done
return [
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE }, true, [])),
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE }, true, ["verify"])),
  await nameOf(subtle.generateKey({ name: "RSA-OAEP", ...GENERATE }, true, ["encrypt", "wrapKey"])),
];

// case: generates no keys for what the scheme is not for
return [
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE }, true, ["sign", "encrypt"])),
  await nameOf(subtle.generateKey({ name: "RSA-PSS", ...GENERATE }, true, ["decrypt"])),
  await nameOf(subtle.generateKey({ name: "RSA-OAEP", ...GENERATE }, true, ["sign"])),
];

// case: generates no keys without the parameters
return Promise.all(["modulusLength", "publicExponent", "hash"].map((name) =>
  nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, [name]: undefined }, true, ["sign"]))));

// case: generates no keys with parameters of the wrong kind
return [
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, publicExponent: [1, 0, 1] }, true, ["sign"])),
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, publicExponent: new Uint8Array([1, 0, 1]).buffer }, true, ["sign"])),
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, modulusLength: -1 }, true, ["sign"])),
  await nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, hash: "SHA-0" }, true, ["sign"])),
];

// case: generates no keys with an exponent that RSA cannot have
return Promise.all([[], [1], [2], [1, 0, 0]].map((exponent) =>
  nameOf(subtle.generateKey({ name: PKCS1, ...GENERATE, publicExponent: new Uint8Array(exponent) }, true, ["sign"]))));

// case: generates no keys with another exponent
// expect: {"throws":"NotSupportedError"}
return subtle.generateKey({ name: PKCS1, ...GENERATE, publicExponent: new Uint8Array([3]) }, true, ["sign"]);

// case: generates no short keys
// expect: {"throws":"NotSupportedError"}
return subtle.generateKey({ name: PKCS1, ...GENERATE, modulusLength: 1024 }, true, ["sign"]);

// case: takes an exponent with zeros before it
const { publicKey } = await subtle.generateKey({ name: PKCS1, ...GENERATE, publicExponent: new Uint8Array([0, 1, 0, 1]) }, true, ["sign"]);
return publicKey.algorithm.modulusLength;

// case: imports and describes keys
return [described(await importPublic(PKCS1)), described(await importPrivate("RSA-OAEP", "SHA-1", ["decrypt", "unwrapKey"]))];

// case: exports JWKs
const all = [];
for (const name of [PKCS1, "RSA-PSS", "RSA-OAEP"]) {
  const { key_ops, ...jwk } = await subtle.exportKey("jwk", await importPrivate(name, "SHA-384"));
  all.push(Object.entries(jwk).sort(), key_ops);
  const { key_ops: ops, ...other } = await subtle.exportKey("jwk", await importPublic(name, "SHA-384"));
  all.push(Object.entries(other).sort(), ops);
}
return all;

// case: JWKs are named after scheme and hash
return Promise.all([PKCS1, "RSA-OAEP"].flatMap((name) => ["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map(async (hash) =>
  (await subtle.exportKey("jwk", await importPublic(name, hash))).alg)));

// case: exports SPKI
return hex(await subtle.exportKey("spki", await importPublic(PKCS1)));

// case: exports PKCS#8
return hex(await subtle.exportKey("pkcs8", await importPrivate("RSA-PSS")));

// case: imports what it exported
const spki = await subtle.exportKey("spki", await importPublic(PKCS1));
const pkcs8 = await subtle.exportKey("pkcs8", await importPrivate(PKCS1));
const publicKey = await subtle.importKey("spki", spki, { name: PKCS1, hash: "SHA-512" }, true, ["verify"]);
const privateKey = await subtle.importKey("pkcs8", pkcs8, { name: PKCS1, hash: "SHA-512" }, false, ["sign"]);
return [described(publicKey), described(privateKey), hex(await subtle.sign(PKCS1, privateKey, ascii("text")))];

// case: keys of pairs have no raw form
// expect: {"throws":"NotSupportedError"}
return subtle.exportKey("raw", await importPublic(PKCS1));

// case: exports public keys as SPKI, private ones as PKCS#8
return [
  await nameOf(subtle.exportKey("pkcs8", await importPublic(PKCS1))),
  await nameOf(subtle.exportKey("spki", await importPrivate(PKCS1))),
];

// case: forms are not confused
const spki = await subtle.exportKey("spki", await importPublic(PKCS1));
const pkcs8 = await subtle.exportKey("pkcs8", await importPrivate(PKCS1));
return [
  await nameOf(subtle.importKey("pkcs8", spki, { name: PKCS1, hash: "SHA-256" }, true, ["sign"])),
  await nameOf(subtle.importKey("spki", pkcs8, { name: PKCS1, hash: "SHA-256" }, true, ["verify"])),
  await nameOf(subtle.importKey("spki", spki.slice(0, 100), { name: PKCS1, hash: "SHA-256" }, true, ["verify"])),
  await nameOf(subtle.importKey("spki", new Uint8Array(0), { name: PKCS1, hash: "SHA-256" }, true, ["verify"])),
  await nameOf(subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"])),
  await nameOf(subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"])),
];

// case: a JWK of another kind
return importPublic(PKCS1, "SHA-256", ["verify"], { kty: "EC" });

// case: a JWK for another algorithm
return [
  await nameOf(importPublic(PKCS1, "SHA-256", ["verify"], { alg: "RS512" })),
  await nameOf(importPublic("RSA-OAEP", "SHA-256", ["encrypt"], { alg: "RSA-OAEP" })),
  await nameOf(importPublic("RSA-OAEP", "SHA-1", ["encrypt"], { alg: "RSA-OAEP" })),
];

// case: a JWK for another scheme
// expect: {"throws":"DataError"}
return importPublic(PKCS1, "SHA-256", ["verify"], { alg: "PS256" });

// case: a JWK for another use
return [
  await nameOf(importPublic(PKCS1, "SHA-256", ["verify"], { use: "enc" })),
  await nameOf(importPublic("RSA-OAEP", "SHA-256", ["encrypt"], { use: "sig" })),
  await nameOf(importPublic("RSA-OAEP", "SHA-256", ["encrypt"], { use: "enc" })),
];

// case: a JWK without its numbers
return [
  await nameOf(importPublic(PKCS1, "SHA-256", ["verify"], { n: undefined })),
  await nameOf(importPublic(PKCS1, "SHA-256", ["verify"], { e: undefined })),
  await nameOf(importPrivate(PKCS1, "SHA-256", ["sign"], { p: undefined })),
  await nameOf(importPrivate(PKCS1, "SHA-256", ["sign"], { p: undefined, q: undefined, dp: undefined, dq: undefined, qi: undefined })),
];

// case: a JWK with numbers that do not agree
// expect: {"throws":"DataError"}
return importPrivate(PKCS1, "SHA-256", ["sign"], { qi: RSA.dq });

// case: a JWK of more than two primes
// expect: {"throws":"NotSupportedError"}
return importPrivate(PKCS1, "SHA-256", ["sign"], { oth: [{ r: "AQ", d: "AQ", t: "AQ" }] });

// case: a JWK with a zero before its modulus
const padded = "AKH4Fgri48m0Zc6NLWViYzYrkn2-KeHwJHf8FiXMkKE244vZNJfFtupj3XcR5nx0KflWsPuKjwia3EtpiTzBMz9T7dAZuHeEJS_skU_khXdpWUvqQoDTLA9Vv2KUTxMDlrxum99uvdK9o2eO7KDGaPcBs42_-zjINCzi_m0n-t5KWkh0l53Uuc-a3sTHWwWFLCwPXvilwXUDkvlE6O1kwRDGtkdgmqR4OuucbJrXVTEwUGOLg2Zcb296gqOWcCofZBuC0-vyOSIZSR-2hocsVxb1Cvg1jZqLnRfDQHKPf4fYmhjY_KtnrYRZDC7PdZM5NjwHA01vYG-eIeBUVsrl6aE";
const key = await importPublic(PKCS1, "SHA-256", ["verify"], { n: padded });
return [key.algorithm.modulusLength, (await subtle.exportKey("jwk", key)).n === RSA.n];

// case: usages of halves
return [
  await nameOf(importPublic(PKCS1, "SHA-256", ["sign"])),
  await nameOf(importPrivate(PKCS1, "SHA-256", ["verify"])),
  await nameOf(importPrivate("RSA-OAEP", "SHA-256", ["encrypt"])),
  await nameOf(importPublic("RSA-OAEP", "SHA-256", [])),
  await nameOf(importPrivate("RSA-OAEP", "SHA-256", [])),
];

// case: schemes do not share keys
return [
  await nameOf(subtle.sign({ name: "RSA-PSS", saltLength: 0 }, await importPrivate(PKCS1), ascii("text"))),
  await nameOf(subtle.sign(PKCS1, await importPrivate("RSA-PSS"), ascii("text"))),
  await nameOf(subtle.sign("RSA-OAEP", await importPrivate("RSA-OAEP"), ascii("text"))),
];

// case: halves do what they are for
return [
  await nameOf(subtle.sign(PKCS1, await importPublic(PKCS1), ascii("text"))),
  await nameOf(subtle.verify(PKCS1, await importPrivate(PKCS1), new Uint8Array(256), ascii("text"))),
  await nameOf(subtle.encrypt("RSA-OAEP", await importPrivate("RSA-OAEP"), ascii("text"))),
  await nameOf(subtle.decrypt("RSA-OAEP", await importPublic("RSA-OAEP"), new Uint8Array(256))),
];

// case: a hash is wanted for an import
return [
  await nameOf(subtle.importKey("jwk", PUBLIC, PKCS1, true, ["verify"])),
  await nameOf(subtle.importKey("jwk", PUBLIC, { name: PKCS1, hash: "MD5" }, true, ["verify"])),
];
