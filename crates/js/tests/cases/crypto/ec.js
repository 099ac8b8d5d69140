const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const EC = {
  "P-256": { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
  "P-384": { kty: "EC", crv: "P-384", x: "6aqcoUk_6mP-BFBGWIhmB_9p1Ydok7U2hDTvOpyo3nGFTc7OttVjEA-u0YXKfvNg", y: "WWMr45UfQafLHnPklJa7MG59q_julenvGSHoNMWn31V08MjU5aqYhUABPyhn5Y0D", d: "BhkiOtAl6DLhy40dqqohYrniZaPY6ko2-G7qEj1pOTF75801JPuBG9HqISrNvmuQ" },
  "P-521": { kty: "EC", crv: "P-521", x: "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt", y: "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1", d: "AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt" },
};
const PUBLIC = Object.fromEntries(Object.entries(EC).map(([curve, { d, ...jwk }]) => [curve, jwk]));
const USAGE = { ECDSA: { private: ["sign"], public: ["verify"] }, ECDH: { private: ["deriveBits", "deriveKey"], public: [] } };
const importPrivate = (name, namedCurve = "P-256", extra = {}, usages = USAGE[name].private) =>
  subtle.importKey("jwk", { ...EC[namedCurve], ...extra }, { name, namedCurve }, true, usages);
const importPublic = (name, namedCurve = "P-256", extra = {}, usages = USAGE[name].public) =>
  subtle.importKey("jwk", { ...PUBLIC[namedCurve], ...extra }, { name, namedCurve }, true, usages);
const CURVES = ["P-256", "P-384", "P-521"];
const described = ({ type, extractable, algorithm, usages }) => [type, extractable, algorithm, [...usages].sort()];

// case: generates keys
const all = [];
for (const name of ["ECDSA", "ECDH"]) {
  for (const namedCurve of CURVES) {
    const { publicKey, privateKey } = await subtle.generateKey({ name, namedCurve }, false, [...USAGE[name].private, ...USAGE[name].public]);
    all.push(described(publicKey), described(privateKey), (await subtle.exportKey("raw", publicKey)).byteLength);
  }
}
return all;

// case: generates no keys on a curve that there is not
return [
  await nameOf(subtle.generateKey({ name: "ECDSA", namedCurve: "P-257" }, true, ["sign"])),
  await nameOf(subtle.generateKey({ name: "ECDSA", namedCurve: "p-256" }, true, ["sign"])),
  await nameOf(subtle.generateKey({ name: "ECDH", namedCurve: "secp256k1" }, true, ["deriveBits"])),
];

// case: generates no keys without a curve
return subtle.generateKey("ECDSA", true, ["sign"]);

// case: generates no keys with which nothing can be done
return [
  await nameOf(subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [])),
  await nameOf(subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["verify"])),
  await nameOf(subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, [])),
];

// case: generates no keys for what the algorithm is not for
return [
  await nameOf(subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "deriveBits"])),
  await nameOf(subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["sign"])),
];

// case: exports points
return Promise.all(CURVES.map(async (curve) => hex(await subtle.exportKey("raw", await importPublic("ECDSA", curve)))));

// case: exports SPKI
return Promise.all(CURVES.flatMap((curve) => ["ECDSA", "ECDH"].map(async (name) =>
  hex(await subtle.exportKey("spki", await importPublic(name, curve))))));

// case: exports PKCS#8
return Promise.all(CURVES.flatMap((curve) => ["ECDSA", "ECDH"].map(async (name) =>
  hex(await subtle.exportKey("pkcs8", await importPrivate(name, curve))))));

// case: exports JWKs
const all = [];
for (const name of ["ECDSA", "ECDH"]) {
  for (const curve of CURVES) {
    for (const key of [await importPrivate(name, curve), await importPublic(name, curve)]) {
      const { key_ops, ...jwk } = await subtle.exportKey("jwk", key);
      all.push(Object.entries(jwk).sort(), [...key_ops].sort());
    }
  }
}
return all;

// case: imports what it exported
const all = [];
for (const namedCurve of CURVES) {
  const algorithm = { name: "ECDSA", namedCurve };
  const key = await importPublic("ECDSA", namedCurve);
  for (const format of ["raw", "spki", "jwk"]) {
    const again = await subtle.importKey(format, await subtle.exportKey(format, key), algorithm, true, ["verify"]);
    all.push(described(again), hex(await subtle.exportKey("raw", again)));
  }
  const pkcs8 = await subtle.exportKey("pkcs8", await importPrivate("ECDSA", namedCurve));
  const again = await subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  all.push(described(again), (await subtle.exportKey("jwk", again)).d);
}
return all;

