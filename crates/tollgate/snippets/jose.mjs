// Accepts only what came through the gateway: verifies its tokens with jose.
//
//     npm install jose
//
// `verify(token)` gives the claims, or throws. The signing keys are fetched once, kept for five
// minutes, and fetched again when a token names a key that is not among them, so that a rotation
// needs no restart. Issuer and algorithm are pinned here, never taken from the token.

import { createRemoteJWKSet, jwtVerify } from "jose";

const ISSUER = process.env.TOLLGATE_ISSUER ?? "http://127.0.0.1:9000/__tollgate/issuer";
const ALGORITHMS = ["RS256"];
const AUDIENCE = process.env.TOLLGATE_AUDIENCE; // only if the gateway is configured with one

const keys = createRemoteJWKSet(new URL(ISSUER + "/.well-known/jwks.json"), {
  cacheMaxAge: 300_000,
  cooldownDuration: 5_000, // an unknown key id fetches at most this often
});

/** Gives the claims of a token that the gateway signed. */
export async function verify(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    algorithms: ALGORITHMS,
    audience: AUDIENCE,
    requiredClaims: ["exp", "sub"],
  });
  return payload;
}

/** Gives the claims for the value of an `Authorization` header. */
export async function verifyHeader(authorization) {
  const [scheme, token] = (authorization ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) {
    throw new Error("there is no token: call the gateway, not this server");
  }
  return verify(token);
}
