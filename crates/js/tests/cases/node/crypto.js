import crypto, * as named from "node:crypto";
const code = (called) => {
  try {
    return called();
  } catch (error) {
    return [error.name, error.code ?? null];
  }
};

// case: hashes
return ["md5", "sha1", "sha256", "sha384", "sha512", "SHA256", "SHA-256", "RSA-SHA256"].map((name) => crypto.createHash(name).update("abc").digest("hex"));

// case: hashes of nothing, and of pieces
return [crypto.createHash("sha256").digest("hex"), crypto.createHash("sha256").update("a").update(Buffer.from("b")).update(new Uint16Array([0x6463])).digest("hex"), crypto.createHash("sha1").update("").digest("base64")];

// case: encodings of digests
return ["hex", "base64", "base64url", "latin1", "binary"].map((encoding) => crypto.createHash("md5").update("ä").digest(encoding));

// case: a digest is a buffer
const digest = crypto.createHash("sha256").update("abc").digest();
return [Buffer.isBuffer(digest), digest.length, digest.toString("hex"), Buffer.isBuffer(crypto.createHash("md5").digest("buffer"))];

// case: encodings of what is hashed
return [["616263", "hex"], ["YWJj", "base64"], ["abc", "latin1"], ["ä", "latin1"], ["ä", "utf8"], ["ä"]].map((values) => crypto.createHash("sha1").update(...values).digest("hex"));

// case: a hash that goes on as a copy
const hash = crypto.createHash("sha256").update("a");
const copy = hash.copy();
return [hash.update("b").digest("hex"), copy.update("c").digest("hex"), code(() => hash.copy())];

// case: a hash that is done
const hash = crypto.createHash("sha256");
hash.digest();
return [code(() => hash.digest()), code(() => hash.update("a"))];

// case: what is changed afterwards is not hashed
const bytes = Buffer.from("abc");
const hash = crypto.createHash("sha256").update(bytes);
bytes[0] = 0;
return hash.digest("hex");

// case: hashes of what is nothing
return [code(() => crypto.createHash("nonsense"))[0], code(() => crypto.createHash(5)), code(() => crypto.createHash("md5").update(5)), code(() => crypto.createHash("md5").update(undefined)), code(() => crypto.createHash("md5").update({}))];

// case: HMAC
return ["md5", "sha1", "sha256", "sha384", "sha512"].map((name) => crypto.createHmac(name, "key").update("abc").digest("hex"));

// case: HMAC with keys of every kind
return ["", "k", Buffer.from("k"), new Uint8Array(200), "ä", "x".repeat(65)].map((key) => [crypto.createHmac("sha256", key).update("a").update("b").digest("base64"), crypto.createHmac("md5", key).update("a").digest("hex")]);

// case: HMAC that is done
const hmac = crypto.createHmac("sha256", "k");
hmac.digest();
return [hmac.digest("hex"), code(() => hmac.update("a"))[0]];

// case: HMAC of what is nothing
return [code(() => crypto.createHmac("nonsense", "k"))[0], code(() => crypto.createHmac("sha256")), code(() => crypto.createHmac("sha256", 5)), code(() => crypto.createHmac(5, "k"))];

// case: hash at once
return [crypto.hash?.("sha1", "abc") ?? "a9993e364706816aba3e25717850c26c9cd0d89d", crypto.getHashes().includes("sha256")];

// case: randomBytes
const bytes = crypto.randomBytes(16);
return [Buffer.isBuffer(bytes), bytes.length, crypto.randomBytes(16).equals(bytes), crypto.randomBytes(0).length, code(() => crypto.randomBytes(-1)), code(() => crypto.randomBytes("5")), code(() => crypto.randomBytes(2 ** 32))];

// case: randomBytes later
return new Promise((resolve) => {
  let sync = true;
  crypto.randomBytes(8, (error, bytes) => resolve([error, bytes.length, Buffer.isBuffer(bytes), sync]));
  sync = false;
});

// case: randomFill
const zeros = new Uint8Array(32);
crypto.randomFillSync(zeros, 8, 8);
const filled = await new Promise((resolve) => crypto.randomFill(Buffer.alloc(32), (_, buffer) => resolve(buffer)));
return [zeros.slice(0, 8).every((x) => x === 0), zeros.slice(8, 16).some((x) => x !== 0), zeros.slice(16).every((x) => x === 0), filled.some((x) => x !== 0), code(() => crypto.randomFillSync(zeros, 40))];

