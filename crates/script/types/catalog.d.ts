// The catalog's policies and handlers, callable from code. Those that this gateway does not have can be
// imported, and throw a ConfigurationError when they are called.

declare module "@tollgate/runtime" {
  /** An inbound policy of the catalog: a function, and a class that can be made and extended. */
  export interface CatalogInboundPolicy<TOptions = any> {
    /** Runs it: gives the request to go on with, or the response that ends it. */
    (request: ZuploRequest<any>, context: ZuploContext, options: TOptions, policyName?: string): Promise<
      ZuploRequest<any> | Response
    >;
    /** Makes one with options of its own. */
    new (options: TOptions, policyName?: string): CatalogInboundInstance<TOptions>;
  }

  /** An inbound policy of the catalog, with its options. */
  export interface CatalogInboundInstance<TOptions = any> extends InboundPolicy<TOptions> {
    /** Runs it: gives the request to go on with, or the response that ends it. */
    handler(request: ZuploRequest<any>, context: ZuploContext): Promise<ZuploRequest<any> | Response>;
  }

  /** An outbound policy of the catalog: a function, and a class that can be made and extended. */
  export interface CatalogOutboundPolicy<TOptions = any> {
    /** Runs it: gives the response to go on with. */
    (response: Response, request: ZuploRequest<any>, context: ZuploContext, options: TOptions, policyName?: string): Promise<Response>;
    /** Makes one with options of its own. */
    new (options: TOptions, policyName?: string): CatalogOutboundInstance<TOptions>;
  }

  /** An outbound policy of the catalog, with its options. */
  export interface CatalogOutboundInstance<TOptions = any> extends OutboundPolicy<TOptions> {
    /** Runs it: gives the response to go on with. */
    handler(response: Response, request: ZuploRequest<any>, context: ZuploContext): Promise<Response>;
  }

  /** A handler of the catalog. Its options are those of the route. */
  export type CatalogHandler = (request: ZuploRequest<any>, context: ZuploContext) => Promise<Response>;

  /** The handler of that name. */
  export const urlForwardHandler: CatalogHandler;
  /** The handler of that name. */
  export const urlRewriteHandler: CatalogHandler;
  /** The handler of that name. */
  export const redirectHandler: CatalogHandler;
  /** The handler of that name. */
  export const openApiSpecHandler: CatalogHandler;
  /** The handler of that name. */
  export const awsLambdaHandler: CatalogHandler;
  /** The handler of that name. */
  export const webSocketHandler: CatalogHandler;
  /** The handler of that name. */
  export const webSocketPipelineHandler: CatalogHandler;
  /** The handler of that name. */
  export const mcpServerHandler: CatalogHandler;
  /** The handler of that name. */
  export const legacyDevPortalHandler: CatalogHandler;
  /** The handler of that name. */
  export const redirectLegacyDevPortal: CatalogHandler;
  /** The handler of that name. */
  export const aiGatewayHandler: CatalogHandler;
  /** The handler of that name. */
  export const aiGatewayHandlerV2: CatalogHandler;
  /** The policy of that name. */
  export const AkamaiFirewallForAiInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const AkamaiFirewallForAiOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const ApiAuthKeyInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ApiKeyInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const Auth0JwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const BasicAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const BasicRateLimitInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const BotDetectionInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const BrownoutInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const CachingInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const CdnCacheControlOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const ChangeMethodInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ClearHeadersInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ClearHeadersOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const ClerkJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const CognitoJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const CompositeInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const CompositeOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const CurityPhantomTokenInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const DataLossPreventionInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const DataLossPreventionOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const FirebaseJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const FormDataToJsonInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const GeoFilterInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const GraphqlAnalyticsOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const HttpDeprecationOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const IpAddressRestrictionInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const JWTScopeValidationInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const LDAPAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const MTLSAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const MockApiInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const MoesifInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const OktaJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const OpenIdJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const PromptInjectionDetectionOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const PropelAuthJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const QueryParamToHeaderInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RateLimitInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ReadmeMetricsInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RemoveHeadersInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RemoveHeadersOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const RemoveQueryParamsInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ReplaceStringOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const RequestSizeLimitInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RequestValidationInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RequireOriginInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const RequireUserClaimsInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SchemaBasedRequestValidation: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SecretMaskingOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const SemanticCacheInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SetBodyInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SetHeadersInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SetHeadersOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const SetQueryParamsInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SetStatusOutboundPolicy: CatalogOutboundPolicy;
  /** The policy of that name. */
  export const SetUpstreamApiKeyInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SleepInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const StripeWebhookVerificationInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const SupabaseJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const TrafficSplittingInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamAwsFederatedAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamAwsServiceAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamAzureAdServiceAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamFirebaseAdminAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamFirebaseUserAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamGcpFederatedAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamGcpJwtInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamGcpServiceAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamOAuthClientCredentialsInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const UpstreamZuploJwtAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const ValidateJsonSchemaInbound: CatalogInboundPolicy;
  /** The policy of that name. */
  export const WebBotAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const XmlToJsonOutboundPolicy: CatalogOutboundPolicy;
}

declare module "@tollgate/graphql" {
  import type { CatalogInboundPolicy, CatalogOutboundPolicy } from "@tollgate/runtime";

  /** The policy of that name. */
  export const GraphQLCacheInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const GraphQLComplexityLimitInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const GraphQLDisableIntrospectionInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const GraphQLIntrospectionFilterOutboundPolicy: CatalogOutboundPolicy;
}

declare module "@zuplo/graphql" {
  export * from "@tollgate/graphql";
}

declare module "@tollgate/runtime/mcp-gateway" {
  import type { CatalogHandler, CatalogInboundPolicy, RuntimePlugin } from "@tollgate/runtime";

  /** The handler of that name. */
  export const McpProxyHandler: CatalogHandler;
  /** The policy of that name. */
  export const McpCapabilityFilterInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpTokenExchangeInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpAuth0OAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpClerkOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpCognitoOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpEntraOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpGoogleOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpKeycloakOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpLogtoOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpOktaOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpOneLoginOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpPingOAuthInboundPolicy: CatalogInboundPolicy;
  /** The policy of that name. */
  export const McpWorkOSOAuthInboundPolicy: CatalogInboundPolicy;
  /** Not available in this version: throws when it is made. */
  export const McpGatewayPlugin: new (options?: any) => RuntimePlugin;
}

declare module "@zuplo/runtime/mcp-gateway" {
  export * from "@tollgate/runtime/mcp-gateway";
}
