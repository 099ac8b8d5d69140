const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const RSA = { kty: "RSA", n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ", e: "AQAB", d: "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ", p: "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc", q: "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc", dp: "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0", dq: "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU", qi: "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U" };
const KW = bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const importKw = (length = 256, usages = ["wrapKey", "unwrapKey"]) => subtle.importKey("raw", KW.subarray(0, length / 8), "AES-KW", true, usages);
const importAes = (name, usages = ["wrapKey", "unwrapKey"]) => subtle.importKey("raw", KW, name, true, usages);
const HMAC = { name: "HMAC", hash: "SHA-256" };
const SECRET = bytes("00112233445566778899aabbccddeeff");
const importHmac = (extractable = true, secret = SECRET) => subtle.importKey("raw", secret, HMAC, extractable, ["sign"]);

// case: AES-KW wraps and unwraps
return Promise.all([128, 256].map(async (length) => {
  const kek = await importKw(length);
  const wrapped = await subtle.wrapKey("raw", await importHmac(), kek, "AES-KW");
  const key = await subtle.unwrapKey("raw", wrapped, kek, "AES-KW", HMAC, true, ["verify"]);
  return [hex(wrapped), key.usages, hex(await subtle.exportKey("raw", key))];
}));

// case: AES-KW wraps multiples of eight bytes
const kek = await importKw();
return Promise.all([8, 12, 17, 24].map(async (length) => nameOf(subtle.wrapKey("raw", await importHmac(true, new Uint8Array(length)), kek, "AES-KW"))));

// case: AES-KW finds every change
const kek = await importKw();
const wrapped = new Uint8Array(await subtle.wrapKey("raw", await importHmac(), kek, "AES-KW"));
const unwrap = (data) => nameOf(subtle.unwrapKey("raw", data, kek, "AES-KW", HMAC, true, ["sign"]));
return [
  await unwrap(wrapped),
  await unwrap(wrapped.map((byte, at) => (at === 20 ? byte ^ 1 : byte))),
  await unwrap(wrapped.subarray(0, 16)),
  await unwrap(wrapped.subarray(0, 23)),
];

// case: AES-KW wraps JWKs
const kek = await importKw();
const wrapped = await subtle.wrapKey("jwk", await importHmac(), kek, "AES-KW");
const key = await subtle.unwrapKey("jwk", wrapped, kek, "AES-KW", HMAC, true, ["sign"]);
return [wrapped.byteLength % 8, hex(await subtle.exportKey("raw", key))];

// case: AES-GCM wraps what it would encrypt
const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
const kek = await importAes("AES-GCM", ["wrapKey", "unwrapKey", "encrypt"]);
const wrapped = hex(await subtle.wrapKey("raw", await importHmac(), kek, algorithm));
return [wrapped, wrapped === hex(await subtle.encrypt(algorithm, kek, SECRET))];

// case: ciphers wrap and unwrap in every form
const all = [];
for (const algorithm of [
  { name: "AES-GCM", iv: new Uint8Array(12) },
  { name: "AES-CBC", iv: new Uint8Array(16) },
  { name: "AES-CTR", counter: new Uint8Array(16), length: 32 },
]) {
  const kek = await importAes(algorithm.name);
  for (const format of ["raw", "jwk"]) {
    const wrapped = await subtle.wrapKey(format, await importHmac(), kek, algorithm);
    const key = await subtle.unwrapKey(format, wrapped, kek, algorithm, HMAC, true, ["sign"]);
    all.push(hex(await subtle.exportKey("raw", key)));
  }
}
return all;

// case: private keys are wrapped
const algorithm = { name: "AES-CBC", iv: new Uint8Array(16) };
const kek = await importAes("AES-CBC");
const key = await subtle.importKey("jwk", RSA, { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"]);
return Promise.all(["pkcs8", "jwk"].map(async (format) => {
  const wrapped = await subtle.wrapKey(format, key, kek, algorithm);
  const again = await subtle.unwrapKey(format, wrapped, kek, algorithm, { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"]);
  return (await subtle.exportKey("jwk", again)).d === RSA.d;
}));

// case: RSA-OAEP wraps and unwraps
const { kty, n, e } = RSA;
const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
const wrapping = await subtle.importKey("jwk", { kty, n, e }, algorithm, true, ["wrapKey"]);
const unwrapping = await subtle.importKey("jwk", RSA, algorithm, true, ["unwrapKey"]);
const wrapped = await subtle.wrapKey("raw", await importHmac(), wrapping, "RSA-OAEP");
const key = await subtle.unwrapKey("raw", wrapped, unwrapping, { name: "RSA-OAEP" }, HMAC, false, ["sign"]);
return [wrapped.byteLength, key.extractable, hex(await subtle.sign("HMAC", key, ascii("text")))];

// case: wrapping wants the usage
return [
  await nameOf(subtle.wrapKey("raw", await importHmac(), await importAes("AES-CBC", ["encrypt"]), { name: "AES-CBC", iv: new Uint8Array(16) })),
  await nameOf(subtle.wrapKey("raw", await importHmac(), await importKw(128, ["unwrapKey"]), "AES-KW")),
];

// case: unwrapping wants the usage
return subtle.unwrapKey("raw", new Uint8Array(24), await importKw(128, ["wrapKey"]), "AES-KW", HMAC, true, ["sign"]);

// case: wrapping wants a key of the algorithm
return subtle.wrapKey("raw", await importHmac(), await importKw(), { name: "AES-CBC", iv: new Uint8Array(16) });

// case: wrapping wants an algorithm that wraps
return subtle.wrapKey("raw", await importHmac(), await importKw(), "HMAC");

// case: what shall not leave is not wrapped
// expect: {"throws":"InvalidAccessError"}
return subtle.wrapKey("raw", await importHmac(false), await importKw(), "AES-KW");

// case: unwrapping wants an algorithm that imports
const kek = await importKw();
const wrapped = await subtle.wrapKey("raw", await importHmac(), kek, "AES-KW");
return [
  await nameOf(subtle.unwrapKey("raw", wrapped, kek, "AES-KW", "SHA-1", true, ["sign"])),
  await nameOf(subtle.unwrapKey("raw", wrapped, kek, "AES-KW", "HMAC", true, ["sign"])),
];

// case: unwrapped keys have a usage that is theirs
const kek = await importKw();
const wrapped = await subtle.wrapKey("raw", await importHmac(), kek, "AES-KW");
return [
  await nameOf(subtle.unwrapKey("raw", wrapped, kek, "AES-KW", HMAC, true, [])),
  await nameOf(subtle.unwrapKey("raw", wrapped, kek, "AES-KW", HMAC, true, ["encrypt"])),
  await nameOf(subtle.unwrapKey("raw", wrapped, kek, "AES-KW", HMAC, true, ["bake"])),
];

// case: what is unwrapped as JWK has to be one
const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
const kek = await importAes("AES-GCM", ["wrapKey", "unwrapKey", "encrypt"]);
return Promise.all(["not JSON", "{}", '{"kty":"oct"}', '{"kty":"oct","k":"AAAA"}', "7"].map(async (text) =>
  nameOf(subtle.unwrapKey("jwk", await subtle.encrypt(algorithm, kek, ascii(text)), kek, algorithm, HMAC, true, ["sign"]))));
