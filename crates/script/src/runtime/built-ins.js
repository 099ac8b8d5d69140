// The policies and handlers of the catalog, for code that calls them. A module's exports are fixed when
// it is read, so every name that projects import is here; what this gateway does not have says so when
// it is called, and not before.

import { handleOf, stateOf } from "tollgate:runtime-context";
import { ConfigurationError } from "tollgate:runtime-errors";
import { host } from "tollgate:runtime-host";
import { inboundOutcome, outboundOutcome } from "tollgate:runtime-outcome";
import { stringify } from "tollgate:runtime-values";

let catalog;

function known(name) {
  if (catalog === undefined) {
    const { policies, handlers } = JSON.parse(host.builtIns());
    catalog = new Set([...policies.map((policy) => policy.export), ...handlers]);
  }
  if (!catalog.has(name)) throw new ConfigurationError(`${name} is not available in this version of the gateway`);
}

async function runInbound(name, options, policyName, request, context) {
  known(name);
  const outcome = await host.builtInPolicy(
    handleOf(context), name, stringify(options ?? {}), policyName ?? name, request, stateOf(request, context),
  );
  return inboundOutcome(outcome, request, context);
}

async function runOutbound(name, options, policyName, response, request, context) {
  known(name);
  const state = stateOf(request, context);
  const outcome = await host.builtInOutbound(
    handleOf(context), name, stringify(options ?? {}), policyName ?? name, response, request, state,
  );
  return outboundOutcome(outcome, response, request, context);
}

/** `(request, context, options, policyName)`, or a class: `new Policy(options, policyName).handler(request, context)`. */
function inbound(name) {
  const policy = function (request, context, options, policyName) {
    if (new.target === undefined) return runInbound(name, options, policyName, request, context);
    this.options = request;
    this.policyName = context;
    return undefined;
  };
  policy.prototype.handler = function (request, context) {
    return runInbound(name, this.options, this.policyName, request, context);
  };
  return Object.defineProperty(policy, "name", { value: name });
}

/** `(response, request, context, options, policyName)`, or a class likewise. */
function outbound(name) {
  const policy = function (response, request, context, options, policyName) {
    if (new.target === undefined) return runOutbound(name, options, policyName, response, request, context);
    this.options = response;
    this.policyName = request;
    return undefined;
  };
  policy.prototype.handler = function (response, request, context) {
    return runOutbound(name, this.options, this.policyName, response, request, context);
  };
  return Object.defineProperty(policy, "name", { value: name });
}

/** `(request, context)`, with the options of the route's handler. */
function handler(name) {
  const handle = async (request, context) => {
    known(name);
    const options = context.route.handler?.options ?? {};
    return host.builtInHandler(handleOf(context), name, stringify(options), request, stateOf(request, context));
  };
  return Object.defineProperty(handle, "name", { value: name });
}

