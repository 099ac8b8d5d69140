// `@tollgate/runtime/mcp-gateway`: a gateway in front of MCP servers. This version does not have it.

declare module "@zuplo/runtime/mcp-gateway" {
  export * from "@tollgate/runtime/mcp-gateway";
}

declare module "@tollgate/runtime/mcp-gateway" {
  import type { BuiltInHandler, BuiltInInboundPolicy, OptionsOf, RuntimePlugin } from "@tollgate/runtime";

  /** Sends the request to an MCP server. */
  export const McpProxyHandler: BuiltInHandler;
  /** Sets up what the policies of this module need. */
  export const McpGatewayPlugin: new (options?: any) => RuntimePlugin;
  /** Asks MCP clients for a token that the gateway gives them. */
  export const McpOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpOAuthInboundPolicy">>;
  /** The same, with users of Auth0. */
  export const McpAuth0OAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpAuth0OAuthInboundPolicy">>;
  /** The same, with users of Clerk. */
  export const McpClerkOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpClerkOAuthInboundPolicy">>;
  /** The same, with users of Cognito. */
  export const McpCognitoOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpCognitoOAuthInboundPolicy">>;
  /** The same, with users of Entra. */
  export const McpEntraOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpEntraOAuthInboundPolicy">>;
  /** The same, with users of Google. */
  export const McpGoogleOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpGoogleOAuthInboundPolicy">>;
  /** The same, with users of Keycloak. */
  export const McpKeycloakOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpKeycloakOAuthInboundPolicy">>;
  /** The same, with users of Logto. */
  export const McpLogtoOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpLogtoOAuthInboundPolicy">>;
  /** The same, with users of Okta. */
  export const McpOktaOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpOktaOAuthInboundPolicy">>;
  /** The same, with users of OneLogin. */
  export const McpOneLoginOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpOneLoginOAuthInboundPolicy">>;
  /** The same, with users of Ping Identity. */
  export const McpPingOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpPingOAuthInboundPolicy">>;
  /** The same, with users of WorkOS. */
  export const McpWorkOSOAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpWorkOSOAuthInboundPolicy">>;
  /** Sends an MCP server the token that it wants. */
  export const McpTokenExchangeInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpTokenExchangeInboundPolicy">>;
  /** Hides tools, prompts and resources of an MCP server. */
  export const McpCapabilityFilterInboundPolicy: BuiltInInboundPolicy<OptionsOf<"McpCapabilityFilterInboundPolicy">>;
}