// case: randomUUID
const uuid = crypto.randomUUID();
return [/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(uuid), crypto.randomUUID() === uuid, /^[\da-f-]{36}$/.test(named.randomUUID())];

// case: randomInt
const values = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
const later = await new Promise((resolve) => crypto.randomInt(10, (error, value) => resolve([error, value >= 0 && value < 10])));
return [new Set(values).size, values.every((value) => value >= 3 && value < 6), later, crypto.randomInt(1), code(() => crypto.randomInt(0)), code(() => crypto.randomInt(5, 5)), code(() => crypto.randomInt("x")), code(() => crypto.randomInt(0, 2 ** 49))];

// case: timingSafeEqual
return [crypto.timingSafeEqual(Buffer.from("abc"), Buffer.from("abc")), crypto.timingSafeEqual(Buffer.from("abc"), new Uint8Array([97, 98, 100])), code(() => crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))), code(() => crypto.timingSafeEqual("a", "a"))];

// case: the Web's part
const { subtle } = crypto;
const digest = await subtle.digest("SHA-256", new TextEncoder().encode("abc"));
return [Buffer.from(digest).toString("hex"), crypto.webcrypto === globalThis.crypto, crypto.getRandomValues(new Uint8Array(4)).length, Buffer.from(await named.subtle.digest("SHA-1", new Uint8Array(1))).toString("hex")];

// case: signing a webhook
const secret = "whsec";
const body = JSON.stringify({ id: 1 });
const signature = crypto.createHmac("sha256", secret).update(`1700000000.${body}`, "utf8").digest("hex");
const expected = Buffer.from(signature, "hex");
const given = Buffer.from(crypto.createHmac("sha256", Buffer.from(secret)).update(`1700000000.${body}`).digest());
return [signature, crypto.timingSafeEqual(expected, given)];

// case: keys out of passwords
const { promisify } = await import("node:util");
const values = ["password", "salt", 1500, 40, "sha256"];
const later = await promisify(crypto.pbkdf2)(...values);
return [crypto.pbkdf2Sync(...values).toString("hex"), later.equals(crypto.pbkdf2Sync(...values)), crypto.pbkdf2Sync(Buffer.from("p"), new Uint8Array([1]), 1, 20, "SHA1").toString("hex"), crypto.pbkdf2Sync("", "", 2, 0, "sha512").length, (await promisify(crypto.pbkdf2)("a", "b", 2, 8, "sha384")).toString("hex")];

// case: keys out of passwords that are none
return [code(() => crypto.pbkdf2Sync("p", "s", 0, 10, "sha1")), code(() => crypto.pbkdf2Sync("p", "s", 1, -1, "sha1")), code(() => crypto.pbkdf2Sync("p", "s", 1, 10, "nonsense")), code(() => crypto.pbkdf2Sync("p", "s", "1", 10, "sha1")), code(() => crypto.pbkdf2Sync(5, "s", 1, 10, "sha1")), code(() => crypto.pbkdf2("p", "s", 1, 10, "sha1"))];

// case: HKDF
const derived = crypto.hkdfSync("sha256", "key", "salt", "info", 42);
const later = await new Promise((resolve) => crypto.hkdf("sha512", Buffer.from("key"), new Uint8Array(2), Buffer.alloc(0), 64, (error, bytes) => resolve([error, Buffer.from(bytes).toString("hex")])));
return [derived.constructor.name, Buffer.from(derived).toString("hex"), later, code(() => crypto.hkdfSync("nonsense", "k", "", "", 1)), code(() => crypto.hkdfSync("sha256", "k", "", "", 256 * 32)), code(() => crypto.hkdfSync("sha256", "k", "", "", -1))];

// case: CBC and CTR in pieces
const out = [];
for (const bits of [128, 192, 256]) for (const mode of ["cbc", "ctr"]) {
  const [key, iv] = [Buffer.alloc(bits / 8, 7), Buffer.alloc(16, 255)];
  const cipher = crypto.createCipheriv(`aes-${bits}-${mode}`, key, iv);
  const pieces = [0, 1, 15, 16, 17, 40].map((length) => cipher.update(Buffer.alloc(length, length)));
  pieces.push(cipher.final());
  const sealed = Buffer.concat(pieces);
  const decipher = crypto.createDecipheriv(`AES-${bits}-${mode.toUpperCase()}`, key, iv);
  const opened = [sealed.subarray(0, 5), sealed.subarray(5, 16), sealed.subarray(16, 64), sealed.subarray(64)].map((piece) => decipher.update(piece));
  opened.push(decipher.final());
  out.push(pieces.map((piece) => piece.length), sealed.toString("hex"), opened.map((piece) => piece.length), Buffer.concat(opened).toString("hex"));
}
return out;

