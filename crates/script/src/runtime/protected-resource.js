// `OAuthProtectedResourcePlugin`: tells clients where tokens for this gateway come from (RFC 9728).

import { ConfigurationError } from "tollgate:runtime-errors";
import { INSTALL } from "tollgate:runtime-extensions";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";

export class OAuthProtectedResourcePlugin extends SystemRuntimePlugin {
  #document;

  /** @param {{ authorizationServers: string[], resourceName?: string }} options */
  constructor(options) {
    super();
    const { authorizationServers, resourceName } = options ?? {};
    if (!Array.isArray(authorizationServers) || !authorizationServers.every((server) => typeof server === "string")) {
      throw new ConfigurationError("OAuthProtectedResourcePlugin: authorizationServers must be a list of URLs");
    }
    // `resource` is the URL that was asked for: the gateway puts it in.
    this.#document = { authorization_servers: [...authorizationServers], bearer_methods_supported: ["header"] };
    if (resourceName !== undefined) this.#document.resource_name = resourceName;
  }

  [INSTALL](setup) {
    setup.documents.push({ path: "/.well-known/oauth-protected-resource", body: this.#document });
  }
}
