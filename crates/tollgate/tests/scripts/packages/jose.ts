// Tokens that are signed and verified here, and tokens of the gateway's own issuer.
import * as jose from "jose";

const secret = new TextEncoder().encode("a secret of the test that is long enough");

export async function symmetric() {
  const token = await new jose.SignJWT({ plan: "gold" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("acme")
    .setIssuedAt()
    .setExpirationTime("2m")
    .sign(secret);
  const { payload, protectedHeader } = await jose.jwtVerify(token, secret, { subject: "acme", algorithms: ["HS256"] });
  const [head, body, signature] = token.split(".");
  const forged = [head, body, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
  const codeOf = (promise: Promise<unknown>) => promise.then(() => "accepted", (error) => error.code);
  const late = await new jose.SignJWT({}).setProtectedHeader({ alg: "HS256" }).setExpirationTime(1).sign(secret);
  return {
    header: protectedHeader,
    plan: payload.plan,
    seconds: payload.exp! - payload.iat!,
    forged: await codeOf(jose.jwtVerify(forged, secret)),
    late: await codeOf(jose.jwtVerify(late, secret)),
    audience: await codeOf(jose.jwtVerify(token, secret, { audience: "nobody" })),
    unsigned: await codeOf(jose.jwtVerify(new jose.UnsecuredJWT({}).encode(), secret)),
  };
}

/** A key pair is made, leaves as a JWK, comes back, and verifies what the other half has signed. */
export async function asymmetric(request: Request) {
  const alg = new URL(request.url).searchParams.get("alg")!;
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const token = await new jose.SignJWT({ alg }).setProtectedHeader({ alg, kid: "k" }).setIssuer("test").sign(
    await jose.importJWK(await jose.exportJWK(privateKey), alg),
  );
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: "k", alg };
  const keys = jose.createLocalJWKSet({ keys: [jwk] });
  const { payload } = await jose.jwtVerify(token, keys, { issuer: "test" });
  const pem = await jose.importSPKI(await jose.exportSPKI(publicKey), alg);
  await jose.jwtVerify(token, pem);
  await jose.jwtVerify(await new jose.SignJWT({}).setProtectedHeader({ alg }).sign(await jose.importPKCS8(await jose.exportPKCS8(privateKey), alg)), publicKey);
  return { alg: payload.alg, kty: jwk.kty, thumbprint: (await jose.calculateJwkThumbprint(jwk)).length };
}

export async function encrypted() {
  const { publicKey, privateKey } = await jose.generateKeyPair("ECDH-ES+A256KW");
  const text = await new jose.CompactEncrypt(new TextEncoder().encode("hidden"))
    .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM" })
    .encrypt(publicKey);
  const { plaintext } = await jose.compactDecrypt(text, privateKey);
  const direct = await new jose.EncryptJWT({ a: 1 }).setProtectedHeader({ alg: "dir", enc: "A128CBC-HS256" }).encrypt(secret.slice(0, 32));
  const { payload } = await jose.jwtDecrypt(direct, secret.slice(0, 32));
  return { text: new TextDecoder().decode(plaintext), parts: text.split(".").length, a: payload.a };
}

const sets = new Map<string, ReturnType<typeof jose.createRemoteJWKSet>>();

/** Verifies the bearer token by the keys that its issuer publishes. */
export async function issued(request: Request) {
  const jwks = request.headers.get("x-jwks")!;
  if (!sets.has(jwks)) sets.set(jwks, jose.createRemoteJWKSet(new URL(jwks)));
  const token = request.headers.get("authorization")!.replace("Bearer ", "");
  const { payload, protectedHeader } = await jose.jwtVerify(token, sets.get(jwks)!, { audience: request.headers.get("x-audience")! });
  return { payload, header: protectedHeader };
}
