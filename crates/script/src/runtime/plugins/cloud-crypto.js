// Keys and digests in the forms that clouds want them.

const { Uint8Array, atob, btoa, crypto } = globalThis;

const encoder = new TextEncoder();

export function utf8(text) {
  return encoder.encode(text);
}

export function hex(bytes) {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function base64(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** Base64 for URLs, without padding (RFC 4648 §5). */
export function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** HMAC with SHA-256. */
export async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}

/** SHA-256 of a text or of bytes. */
export async function sha256(data) {
  return crypto.subtle.digest("SHA-256", typeof data === "string" ? utf8(data) : data);
}

/** A private RSA key for signatures with SHA-256, of its PEM (PKCS #8). */
export async function privateKey(pem) {
  const text = pem.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return crypto.subtle.importKey("pkcs8", bytes, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
}

/** A JWT (RFC 7519), signed with RS256. */
export async function signedJwt(header, claims, key) {
  const text = [{ alg: "RS256", typ: "JWT", ...header }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  return `${text}.${base64url(await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, utf8(text)))}`;
}
