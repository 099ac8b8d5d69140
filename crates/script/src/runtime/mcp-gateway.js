// `@zuplo/runtime/mcp-gateway`: the gateway for MCP servers, which this version does not have.

import { builtInHandler, inboundPolicy } from "tollgate:runtime-built-in";
import { notAvailable } from "tollgate:runtime-not-available";

export const McpProxyHandler = builtInHandler("McpProxyHandler");
export const McpCapabilityFilterInboundPolicy = inboundPolicy("McpCapabilityFilterInboundPolicy");
export const McpOAuthInboundPolicy = inboundPolicy("McpOAuthInboundPolicy");
export const McpTokenExchangeInboundPolicy = inboundPolicy("McpTokenExchangeInboundPolicy");
export const McpAuth0OAuthInboundPolicy = inboundPolicy("McpAuth0OAuthInboundPolicy");
export const McpClerkOAuthInboundPolicy = inboundPolicy("McpClerkOAuthInboundPolicy");
export const McpCognitoOAuthInboundPolicy = inboundPolicy("McpCognitoOAuthInboundPolicy");
export const McpEntraOAuthInboundPolicy = inboundPolicy("McpEntraOAuthInboundPolicy");
export const McpGoogleOAuthInboundPolicy = inboundPolicy("McpGoogleOAuthInboundPolicy");
export const McpKeycloakOAuthInboundPolicy = inboundPolicy("McpKeycloakOAuthInboundPolicy");
export const McpLogtoOAuthInboundPolicy = inboundPolicy("McpLogtoOAuthInboundPolicy");
export const McpOktaOAuthInboundPolicy = inboundPolicy("McpOktaOAuthInboundPolicy");
export const McpOneLoginOAuthInboundPolicy = inboundPolicy("McpOneLoginOAuthInboundPolicy");
export const McpPingOAuthInboundPolicy = inboundPolicy("McpPingOAuthInboundPolicy");
export const McpWorkOSOAuthInboundPolicy = inboundPolicy("McpWorkOSOAuthInboundPolicy");
export const McpGatewayPlugin = notAvailable("McpGatewayPlugin");
