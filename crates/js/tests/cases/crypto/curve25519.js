const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const ED = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" };
const X = { kty: "OKP", crv: "X25519", x: "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo", d: "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo" };
const OTHER = { kty: "OKP", crv: "X25519", x: "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08" };
const JWK = { Ed25519: ED, X25519: X };
const USAGE = { Ed25519: { private: ["sign"], public: ["verify"] }, X25519: { private: ["deriveBits", "deriveKey"], public: [] } };
const importPrivate = (name, extra = {}, usages = USAGE[name].private) => subtle.importKey("jwk", { ...JWK[name], ...extra }, name, true, usages);
const importPublic = (name, extra = {}, usages = USAGE[name].public) =>
  subtle.importKey("jwk", { ...JWK[name], d: undefined, ...extra }, name, true, usages);
const described = ({ type, extractable, algorithm, usages }) => [type, extractable, algorithm, [...usages].sort()];

// case: Ed25519 signs
return Promise.all(["", "text", "x".repeat(1000)].map(async (text) => hex(await subtle.sign("Ed25519", await importPrivate("Ed25519"), ascii(text)))));

// case: Ed25519 verifies what it signed, and nothing else
const signature = new Uint8Array(await subtle.sign({ name: "ed25519" }, await importPrivate("Ed25519"), ascii("text")));
const key = await importPublic("Ed25519");
const verify = (signature, text) => subtle.verify("Ed25519", key, signature, ascii(text));
return [
  await verify(signature, "text"),
  await verify(signature, "texts"),
  await verify(signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte)), "text"),
  await verify(signature.subarray(0, 63), "text"),
  await verify(new Uint8Array(0), "text"),
];

// case: generates keys
const all = [];
for (const name of ["Ed25519", "X25519"]) {
  const { publicKey, privateKey } = await subtle.generateKey(name, false, [...USAGE[name].private, ...USAGE[name].public]);
  all.push(described(publicKey), described(privateKey), (await subtle.exportKey("raw", publicKey)).byteLength);
}
return all;

// case: generates no keys with which nothing can be done, or for what they are not for
return [
  await nameOf(subtle.generateKey("Ed25519", true, [])),
  await nameOf(subtle.generateKey("Ed25519", true, ["verify"])),
  await nameOf(subtle.generateKey("Ed25519", true, ["deriveBits"])),
  await nameOf(subtle.generateKey("X25519", true, [])),
  await nameOf(subtle.generateKey("X25519", true, ["sign"])),
];

// case: exports in every form
const all = [];
for (const name of ["Ed25519", "X25519"]) {
  const [one, other] = [await importPublic(name), await importPrivate(name)];
  all.push(hex(await subtle.exportKey("raw", one)), hex(await subtle.exportKey("spki", one)), hex(await subtle.exportKey("pkcs8", other)));
  for (const key of [one, other]) {
    const { key_ops, ...jwk } = await subtle.exportKey("jwk", key);
    all.push(Object.entries(jwk).sort(), [...key_ops].sort());
  }
}
return all;

// case: imports what it exported
const all = [];
for (const name of ["Ed25519", "X25519"]) {
  for (const format of ["raw", "spki", "jwk"]) {
    const key = await subtle.importKey(format, await subtle.exportKey(format, await importPublic(name)), name, true, USAGE[name].public);
    all.push(described(key), hex(await subtle.exportKey("raw", key)));
  }
  const key = await subtle.importKey("pkcs8", await subtle.exportKey("pkcs8", await importPrivate(name)), name, true, USAGE[name].private);
  all.push(described(key), (await subtle.exportKey("jwk", key)).d);
}
return all;

// case: bytes of another length are no key
return Promise.all([0, 31, 33, 64].flatMap((length) => ["Ed25519", "X25519"].map((name) =>
  nameOf(subtle.importKey("raw", new Uint8Array(length), name, true, USAGE[name].public)))));

// case: forms of the other curve
return [
  await nameOf(subtle.importKey("spki", await subtle.exportKey("spki", await importPublic("X25519")), "Ed25519", true, ["verify"])),
  await nameOf(subtle.importKey("pkcs8", await subtle.exportKey("pkcs8", await importPrivate("Ed25519")), "X25519", true, ["deriveBits"])),
  await nameOf(subtle.importKey("spki", new Uint8Array(44), "Ed25519", true, ["verify"])),
  await nameOf(importPublic("Ed25519", { crv: "X25519" })),
  await nameOf(importPublic("Ed25519", { kty: "EC" })),
];

