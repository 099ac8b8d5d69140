const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const HMAC = { name: "HMAC", hash: "SHA-256" };
const importHmac = () => subtle.importKey("raw", ascii("secret"), HMAC, true, ["sign", "verify"]);
const methods = ["encrypt", "decrypt", "sign", "verify", "digest", "generateKey", "deriveKey", "deriveBits", "importKey", "exportKey", "wrapKey", "unwrapKey"];

// case: no arguments at all are rejections
return Promise.all(methods.map((method) => nameOf(subtle[method]())));

// case: everything that goes wrong is a promise
return methods.map((method) => {
  const promise = subtle[method](Symbol("x"), null, {});
  promise.catch(() => {});
  return promise instanceof Promise;
});

// case: formats that there are not
return [
  await nameOf(subtle.importKey("RAW", ascii("a"), "HKDF", false, ["deriveBits"])),
  await nameOf(subtle.importKey(undefined, ascii("a"), "HKDF", false, ["deriveBits"])),
  await nameOf(subtle.exportKey("pem", await importHmac())),
];

// case: usages that are no list
return Promise.all([undefined, null, 1, "sign", {}].map((usages) => nameOf(subtle.generateKey(HMAC, true, usages))));

// case: usages that there are not
return [await nameOf(subtle.generateKey(HMAC, true, ["sign", "bake"])), await nameOf(subtle.generateKey(HMAC, true, ["SIGN"]))];

// case: usages may come of anything that is iterable
const key = await subtle.generateKey(HMAC, true, new Set(["verify", "sign"]));
const other = await subtle.generateKey(HMAC, true, (function* () { yield "sign"; })());
return [[...key.usages].sort(), other.usages];

// case: usages that come twice
return (await subtle.generateKey(HMAC, true, ["sign", "sign"])).usages;

// case: usages come before algorithms
return [await nameOf(subtle.generateKey("nothing", true, ["bake"])), await nameOf(subtle.generateKey("nothing", true, ["sign"]))];

// case: algorithms that there are not
return Promise.all(["nothing", "", "AES", "RSA", 7, true, undefined, null].map((name) => nameOf(subtle.generateKey(name, true, ["sign"]))));

// case: algorithms are objects with names
return Promise.all([{}, [], { name: undefined }, () => {}].map((it) => nameOf(subtle.importKey("raw", ascii("a"), it, true, ["sign"]))));

// case: names of algorithms are text, whatever they are
const { name } = (await subtle.generateKey({ name: { toString: () => "hmac" }, hash: "SHA-1" }, true, ["sign"])).algorithm;
return name;

// case: algorithms with getters
let read = 0;
const algorithm = { get name() { read += 1; return "HMAC"; }, get hash() { return { get name() { return "sha-1"; } }; } };
const key = await subtle.importKey("raw", ascii("secret"), algorithm, true, ["sign"]);
return [read > 0, key.algorithm.hash.name];

// case: algorithms whose getters throw
return nameOf(subtle.importKey("raw", ascii("secret"), { name: "HMAC", get hash() { throw new RangeError("mine"); } }, true, ["sign"]));

// case: algorithms that inherit their members
const key = await subtle.importKey("raw", ascii("secret"), Object.create(HMAC), true, ["sign"]);
return [key.algorithm.hash, key.algorithm.length];

// case: extractable is whatever is true
return Promise.all([1, "no", {}, 0, "", null, undefined].map(async (extractable) =>
  (await subtle.importKey("raw", ascii("secret"), HMAC, extractable, ["sign"])).extractable));

// case: operations that algorithms have not
return [
  await nameOf(subtle.encrypt("HMAC", await importHmac(), ascii("a"))),
  await nameOf(subtle.sign("SHA-256", await importHmac(), ascii("a"))),
  await nameOf(subtle.deriveBits("SHA-256", await importHmac(), 8)),
  await nameOf(subtle.generateKey("SHA-256", true, ["sign"])),
  await nameOf(subtle.importKey("raw", ascii("a"), "SHA-256", true, ["sign"])),
];

// case: things that are no keys
return Promise.all([undefined, null, 1, {}, Object.create(CryptoKey.prototype)].map((key) => nameOf(subtle.sign("HMAC", key, ascii("a")))));

// case: data of all kinds
const key = await importHmac();
const data = new Uint16Array([1, 2, 3, 4]);
return Promise.all([data, data.buffer, new DataView(data.buffer, 2), data.subarray(1)].map(async (it) => hex(await subtle.sign("HMAC", key, it))));

// case: the data is read when sign is called
const key = await importHmac();
const data = ascii("text");
const signature = subtle.sign("HMAC", key, data);
data.fill(0);
return hex(await signature);

// case: the key's bytes are read when importKey is called
const secret = ascii("secret");
const promise = subtle.importKey("raw", secret, HMAC, true, ["sign"]);
secret.fill(0);
return hex(await subtle.exportKey("raw", await promise));

// case: an export is a copy
const key = await importHmac();
new Uint8Array(await subtle.exportKey("raw", key)).fill(0);
return hex(await subtle.exportKey("raw", key));

// case: rejections are DOMExceptions where the standard says so
const errors = await Promise.all([
  subtle.digest("nothing", ascii("a")).catch((error) => error),
  subtle.generateKey(HMAC, true, []).catch((error) => error),
  subtle.importKey("raw", new Uint8Array(0), HMAC, true, ["sign"]).catch((error) => error),
]);
return errors.map((error) => [error instanceof DOMException, error.name, error.code, typeof error.message]);