export const ApiKeyInboundPolicy = inbound("ApiKeyInboundPolicy");
export const BasicAuthInboundPolicy = inbound("BasicAuthInboundPolicy");
export const OpenIdJwtInboundPolicy = inbound("OpenIdJwtInboundPolicy");
export const Auth0JwtInboundPolicy = inbound("Auth0JwtInboundPolicy");
export const OktaJwtInboundPolicy = inbound("OktaJwtInboundPolicy");
export const CognitoJwtInboundPolicy = inbound("CognitoJwtInboundPolicy");
export const ClerkJwtInboundPolicy = inbound("ClerkJwtInboundPolicy");
export const FirebaseJwtInboundPolicy = inbound("FirebaseJwtInboundPolicy");
export const SupabaseJwtInboundPolicy = inbound("SupabaseJwtInboundPolicy");
export const PropelAuthJwtInboundPolicy = inbound("PropelAuthJwtInboundPolicy");
export const CurityPhantomTokenInboundPolicy = inbound("CurityPhantomTokenInboundPolicy");
export const MTLSAuthInboundPolicy = inbound("MTLSAuthInboundPolicy");
export const LDAPAuthInboundPolicy = inbound("LDAPAuthInboundPolicy");
export const WebBotAuthInboundPolicy = inbound("WebBotAuthInboundPolicy");
export const StripeWebhookVerificationInboundPolicy = inbound("StripeWebhookVerificationInboundPolicy");
export const JWTScopeValidationInboundPolicy = inbound("JWTScopeValidationInboundPolicy");
export const RequireUserClaimsInboundPolicy = inbound("RequireUserClaimsInboundPolicy");
export const AuthZenInboundPolicy = inbound("AuthZenInboundPolicy");
export const AxiomaticsAuthZInboundPolicy = inbound("AxiomaticsAuthZInboundPolicy");
export const OpenFGAAuthZInboundPolicy = inbound("OpenFGAAuthZInboundPolicy");
export const OktaFGAAuthZInboundPolicy = inbound("OktaFGAAuthZInboundPolicy");
export const GeoFilterInboundPolicy = inbound("GeoFilterInboundPolicy");
export const IpAddressRestrictionInboundPolicy = inbound("IpAddressRestrictionInboundPolicy");
export const RequireOriginInboundPolicy = inbound("RequireOriginInboundPolicy");
export const BotDetectionInboundPolicy = inbound("BotDetectionInboundPolicy");
export const RateLimitInboundPolicy = inbound("RateLimitInboundPolicy");
export const ComplexRateLimitInboundPolicy = inbound("ComplexRateLimitInboundPolicy");
export const QuotaInboundPolicy = inbound("QuotaInboundPolicy");
export const MonetizationInboundPolicy = inbound("MonetizationInboundPolicy");
export const OpenMeterInboundPolicy = inbound("OpenMeterInboundPolicy");
export const AmberfloMeteringInboundPolicy = inbound("AmberfloMeteringInboundPolicy");
export const MoesifInboundPolicy = inbound("MoesifInboundPolicy");
export const ReadmeMetricsInboundPolicy = inbound("ReadmeMetricsInboundPolicy");
export const AuditLogInboundPolicy = inbound("AuditLogInboundPolicy");
export const RequestValidationInboundPolicy = inbound("RequestValidationInboundPolicy");
export const ValidateJsonSchemaInbound = inbound("ValidateJsonSchemaInbound");
export const RequestSizeLimitInboundPolicy = inbound("RequestSizeLimitInboundPolicy");
export const DataLossPreventionInboundPolicy = inbound("DataLossPreventionInboundPolicy");
export const AkamaiFirewallForAiInboundPolicy = inbound("AkamaiFirewallForAiInboundPolicy");
export const SetHeadersInboundPolicy = inbound("SetHeadersInboundPolicy");
export const RemoveHeadersInboundPolicy = inbound("RemoveHeadersInboundPolicy");
export const ClearHeadersInboundPolicy = inbound("ClearHeadersInboundPolicy");
export const SetQueryParamsInboundPolicy = inbound("SetQueryParamsInboundPolicy");
export const RemoveQueryParamsInboundPolicy = inbound("RemoveQueryParamsInboundPolicy");
export const QueryParamToHeaderInboundPolicy = inbound("QueryParamToHeaderInboundPolicy");
export const SetBodyInboundPolicy = inbound("SetBodyInboundPolicy");
export const ChangeMethodInboundPolicy = inbound("ChangeMethodInboundPolicy");
export const FormDataToJsonInboundPolicy = inbound("FormDataToJsonInboundPolicy");
export const SetUpstreamApiKeyInboundPolicy = inbound("SetUpstreamApiKeyInboundPolicy");
export const CachingInboundPolicy = inbound("CachingInboundPolicy");
export const SemanticCacheInboundPolicy = inbound("SemanticCacheInboundPolicy");
export const GraphQLCacheInboundPolicy = inbound("GraphQLCacheInboundPolicy");
export const GraphQLComplexityLimitInboundPolicy = inbound("GraphQLComplexityLimitInboundPolicy");
export const GraphQLDisableIntrospectionInboundPolicy = inbound("GraphQLDisableIntrospectionInboundPolicy");
export const UpstreamZuploJwtAuthInboundPolicy = inbound("UpstreamZuploJwtAuthInboundPolicy");
export const UpstreamOAuthClientCredentialsInboundPolicy = inbound("UpstreamOAuthClientCredentialsInboundPolicy");
export const UpstreamAzureAdServiceAuthInboundPolicy = inbound("UpstreamAzureAdServiceAuthInboundPolicy");
export const UpstreamGcpServiceAuthInboundPolicy = inbound("UpstreamGcpServiceAuthInboundPolicy");
export const UpstreamGcpJwtInboundPolicy = inbound("UpstreamGcpJwtInboundPolicy");
export const UpstreamGcpFederatedAuthInboundPolicy = inbound("UpstreamGcpFederatedAuthInboundPolicy");
export const UpstreamFirebaseAdminAuthInboundPolicy = inbound("UpstreamFirebaseAdminAuthInboundPolicy");
export const UpstreamFirebaseUserAuthInboundPolicy = inbound("UpstreamFirebaseUserAuthInboundPolicy");
export const UpstreamAwsServiceAuthInboundPolicy = inbound("UpstreamAwsServiceAuthInboundPolicy");
export const UpstreamAwsFederatedAuthInboundPolicy = inbound("UpstreamAwsFederatedAuthInboundPolicy");
export const CompositeInboundPolicy = inbound("CompositeInboundPolicy");
export const TrafficSplittingInboundPolicy = inbound("TrafficSplittingInboundPolicy");
export const BrownoutInboundPolicy = inbound("BrownoutInboundPolicy");
export const MockApiInboundPolicy = inbound("MockApiInboundPolicy");
export const SleepInboundPolicy = inbound("SleepInboundPolicy");
export const ApiAuthKeyInboundPolicy = inbound("ApiAuthKeyInboundPolicy");
export const BasicRateLimitInboundPolicy = inbound("BasicRateLimitInboundPolicy");
export const SchemaBasedRequestValidation = inbound("SchemaBasedRequestValidation");