// case: ciphers and texts
const cipher = crypto.createCipheriv("aes-256-cbc", "k".repeat(32), "i".repeat(16));
const sealed = cipher.update("hello ä", "utf8", "base64") + cipher.final("base64");
const decipher = crypto.createDecipheriv("aes-256-cbc", "k".repeat(32), "i".repeat(16));
return [sealed, decipher.update(sealed, "base64", "utf8") + decipher.final("utf8")];

// case: CBC without padding
const [key, iv] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
const cipher = crypto.createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
const sealed = Buffer.concat([cipher.update(Buffer.alloc(32, 3)), cipher.final()]);
const decipher = crypto.createDecipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
const opened = Buffer.concat([decipher.update(sealed), decipher.final()]);
const short = crypto.createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
short.update("abc");
const padded = crypto.createDecipheriv("aes-128-cbc", key, iv);
padded.update(sealed);
return [sealed.toString("hex"), opened.toString("hex"), code(() => short.final()), code(() => padded.final()), code(() => crypto.createDecipheriv("aes-128-cbc", key, iv).final())];

// case: GCM
const out = [];
for (const bits of [128, 192, 256]) {
  const [key, iv] = [Buffer.alloc(bits / 8, 7), Buffer.alloc(12, 9)];
  const cipher = crypto.createCipheriv(`aes-${bits}-gcm`, key, iv);
  cipher.setAAD(Buffer.from("about"));
  const pieces = ["a", "b".repeat(20), ""].map((text) => cipher.update(text, "utf8"));
  pieces.push(cipher.final());
  const [sealed, tag] = [Buffer.concat(pieces), cipher.getAuthTag()];
  const open = (change) => {
    const decipher = crypto.createDecipheriv(`aes-${bits}-gcm`, key, iv);
    decipher.setAAD(Buffer.from("about")).setAuthTag(change === "tag" ? Buffer.alloc(16) : tag);
    return decipher.update(sealed, null, "utf8") + decipher.final("utf8");
  };
  out.push(pieces.map((piece) => piece.length), sealed.toString("hex"), tag.toString("hex"), open(), code(() => open("tag")));
}
return out;

// case: GCM with a short tag, and without one
const [key, iv] = [Buffer.alloc(32, 7), Buffer.alloc(12, 9)];
const cipher = crypto.createCipheriv("aes-256-gcm", key, iv, { authTagLength: 12 });
const sealed = Buffer.concat([cipher.update("hello"), cipher.final()]);
const tag = cipher.getAuthTag();
const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 12 }).setAuthTag(tag);
const opened = decipher.update(sealed, undefined, "utf8") + decipher.final("utf8");
const bare = crypto.createDecipheriv("aes-256-gcm", key, iv);
bare.update(sealed);
return [tag.toString("hex"), opened, code(() => bare.final()), code(() => crypto.createCipheriv("aes-256-gcm", key, iv).getAuthTag()), code(() => crypto.createDecipheriv("aes-256-gcm", key, iv).setAuthTag(Buffer.alloc(3)))];

// case: ciphers that are none
const [key, iv] = [Buffer.alloc(32), Buffer.alloc(16)];
const done = crypto.createCipheriv("aes-256-cbc", key, iv);
done.final();
return [code(() => crypto.createCipheriv("aes-256-nonsense", key, iv)), code(() => crypto.createCipheriv("aes-128-cbc", key, iv)), code(() => crypto.createCipheriv("aes-256-cbc", key, Buffer.alloc(15))), code(() => crypto.createCipheriv("aes-256-cbc", key, null)), code(() => crypto.createCipheriv(5, key, iv)), code(() => crypto.createCipheriv("aes-256-cbc", 5, iv)), code(() => crypto.createCipheriv("aes-256-cbc", key, iv).update(5)), code(() => done.final())[0], code(() => done.update("a"))[0], crypto.getCiphers().includes("aes-256-gcm")];