// case: names of the algorithm in a JWK
return Promise.all(["EdDSA", "Ed25519", "ES256"].map((alg) => nameOf(importPublic("Ed25519", { alg }))));

// case: a JWK that is not whole
return [
  await nameOf(importPublic("Ed25519", { x: undefined })),
  await nameOf(importPublic("X25519", { x: "AAAA" })),
  await nameOf(importPrivate("Ed25519", { d: "AAAA" })),
];

// case: a JWK with another's private key
return [await nameOf(importPrivate("Ed25519", { d: X.d })), await nameOf(importPrivate("Ed25519", { x: X.x }))];

// case: a JWK with another's private key, for an agreement
// expect: {"throws":"DataError"}
return importPrivate("X25519", { x: OTHER.x });

// case: a JWK for another use
return [
  await nameOf(importPublic("Ed25519", { use: "enc" })),
  await nameOf(importPrivate("X25519", { use: "sig" })),
  await nameOf(importPublic("Ed25519", { use: "sig" })),
];

// case: usages of halves
return [
  await nameOf(importPublic("Ed25519", {}, ["sign"])),
  await nameOf(importPrivate("Ed25519", {}, ["verify"])),
  await nameOf(importPublic("X25519", {}, ["deriveBits"])),
  await nameOf(importPrivate("X25519", {}, [])),
];

// case: exports halves in their forms
return [
  await nameOf(subtle.exportKey("raw", await importPrivate("Ed25519"))),
  await nameOf(subtle.exportKey("spki", await importPrivate("X25519"))),
  await nameOf(subtle.exportKey("pkcs8", await importPublic("Ed25519"))),
];

// case: X25519 agrees
const algorithm = { name: "X25519", public: await importPublic("X25519", OTHER) };
const key = await importPrivate("X25519");
return Promise.all([null, 256, 128, 0].map(async (length) => hex(await subtle.deriveBits(algorithm, key, length))));

// case: X25519 gives no more bits than it has
return subtle.deriveBits({ name: "X25519", public: await importPublic("X25519", OTHER) }, await importPrivate("X25519"), 264);

// case: X25519 does not agree on nothing
const key = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
return subtle.deriveBits({ name: "X25519", public: key }, await importPrivate("X25519"), 256);

// case: X25519 wants keys that fit
const base = await importPrivate("X25519");
return [
  await nameOf(subtle.deriveBits({ name: "X25519", public: base }, base, 256)),
  await nameOf(subtle.deriveBits({ name: "X25519", public: await importPublic("Ed25519") }, base, 256)),
  await nameOf(subtle.deriveBits({ name: "X25519", public: await importPublic("X25519") }, await importPublic("X25519"), 256)),
  await nameOf(subtle.deriveBits("X25519", base, 256)),
];

// case: X25519 derives keys
const algorithm = { name: "X25519", public: await importPublic("X25519", OTHER) };
const key = await subtle.deriveKey(algorithm, await importPrivate("X25519"), { name: "AES-CBC", length: 256 }, true, ["encrypt"]);
return hex(await subtle.exportKey("raw", key));

// case: the old name of Ed25519
// expect: {"returns":["NODE-ED25519","NODE-ED25519",true]}
const algorithm = { name: "NODE-ED25519", namedCurve: "NODE-ED25519" };
const { publicKey, privateKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
const raw = await subtle.exportKey("raw", publicKey);
const key = await subtle.importKey("raw", raw, algorithm, false, ["verify"]);
const signature = await subtle.sign("NODE-ED25519", privateKey, ascii("text"));
return [key.algorithm.name, key.algorithm.namedCurve, await subtle.verify("NODE-ED25519", key, signature, ascii("text"))];

// case: the old name of Ed25519 does not share keys with the new one
// expect: {"throws":"InvalidAccessError"}
const { privateKey } = await subtle.generateKey("NODE-ED25519", true, ["sign", "verify"]);
return subtle.sign("Ed25519", privateKey, ascii("text"));