// case: imports compressed points
const compressed = bytes("037fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445");
const key = await subtle.importKey("raw", compressed, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
return hex(await subtle.exportKey("raw", key));

// case: imports PKCS#8 without the public key
const pkcs8 = bytes("304102010030130607" + "2a8648ce3d020106082a8648ce3d030107042730250201010420" + "8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2");
const key = await subtle.importKey("pkcs8", pkcs8, { name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
const { x, y } = await subtle.exportKey("jwk", key);
return [x, y];

// case: bytes that are no point
const raw = new Uint8Array(await subtle.exportKey("raw", await importPublic("ECDSA")));
const importRaw = (data, namedCurve = "P-256") => nameOf(subtle.importKey("raw", data, { name: "ECDSA", namedCurve }, true, ["verify"]));
return [
  await importRaw(raw),
  await importRaw(raw.map((byte, at) => (at === 64 ? byte ^ 1 : byte))),
  await importRaw(raw.subarray(0, 64)),
  await importRaw(raw.subarray(1)),
  await importRaw(new Uint8Array(0)),
  await importRaw(new Uint8Array(1)),
  await importRaw(raw, "P-384"),
];

// case: SPKI and PKCS#8 of another curve
const spki = await subtle.exportKey("spki", await importPublic("ECDSA"));
const pkcs8 = await subtle.exportKey("pkcs8", await importPrivate("ECDSA"));
return [
  await nameOf(subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-384" }, true, ["verify"])),
  await nameOf(subtle.importKey("pkcs8", pkcs8, { name: "ECDH", namedCurve: "P-521" }, true, ["deriveBits"])),
];

// case: SPKI and PKCS#8 are not confused, nor cut
const spki = new Uint8Array(await subtle.exportKey("spki", await importPublic("ECDSA")));
const pkcs8 = new Uint8Array(await subtle.exportKey("pkcs8", await importPrivate("ECDSA")));
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
return [
  await nameOf(subtle.importKey("spki", pkcs8, algorithm, true, ["verify"])),
  await nameOf(subtle.importKey("pkcs8", spki, algorithm, true, ["sign"])),
  await nameOf(subtle.importKey("spki", spki.subarray(0, 80), algorithm, true, ["verify"])),
  await nameOf(subtle.importKey("pkcs8", pkcs8.subarray(0, 80), algorithm, true, ["sign"])),
  await nameOf(subtle.importKey("pkcs8", new Uint8Array(3), algorithm, true, ["sign"])),
  await nameOf(subtle.importKey("pkcs8", pkcs8, "X25519", true, ["deriveBits"])),
];

// case: keys of both algorithms have the same SPKI
const spki = await subtle.exportKey("spki", await importPublic("ECDH"));
return described(await subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]));

// case: a JWK of another kind
return importPublic("ECDSA", "P-256", { kty: "OKP" });

// case: a JWK of another curve
return [await nameOf(importPublic("ECDSA", "P-256", { crv: "P-384" })), await nameOf(importPublic("ECDSA", "P-256", { crv: undefined }))];

// case: a JWK for another curve's signatures
return [
  await nameOf(importPublic("ECDSA", "P-256", { alg: "ES256" })),
  await nameOf(importPublic("ECDSA", "P-521", { alg: "ES512" })),
  await nameOf(importPublic("ECDSA", "P-256", { alg: "ES384" })),
  await nameOf(importPublic("ECDSA", "P-256", { alg: "HS256" })),
  await nameOf(importPublic("ECDH", "P-256", { alg: "ECDH-ES" })),
];

// case: a JWK without coordinates
return [await nameOf(importPublic("ECDSA", "P-256", { x: undefined })), await nameOf(importPrivate("ECDSA", "P-256", { y: undefined }))];

// case: a JWK with coordinates of no point
return [
  await nameOf(importPublic("ECDSA", "P-256", { x: EC["P-256"].y })),
  await nameOf(importPublic("ECDSA", "P-256", { x: EC["P-384"].x })),
  await nameOf(importPublic("ECDSA", "P-256", { x: "AAAA" })),
];

// case: a JWK with another's private key
return [await nameOf(importPrivate("ECDSA", "P-256", { d: EC["P-256"].x })), await nameOf(importPrivate("ECDH", "P-256", { d: EC["P-256"].x }))];

// case: a JWK with a private key that is too large
return importPrivate("ECDSA", "P-256", { d: "_____________________________________________" });

// case: a JWK for another use
return [
  await nameOf(importPublic("ECDSA", "P-256", { use: "enc" })),
  await nameOf(importPrivate("ECDH", "P-256", { use: "sig" })),
  await nameOf(importPrivate("ECDH", "P-256", { use: "enc" })),
];

// case: usages of halves
return [
  await nameOf(importPublic("ECDSA", "P-256", {}, ["sign"])),
  await nameOf(importPrivate("ECDSA", "P-256", {}, ["verify"])),
  await nameOf(importPublic("ECDH", "P-256", {}, ["deriveBits"])),
  await nameOf(importPublic("ECDSA", "P-256", {}, [])),
  await nameOf(importPrivate("ECDSA", "P-256", {}, [])),
];

// case: exports halves in their forms
return [
  await nameOf(subtle.exportKey("raw", await importPrivate("ECDSA"))),
  await nameOf(subtle.exportKey("spki", await importPrivate("ECDH"))),
  await nameOf(subtle.exportKey("pkcs8", await importPublic("ECDSA"))),
];

// case: ECDSA wants a hash
return [
  await nameOf(subtle.sign("ECDSA", await importPrivate("ECDSA"), ascii("text"))),
  await nameOf(subtle.sign({ name: "ECDSA", hash: "SHA-3" }, await importPrivate("ECDSA"), ascii("text"))),
];

// case: ECDSA verifies no signature of another length
const key = await importPublic("ECDSA");
return Promise.all([0, 63, 64, 65, 72].map((length) =>
  subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, new Uint8Array(length).fill(1), ascii("text"))));

// case: ECDSA verifies no signature in ASN.1
const asn1 = bytes("304502200ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665022100c50a07d38c3c70e5d8f12daf084a5480a66590c5f293509a8f3f7f8a83a354d5");
const text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const fixed = bytes("0ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665c50a07d38c3c70e5d8f12daf084a5480a66590c5f293509a8f3f7f8a83a354d5");
const key = await importPublic("ECDSA");
return [
  await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, asn1, ascii(text)),
  await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, fixed, ascii(text)),
];