export const DataLossPreventionOutboundPolicy = outbound("DataLossPreventionOutboundPolicy");
export const SecretMaskingOutboundPolicy = outbound("SecretMaskingOutboundPolicy");
export const PromptInjectionDetectionOutboundPolicy = outbound("PromptInjectionDetectionOutboundPolicy");
export const AkamaiFirewallForAiOutboundPolicy = outbound("AkamaiFirewallForAiOutboundPolicy");
export const SetHeadersOutboundPolicy = outbound("SetHeadersOutboundPolicy");
export const RemoveHeadersOutboundPolicy = outbound("RemoveHeadersOutboundPolicy");
export const ClearHeadersOutboundPolicy = outbound("ClearHeadersOutboundPolicy");
export const SetStatusOutboundPolicy = outbound("SetStatusOutboundPolicy");
export const ReplaceStringOutboundPolicy = outbound("ReplaceStringOutboundPolicy");
export const XmlToJsonOutboundPolicy = outbound("XmlToJsonOutboundPolicy");
export const HttpDeprecationOutboundPolicy = outbound("HttpDeprecationOutboundPolicy");
export const CdnCacheControlOutboundPolicy = outbound("CdnCacheControlOutboundPolicy");
export const GraphQLIntrospectionFilterOutboundPolicy = outbound("GraphQLIntrospectionFilterOutboundPolicy");
export const GraphqlAnalyticsOutboundPolicy = outbound("GraphqlAnalyticsOutboundPolicy");
export const CompositeOutboundPolicy = outbound("CompositeOutboundPolicy");

export const urlForwardHandler = handler("urlForwardHandler");
export const urlRewriteHandler = handler("urlRewriteHandler");
export const redirectHandler = handler("redirectHandler");
export const openApiSpecHandler = handler("openApiSpecHandler");
export const awsLambdaHandler = handler("awsLambdaHandler");
export const webSocketPipelineHandler = handler("webSocketPipelineHandler");
export const webSocketHandler = handler("webSocketHandler");
export const mcpServerHandler = handler("mcpServerHandler");
export const legacyDevPortalHandler = handler("legacyDevPortalHandler");
export const redirectLegacyDevPortal = handler("redirectLegacyDevPortal");
export const aiGatewayHandler = handler("aiGatewayHandler");
export const aiGatewayHandlerV2 = handler("aiGatewayHandlerV2");
