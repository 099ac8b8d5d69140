// Plugins, for `runtime.addPlugin(…)`.

declare module "@tollgate/runtime" {
  /**
   * A plugin of the project's own.
   *
   * @example
   * ```ts
   * export class Timing extends RuntimePlugin {
   *   initialize(runtime: RuntimeExtensions) {
   *     runtime.addRequestHook((request, context) => {
   *       context.custom.started = Date.now();
   *       return request;
   *     });
   *   }
   * }
   * ```
   */
  export class RuntimePlugin {
    /** Called once, as the plugin is added. The project is loaded when what it promises is done. */
    initialize?(runtime: RuntimeExtensions): void | Promise<void>;
  }

  /** The same as {@link RuntimePlugin}. */
  export class SystemRuntimePlugin extends RuntimePlugin {}

  /** Algorithms that the gateway signs with. */
  export type JwtAlgorithm =
    | "EdDSA"
    | "ES256"
    | "ES384"
    | "PS256"
    | "PS384"
    | "PS512"
    | "RS256"
    | "RS384"
    | "RS512";

  /** Where the gateway's issuer is found, and how it signs. */
  export interface JwtServicePluginOptions {
    /**
     * The path of the issuer: discovery and keys lie below it.
     * @defaultValue `"/__zuplo/issuer"`
     */
    basePath?: string;
    /**
     * What tokens are signed with.
     * @defaultValue `"EdDSA"`
     */
    algorithm?: JwtAlgorithm;
    /**
     * How long tokens are valid: seconds, or a number and a unit such as `"5m"`.
     * @defaultValue `"1h"`
     */
    expiresIn?: number | string;
    /**
     * An older name.
     * @deprecated Write `expiresIn`.
     */
    tokenExpiration?: number | string;
  }

  /** What a token says. Every other member becomes a claim of that name. */
  export interface SignJwtOptions {
    /** Whom it is about: `sub`. */
    subject?: string;
    /** Whom it is for: `aud`. */
    audience?: string | string[];
    /** How long it is valid: seconds, or a number and a unit such as `"5m"`; as the plugin says, unless given. */
    expiresIn?: number | string;
    [claim: string]: unknown;
  }

  /** Configures the gateway's issuer of tokens, and signs some from code. */
  export class JwtServicePlugin extends SystemRuntimePlugin {
    /** @param options - Where the issuer is found, and how it signs. */
    constructor(options?: JwtServicePluginOptions);

    /**
     * Signs a token with the gateway's own keys.
     *
     * @returns A compact JWT.
     *
     * @example
     * ```ts
     * const token = await JwtServicePlugin.signJwt({ subject: "reports", audience: "billing", tenant: "acme" });
     * ```
     */
    static signJwt(options?: SignJwtOptions): Promise<string>;
  }

  /** What clients are told of where tokens for this gateway come from. */
  export interface OAuthProtectedResourcePluginOptions {
    /** The issuers whose tokens are taken; at least one. */
    authorizationServers: string[];
    /** The name of the API, for people. */
    resourceName?: string;
  }

  /** Publishes where clients find the authorization server of this gateway (RFC 9728). */
  export class OAuthProtectedResourcePlugin extends SystemRuntimePlugin {
    /** @param options - Where tokens come from. */
    constructor(options: OAuthProtectedResourcePluginOptions);
  }
}