// case: ECDH agrees with itself
return Promise.all(CURVES.map(async (curve) => {
  const key = await importPrivate("ECDH", curve);
  return hex(await subtle.deriveBits({ name: "ECDH", public: await importPublic("ECDH", curve) }, key, null));
}));

// case: ECDH gives as many bits as it shall
const algorithm = { name: "ECDH", public: await importPublic("ECDH") };
const key = await importPrivate("ECDH");
return Promise.all([undefined, null, 0, 8, 128, 256].map(async (length) => hex(await subtle.deriveBits(algorithm, key, length))));

// case: ECDH gives no more bits than it has
return subtle.deriveBits({ name: "ECDH", public: await importPublic("ECDH") }, await importPrivate("ECDH"), 264);

// case: ECDH of P-521 has bits that fill no byte
const algorithm = { name: "ECDH", public: await importPublic("ECDH", "P-521") };
const key = await importPrivate("ECDH", "P-521");
return Promise.all([528, 521].map(async (length) => hex(await subtle.deriveBits(algorithm, key, length))));

// case: ECDH wants the other key
return [
  await nameOf(subtle.deriveBits("ECDH", await importPrivate("ECDH"), 256)),
  await nameOf(subtle.deriveBits({ name: "ECDH", public: {} }, await importPrivate("ECDH"), 256)),
];

// case: ECDH wants keys that fit
const base = await importPrivate("ECDH");
return [
  await nameOf(subtle.deriveBits({ name: "ECDH", public: base }, base, 256)),
  await nameOf(subtle.deriveBits({ name: "ECDH", public: await importPublic("ECDH", "P-384") }, base, 256)),
  await nameOf(subtle.deriveBits({ name: "ECDH", public: await importPublic("ECDSA") }, base, 256)),
  await nameOf(subtle.deriveBits({ name: "ECDH", public: await importPublic("ECDH") }, await importPublic("ECDH"), 256)),
  await nameOf(subtle.deriveBits({ name: "X25519", public: await importPublic("ECDH") }, base, 256)),
];

// case: ECDH derives keys
const algorithm = { name: "ECDH", public: await importPublic("ECDH") };
const key = await subtle.deriveKey(algorithm, await importPrivate("ECDH"), { name: "AES-GCM", length: 128 }, true, ["encrypt", "decrypt"]);
return [key.algorithm, hex(await subtle.exportKey("raw", key))];

// case: ECDH derives secrets for HKDF
const algorithm = { name: "ECDH", public: await importPublic("ECDH") };
const secret = await subtle.deriveKey(algorithm, await importPrivate("ECDH"), "HKDF", false, ["deriveBits"]);
return hex(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: ascii("x") }, secret, 256));

// case: ECDH derives no keys that are longer than the secret
const algorithm = { name: "ECDH", public: await importPublic("ECDH") };
return subtle.deriveKey(algorithm, await importPrivate("ECDH"), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
