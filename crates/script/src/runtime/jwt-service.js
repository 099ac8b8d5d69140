// `JwtServicePlugin`: sets up the issuer that the gateway signs tokens with, and signs some from code.

import { seconds } from "tollgate:runtime-duration";
import { ConfigurationError } from "tollgate:runtime-errors";
import { INSTALL } from "tollgate:runtime-extensions";
import { host } from "tollgate:runtime-host";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { stringify } from "tollgate:runtime-values";

const ALGORITHMS = ["EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

/** How long tokens of `signJwt` are valid that does not say, in seconds. */
let usual = 300;

export class JwtServicePlugin extends SystemRuntimePlugin {
  #options;

  /**
   * @param {{ basePath?: string, algorithm?: string, expiresIn?: number | string }} [options]
   *   Without an algorithm it stays the gateway's, RS256. `tokenExpiration` is an older name of `expiresIn`.
   */
  constructor(options = {}) {
    super();
    const { basePath = "/__zuplo/issuer", algorithm, expiresIn, tokenExpiration } = options;
    if (typeof basePath !== "string" || !basePath.startsWith("/")) {
      throw new ConfigurationError('JwtServicePlugin: basePath must begin with "/"');
    }
    if (algorithm !== undefined && !ALGORITHMS.includes(algorithm)) {
      throw new ConfigurationError(`JwtServicePlugin: algorithm must be one of ${ALGORITHMS.join(", ")}`);
    }
    const lifetime = seconds(expiresIn, "JwtServicePlugin: expiresIn") ?? seconds(tokenExpiration, "JwtServicePlugin: tokenExpiration");
    this.#options = { path: basePath, algorithm, expiresIn: lifetime };
  }

  [INSTALL](setup) {
    setup.issuer = this.#options;
    usual = this.#options.expiresIn ?? usual;
  }

  /**
   * Signs a token. Everything that is not subject, audience or expiresIn becomes a claim.
   *
   * @returns {Promise<string>} A compact JWT.
   */
  static async signJwt({ subject, audience, expiresIn, ...claims } = {}) {
    const lifetime = seconds(expiresIn, "signJwt: expiresIn") ?? usual;
    return host.signJwt(stringify({ subject, audience, expiresIn: lifetime, claims }));
  }
}
