const { subtle } = crypto;
const hex = (data) => [...new Uint8Array(data)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);

// case: SHA-1 of nothing, a little, and a block and a bit
return Promise.all(["", "abc", "a".repeat(119)].map(async (text) => hex(await subtle.digest("SHA-1", ascii(text)))));

// case: SHA-256 of nothing, a little, and a block and a bit
return Promise.all(["", "abc", "a".repeat(119)].map(async (text) => hex(await subtle.digest("SHA-256", ascii(text)))));

// case: SHA-384 of nothing, a little, and a block and a bit
return Promise.all(["", "abc", "a".repeat(239)].map(async (text) => hex(await subtle.digest("SHA-384", ascii(text)))));

// case: SHA-512 of nothing, a little, and a block and a bit
return Promise.all(["", "abc", "a".repeat(239)].map(async (text) => hex(await subtle.digest("SHA-512", ascii(text)))));

// case: a digest is an ArrayBuffer
const digest = await subtle.digest("SHA-256", ascii("abc"));
return [digest instanceof ArrayBuffer, digest.byteLength];

// case: an algorithm as an object, and in any case
return [
  hex(await subtle.digest({ name: "SHA-256" }, ascii("abc"))),
  hex(await subtle.digest("sha-256", ascii("abc"))),
  hex(await subtle.digest({ name: "sHa-1", other: 1 }, ascii("abc"))),
];

// case: all kinds of views
const buffer = ascii("0123456789abcdef").buffer;
return Promise.all(
  [buffer, new DataView(buffer, 2, 5), new Uint16Array(buffer, 4, 3), new Float64Array(buffer), new Uint8ClampedArray(buffer, 1)]
    .map(async (view) => hex(await subtle.digest("SHA-1", view))),
);

// case: a detached buffer is empty
const buffer = new ArrayBuffer(8);
if (buffer.transfer) buffer.transfer();
else structuredClone(buffer, { transfer: [buffer] });
return hex(await subtle.digest("SHA-1", buffer));

// case: a megabyte
return hex(await subtle.digest("SHA-256", new Uint8Array(1 << 20).fill(7)));

// case: the data is read when digest is called
const data = ascii("abc");
const digest = subtle.digest("SHA-1", data);
data.fill(0);
return hex(await digest);

// case: a hash that there is not
return subtle.digest("SHA-999", ascii("abc"));

// case: MD5, which is not of the standard
// expect: {"returns":"900150983cd24fb0d6963f7d28e17f72"}
return hex(await subtle.digest("MD5", ascii("abc")));

// case: names without the hyphen are not names
return subtle.digest("SHA256", ascii("abc"));

// case: an algorithm that is none of a digest
return subtle.digest("HMAC", ascii("abc"));

// case: an algorithm without a name
return subtle.digest({}, ascii("abc"));

// case: an algorithm that is null
return subtle.digest(null, ascii("abc"));

// case: an algorithm that is a number
return subtle.digest(256, ascii("abc"));

// case: an algorithm that is a symbol
return subtle.digest(Symbol("SHA-1"), ascii("abc"));

// case: data that is text
return subtle.digest("SHA-1", "abc");

// case: data that is an array
return subtle.digest("SHA-1", [1, 2, 3]);

// case: no arguments
return subtle.digest();

// case: data comes before the name
return [await nameOf(subtle.digest("SHA-999", "abc")), await nameOf(subtle.digest({}, "abc"))];

// case: a getter that throws is a rejection
const promise = subtle.digest({ get name() { throw new RangeError("mine"); } }, ascii("abc"));
return [promise instanceof Promise, await nameOf(promise)];
