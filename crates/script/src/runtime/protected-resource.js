// `OAuthProtectedResourcePlugin`: the metadata of RFC 9728, by which clients find where to log in.

import { ConfigurationError } from "tollgate:runtime-errors";
import { INSTALL } from "tollgate:runtime-extensions";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";

export class OAuthProtectedResourcePlugin extends SystemRuntimePlugin {
  #options;

  /** @param {{ authorizationServers: string[], resourceName: string }} options */
  constructor(options) {
    super();
    if (!Array.isArray(options?.authorizationServers) || options.authorizationServers.length === 0) {
      throw new ConfigurationError("OAuthProtectedResourcePlugin: `authorizationServers` must list at least one");
    }
    this.#options = options;
  }

  [INSTALL](setup) {
    const { authorizationServers, resourceName, ...rest } = this.#options;
    setup.documents.push({
      path: "/.well-known/oauth-protected-resource",
      body: {
        authorization_servers: authorizationServers,
        resource_name: resourceName,
        bearer_methods_supported: ["header"],
        ...rest,
      },
    });
  }
}
