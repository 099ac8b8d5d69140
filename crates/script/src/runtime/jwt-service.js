// `JwtServicePlugin`: the gateway's issuer, configured in code, and tokens that code signs.

import { seconds } from "tollgate:runtime-duration";
import { ConfigurationError } from "tollgate:runtime-errors";
import { INSTALL } from "tollgate:runtime-extensions";
import { host } from "tollgate:runtime-host";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { stringify } from "tollgate:runtime-values";

const DEFAULT_PATH = "/__zuplo/issuer";

export class JwtServicePlugin extends SystemRuntimePlugin {
  #options;

  /** @param {{ basePath?: string, algorithm?: string, expiresIn?: string | number, tokenExpiration?: string | number }} [options] */
  constructor(options = {}) {
    super();
    this.#options = options;
  }

  [INSTALL](setup) {
    const { basePath, algorithm, expiresIn, tokenExpiration } = this.#options;
    const path = basePath ?? DEFAULT_PATH;
    if (typeof path !== "string" || !path.startsWith("/")) {
      throw new ConfigurationError("JwtServicePlugin: `basePath` must begin with a slash");
    }
    setup.issuer = { path, algorithm, expiresIn: seconds(expiresIn ?? tokenExpiration, "JwtServicePlugin: `expiresIn`") };
  }

  /** A compact JWT, signed by the gateway's issuer. What is none of the first three becomes a claim. */
  static async signJwt({ subject, audience, expiresIn, ...claims } = {}) {
    const lifetime = seconds(expiresIn, "signJwt: `expiresIn`");
    return host.signJwt(stringify({ subject, audience, expiresIn: lifetime, claims }));
  }
}
