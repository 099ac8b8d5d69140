// case: the names of the interfaces
return [String(crypto), String(crypto.subtle), typeof Crypto, typeof SubtleCrypto, typeof CryptoKey];

// case: crypto.subtle is always the same object
return crypto.subtle === crypto.subtle;

// case: none of the interfaces can be constructed
return [Crypto, SubtleCrypto, CryptoKey].map((it) => {
  try {
    return String(new it());
  } catch (error) {
    return error.name;
  }
});

// case: objects are instances of their interfaces
const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
return [crypto instanceof Crypto, crypto.subtle instanceof SubtleCrypto, key instanceof CryptoKey, String(key)];

// case: the numbers of arguments that are wanted
return Object.fromEntries(
  ["encrypt", "decrypt", "sign", "verify", "digest", "generateKey", "deriveKey", "deriveBits", "importKey", "exportKey"]
    .concat("wrapKey", "unwrapKey")
    .map((name) => [name, SubtleCrypto.prototype[name].length]),
);

// case: methods of another object are rejections
const { digest, sign, generateKey, exportKey } = crypto.subtle;
const nameOf = (promise) => promise.then(String, (error) => error.name);
return [
  await nameOf(digest.call({}, "SHA-256", new Uint8Array(1))),
  await nameOf(sign.call(crypto, "HMAC", {}, new Uint8Array(1))),
  await nameOf(generateKey.call(undefined, "Ed25519", true, ["sign"])),
  await nameOf(exportKey.call(null, "raw", {})),
];

// case: methods of Crypto of another object throw
const names = [];
for (const call of [
  () => crypto.randomUUID.call({}),
  () => crypto.getRandomValues.call({}, new Uint8Array(1)),
  () => Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle").get.call({}),
]) {
  try {
    call();
  } catch (error) {
    names.push(error.name);
  }
}
return names;

// case: attributes of keys are of keys only
return ["type", "extractable", "algorithm", "usages"].map((name) => {
  try {
    return String(Object.getOwnPropertyDescriptor(CryptoKey.prototype, name).get.call({}));
  } catch (error) {
    return error.name;
  }
});

// case: attributes of a key are the same objects each time
const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
return [key.algorithm === key.algorithm, key.usages === key.usages];

// case: a key has no properties of its own that JSON would show
const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "HKDF", false, ["deriveBits"]);
return [Object.keys(Object.getOwnPropertyDescriptors(CryptoKey.prototype)).sort(), key.type, key.extractable];

// case: randomUUID is of version 4 and differs
const one = crypto.randomUUID();
return [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one), one === crypto.randomUUID()];

// case: getRandomValues fills and returns its argument
const array = new Uint32Array(8);
return [crypto.getRandomValues(array) === array, array.some((value) => value > 0)];

// case: getRandomValues fills the part that a view shows
const buffer = new Uint8Array(64);
crypto.getRandomValues(buffer.subarray(16, 48));
return [buffer.subarray(0, 16).every((it) => it === 0), buffer.subarray(16, 48).some((it) => it > 0), buffer.subarray(48).every((it) => it === 0)];

// case: getRandomValues takes every integer type
return [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array,
].map((type) => crypto.getRandomValues(new type(2)).length);

// case: getRandomValues takes nothing at all
return crypto.getRandomValues(new Uint8Array(0)).length;

// case: getRandomValues of floats
return crypto.getRandomValues(new Float64Array(1));

// case: getRandomValues of a DataView
return crypto.getRandomValues(new DataView(new ArrayBuffer(1)));

// case: getRandomValues of a buffer
return crypto.getRandomValues(new ArrayBuffer(1));

// case: getRandomValues of an object
return crypto.getRandomValues({ length: 1 });

// case: getRandomValues of 65536 bytes
return crypto.getRandomValues(new Uint16Array(32768)).byteLength;

// case: getRandomValues of 65537 bytes
return crypto.getRandomValues(new Uint8Array(65537));

// case: getRandomValues' failures are DOMExceptions
const kinds = [];
for (const array of [new Float32Array(1), new Uint8Array(65537)]) {
  try {
    crypto.getRandomValues(array);
  } catch (error) {
    kinds.push([error instanceof DOMException, error.code]);
  }
}
return kinds;
