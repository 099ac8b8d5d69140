const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);
const importSecret = (name, usages = ["deriveBits", "deriveKey"]) => subtle.importKey("raw", ascii("a secret"), name, false, usages);
const HKDF = { name: "HKDF", hash: "SHA-256", salt: ascii("salt"), info: ascii("info") };
const PBKDF2 = { name: "PBKDF2", hash: "SHA-256", salt: ascii("salt"), iterations: 2 };
const derive = async (algorithm, length) => hex(await subtle.deriveBits(algorithm, await importSecret(algorithm.name), length));

// case: HKDF with every hash
return Promise.all(["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map((hash) => derive({ ...HKDF, hash }, 520)));

// case: HKDF without salt and info
return derive({ ...HKDF, salt: new Uint8Array(0), info: new Uint8Array(0) }, 256);

// case: HKDF with long salt and info
return derive({ ...HKDF, salt: new Uint8Array(300), info: new Uint8Array(1000).fill(1) }, 256);

// case: HKDF as long as it goes
return (await derive(HKDF, 255 * 256)).length;

// case: HKDF longer than it goes
return derive(HKDF, 255 * 256 + 8);

// case: HKDF of nothing
return derive(HKDF, 0);

// case: HKDF of part of a byte
return derive(HKDF, 12);

// case: HKDF of no length
return [await nameOf(derive(HKDF, null)), await nameOf(derive(HKDF, undefined)), await nameOf(subtle.deriveBits(HKDF, await importSecret("HKDF")))];

// case: HKDF wants its parameters
return Promise.all(["hash", "salt", "info"].map((name) => nameOf(derive({ ...HKDF, [name]: undefined }, 256))));

// case: HKDF knows no other hash
return derive({ ...HKDF, hash: "SHA-3" }, 256);

// case: PBKDF2 with every hash
return Promise.all(["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map((hash) => derive({ ...PBKDF2, hash }, 520)));

// case: PBKDF2 with many iterations
return derive({ ...PBKDF2, iterations: 20000 }, 256);

// case: PBKDF2 with many iterations, several at once
return Promise.all([1, 2, 3].map((salt) => derive({ ...PBKDF2, iterations: 5000, salt: new Uint8Array(salt) }, 256)));

// case: PBKDF2 of nothing
return derive(PBKDF2, 0);

// case: PBKDF2 of part of a byte
return derive(PBKDF2, 12);

// case: PBKDF2 of no length
return derive(PBKDF2, null);

// case: PBKDF2 without an iteration
return derive({ ...PBKDF2, iterations: 0 }, 256);

// case: PBKDF2 wants its parameters
return Promise.all(["hash", "salt", "iterations"].map((name) => nameOf(derive({ ...PBKDF2, [name]: undefined }, 256))));

// case: PBKDF2 wants iterations that are a number
return Promise.all([NaN, Infinity, -1, 2 ** 32, "x"].map((iterations) => nameOf(derive({ ...PBKDF2, iterations }, 256))));

// case: PBKDF2 of an empty password
const key = await subtle.importKey("raw", new Uint8Array(0), "PBKDF2", false, ["deriveBits"]);
return hex(await subtle.deriveBits(PBKDF2, key, 256));

// case: HKDF of an empty secret
const key = await subtle.importKey("raw", new Uint8Array(0), "HKDF", false, ["deriveBits"]);
return hex(await subtle.deriveBits(HKDF, key, 256));

// case: secrets are described
const key = await importSecret("PBKDF2");
return [key.type, key.extractable, key.algorithm, [...key.usages].sort()];

// case: secrets never leave
return Promise.all(["HKDF", "PBKDF2"].map((name) => nameOf(subtle.importKey("raw", ascii("secret"), name, true, ["deriveBits"]))));

// case: secrets have a usage
return importSecret("HKDF", []);

// case: secrets are for deriving
return importSecret("PBKDF2", ["encrypt"]);

// case: secrets come as bytes
return [
  await nameOf(subtle.importKey("jwk", { kty: "oct", k: "AAAA" }, "HKDF", false, ["deriveBits"])),
  await nameOf(subtle.importKey("spki", ascii("a"), "PBKDF2", false, ["deriveBits"])),
];

// case: secrets are not generated
return Promise.all(["HKDF", "PBKDF2"].map((name) => nameOf(subtle.generateKey(name, false, ["deriveBits"]))));

// case: deriving wants the usage
return [
  await nameOf(subtle.deriveBits(HKDF, await importSecret("HKDF", ["deriveKey"]), 128)),
  await nameOf(subtle.deriveKey(HKDF, await importSecret("HKDF", ["deriveBits"]), { name: "AES-GCM", length: 128 }, true, ["encrypt"])),
];

// case: deriving wants a key of the algorithm
return subtle.deriveBits(HKDF, await importSecret("PBKDF2"), 128);

// case: deriving wants an algorithm that derives
return subtle.deriveBits("HMAC", await importSecret("PBKDF2"), 128);

// case: keys of AES are derived
return Promise.all([128, 192, 256].map(async (length) => {
  const key = await subtle.deriveKey(PBKDF2, await importSecret("PBKDF2"), { name: "AES-GCM", length }, true, ["encrypt"]);
  return [key.algorithm, key.usages, hex(await subtle.exportKey("raw", key))];
}));

// case: keys of HMAC are derived, as long as a block or as they shall be
return Promise.all([{}, { length: 80 }].map(async (extra) => {
  const key = await subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "HMAC", hash: "SHA-512", ...extra }, true, ["sign"]);
  return [key.algorithm.length, hex(await subtle.exportKey("raw", key))];
}));

// case: keys are derived with many iterations
const key = await subtle.deriveKey({ ...PBKDF2, iterations: 5000 }, await importSecret("PBKDF2"), { name: "AES-CBC", length: 256 }, true, ["decrypt"]);
return hex(await subtle.exportKey("raw", key));

// case: derived keys have a length
return [
  await nameOf(subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "AES-GCM" }, true, ["encrypt"])),
  await nameOf(subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "AES-GCM", length: 100 }, true, ["encrypt"])),
];

// case: derived keys of HMAC have a bit
// expect: {"throws":"TypeError"}
return subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "HMAC", hash: "SHA-1", length: 0 }, true, ["sign"]);

// case: derived keys have a usage
return [
  await nameOf(subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "AES-GCM", length: 128 }, true, [])),
  await nameOf(subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "AES-GCM", length: 128 }, true, ["sign"])),
];

// case: keys of pairs are not derived
return subtle.deriveKey(HKDF, await importSecret("HKDF"), { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
