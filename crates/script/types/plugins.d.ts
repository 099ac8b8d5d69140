// Plugins, to be installed with `runtime.addPlugin(new …)`.

declare module "@tollgate/runtime" {
  /** How the gateway signs tokens. */
  export interface JwtServicePluginOptions {
    /** The path that discovery and keys are served below; `/__zuplo/issuer` unless said. */
    basePath?: string;
    /** The algorithm; EdDSA unless said. */
    algorithm?: "EdDSA" | "ES256" | "ES384" | "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512";
    /** How long tokens are valid: seconds, or `"5m"`, `"1 hour"`; an hour unless said. */
    expiresIn?: number | string;
    /** An older name of `expiresIn`. */
    tokenExpiration?: number | string;
  }

  /** What a token is to say. Everything else becomes a claim. */
  export interface SignJwtOptions {
    /** `sub` */
    subject?: string;
    /** `aud` */
    audience?: string;
    /** How long it is valid; as the plugin says, unless said. */
    expiresIn?: number | string;
    [claim: string]: unknown;
  }

  /** Sets up the issuer that the gateway signs tokens with. */
  export class JwtServicePlugin extends SystemRuntimePlugin {
    /** @param options - What is not as it would be. */
    constructor(options?: JwtServicePluginOptions);
    /** Signs a token, and gives it in its compact form. */
    static signJwt(options?: SignJwtOptions): Promise<string>;
  }

  /** Tells clients where tokens for this gateway come from (RFC 9728). */
  export class OAuthProtectedResourcePlugin extends SystemRuntimePlugin {
    /** @param options - Who gives tokens, and what this is called. */
    constructor(options: { authorizationServers: string[]; resourceName?: string });
  }
}
