// The policies of the catalog, for code that calls them. Their names are all here, so that importing one
// is never a mistake; one that this gateway does not have says so when it is called. The options of those
// that it has are in `policy-options.d.ts`.

declare module "@tollgate/runtime" {
  /** The options of the policies that this gateway has, by the names that code imports. */
  export interface BuiltInPolicyOptions {}

  /** The options of a policy; anything, where this gateway does not have it. */
  export type OptionsOf<TName extends string> = TName extends keyof BuiltInPolicyOptions
    ? BuiltInPolicyOptions[TName]
    : any;

  /** One policy of the catalog, made with options. */
  export interface BuiltInInboundPolicyInstance<TOptions = any> extends InboundPolicy<TOptions> {
    /** Gives the request to go on with, or the response that the policy refuses it with. */
    handler(request: Request, context: ZuploContext): Promise<ZuploRequest | Response>;
  }

  /**
   * A policy of the catalog: a function, and a class that can be extended.
   *
   * @example
   * ```ts
   * const next = await SetHeadersInboundPolicy(request, context, { headers: [{ name: "x-team", value: "a" }] });
   * if (next instanceof Response) return next;
   * ```
   */
  export interface BuiltInInboundPolicy<TOptions = any> {
    /** Runs it once: gives the request to go on with, or the response that the policy refuses it with. */
    (
      request: Request,
      context: ZuploContext,
      options: TOptions,
      policyName?: string,
    ): Promise<ZuploRequest | Response>;
    /** Makes one with options of its own; without a name it is called as it is here. */
    new (options: TOptions, policyName?: string): BuiltInInboundPolicyInstance<TOptions>;
  }

  /** One policy of the catalog behind the handler, made with options. */
  export interface BuiltInOutboundPolicyInstance<TOptions = any> extends OutboundPolicy<TOptions> {
    /** Gives the response to go on with. */
    handler(response: Response, request: Request, context: ZuploContext): Promise<Response>;
  }

  /** A policy of the catalog behind the handler: a function, and a class that can be extended. */
  export interface BuiltInOutboundPolicy<TOptions = any> {
    /** Runs it once: gives the response to go on with. */
    (
      response: Response,
      request: Request,
      context: ZuploContext,
      options: TOptions,
      policyName?: string,
    ): Promise<Response>;
    /** Makes one with options of its own; without a name it is called as it is here. */
    new (options: TOptions, policyName?: string): BuiltInOutboundPolicyInstance<TOptions>;
  }

  // Who calls

  /** Asks for a valid API key. Its consumer becomes the user. */
  export const ApiKeyInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ApiKeyInboundPolicy">>;
  /** @deprecated An older name. Write {@link ApiKeyInboundPolicy}. */
  export const ApiAuthKeyInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ApiAuthKeyInboundPolicy">>;
  /** Asks for a name and a password out of a list. */
  export const BasicAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"BasicAuthInboundPolicy">>;
  /** Asks for a token (a JWT) of an issuer that is trusted. Its claims become the user's data. */
  export const OpenIdJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OpenIdJwtInboundPolicy">>;
  /** Asks for a token of Auth0. */
  export const Auth0JwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"Auth0JwtInboundPolicy">>;
  /** Asks for a token of Okta. */
  export const OktaJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OktaJwtInboundPolicy">>;
  /** Asks for a token of a user pool of Cognito. */
  export const CognitoJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"CognitoJwtInboundPolicy">>;
  /** Asks for a token of Clerk. */
  export const ClerkJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ClerkJwtInboundPolicy">>;
  /** Asks for a token of Firebase. */
  export const FirebaseJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"FirebaseJwtInboundPolicy">>;
  /** Asks for a token of Supabase, and for certain claims in it. */
  export const SupabaseJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SupabaseJwtInboundPolicy">>;
  /** Asks for a token of PropelAuth. */
  export const PropelAuthJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"PropelAuthJwtInboundPolicy">>;
  /** Asks Curity for the token that an opaque one stands for. */
  export const CurityPhantomTokenInboundPolicy: BuiltInInboundPolicy<OptionsOf<"CurityPhantomTokenInboundPolicy">>;
  /** Asks for a client certificate. */
  export const MTLSAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"MTLSAuthInboundPolicy">>;
  /** Asks a directory about a name and a password. */
  export const LDAPAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"LDAPAuthInboundPolicy">>;
  /** Asks bots to sign their requests (RFC 9421). */
  export const WebBotAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"WebBotAuthInboundPolicy">>;
  /** Lets through what Stripe has signed. */
  export const StripeWebhookVerificationInboundPolicy: BuiltInInboundPolicy<OptionsOf<"StripeWebhookVerificationInboundPolicy">>;

  // Who may

  /** Asks for scopes in the user's token. */
  export const JWTScopeValidationInboundPolicy: BuiltInInboundPolicy<OptionsOf<"JWTScopeValidationInboundPolicy">>;
  /** Asks for claims of the user by a rule of `and` and `or`. */
  export const RequireUserClaimsInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RequireUserClaimsInboundPolicy">>;
  /** Lets through or refuses by where a request comes from. */
  export const GeoFilterInboundPolicy: BuiltInInboundPolicy<OptionsOf<"GeoFilterInboundPolicy">>;
  /** Lets through or refuses by the client's address. */
  export const IpAddressRestrictionInboundPolicy: BuiltInInboundPolicy<OptionsOf<"IpAddressRestrictionInboundPolicy">>;
  /** Asks for an `Origin` out of a list. */
  export const RequireOriginInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RequireOriginInboundPolicy">>;
  /** Refuses what looks like a bot. */
  export const BotDetectionInboundPolicy: BuiltInInboundPolicy<OptionsOf<"BotDetectionInboundPolicy">>;

  // How often

  /** Lets callers through so many times in so long, and no more. */
  export const RateLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RateLimitInboundPolicy">>;
  /** @deprecated An older name. Write {@link RateLimitInboundPolicy}. */
  export const BasicRateLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"BasicRateLimitInboundPolicy">>;
  /** Tells ReadMe of each call. */
  export const ReadmeMetricsInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ReadmeMetricsInboundPolicy">>;
  /** Tells Moesif of each call. */
  export const MoesifInboundPolicy: BuiltInInboundPolicy<OptionsOf<"MoesifInboundPolicy">>;

  // What is in a request

  /** Checks a request against the schemas of its operation. */
  export const RequestValidationInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RequestValidationInboundPolicy">>;
  /** @deprecated An older name. Write {@link RequestValidationInboundPolicy}. */
  export const SchemaBasedRequestValidation: BuiltInInboundPolicy<OptionsOf<"SchemaBasedRequestValidation">>;
  /** @deprecated Checks a body against one schema. Write {@link RequestValidationInboundPolicy}. */
  export const ValidateJsonSchemaInbound: BuiltInInboundPolicy<OptionsOf<"ValidateJsonSchemaInbound">>;
  /** Refuses bodies above a size. */
  export const RequestSizeLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RequestSizeLimitInboundPolicy">>;
  /** Finds personal data in a request, and hides, refuses or logs it. */
  export const DataLossPreventionInboundPolicy: BuiltInInboundPolicy<OptionsOf<"DataLossPreventionInboundPolicy">>;
  /** Asks Akamai about a prompt. */
  export const AkamaiFirewallForAiInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AkamaiFirewallForAiInboundPolicy">>;

  // What becomes of a request

  /** Sets fields of the request. */
  export const SetHeadersInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SetHeadersInboundPolicy">>;
  /** Takes fields off the request. */
  export const RemoveHeadersInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RemoveHeadersInboundPolicy">>;
  /** Takes all fields off the request but those of a list. */
  export const ClearHeadersInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ClearHeadersInboundPolicy">>;
  /** Sets parameters of the query. */
  export const SetQueryParamsInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SetQueryParamsInboundPolicy">>;
  /** Takes parameters off the query. */
  export const RemoveQueryParamsInboundPolicy: BuiltInInboundPolicy<OptionsOf<"RemoveQueryParamsInboundPolicy">>;
  /** Makes a field of the request out of a parameter of the query. */
  export const QueryParamToHeaderInboundPolicy: BuiltInInboundPolicy<OptionsOf<"QueryParamToHeaderInboundPolicy">>;
  /** Sets the body. */
  export const SetBodyInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SetBodyInboundPolicy">>;
  /** Sets the method. */
  export const ChangeMethodInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ChangeMethodInboundPolicy">>;
  /** Makes JSON of a form. */
  export const FormDataToJsonInboundPolicy: BuiltInInboundPolicy<OptionsOf<"FormDataToJsonInboundPolicy">>;

  // Answers that are there already

  /** Keeps answers, and gives them again. */
  export const CachingInboundPolicy: BuiltInInboundPolicy<OptionsOf<"CachingInboundPolicy">>;
  /** Keeps answers, and gives them to questions that mean the same. */
  export const SemanticCacheInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SemanticCacheInboundPolicy">>;
  /** Answers with the examples of the document. */
  export const MockApiInboundPolicy: BuiltInInboundPolicy<OptionsOf<"MockApiInboundPolicy">>;

  // Proofs for the upstream

  /** Sends a secret of the gateway's own. */
  export const SetUpstreamApiKeyInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SetUpstreamApiKeyInboundPolicy">>;
  /** Sends a token that the gateway signs, with what it knows of the user. */
  export const UpstreamZuploJwtAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamZuploJwtAuthInboundPolicy">>;
  /** Sends a token that an OAuth server gives to the gateway. */
  export const UpstreamOAuthClientCredentialsInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamOAuthClientCredentialsInboundPolicy">>;
  /** Sends a token of Entra. */
  export const UpstreamAzureAdServiceAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamAzureAdServiceAuthInboundPolicy">>;
  /** Sends a token of a service account of Google. */
  export const UpstreamGcpServiceAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamGcpServiceAuthInboundPolicy">>;
  /** Sends a token that a service account of Google signs itself. */
  export const UpstreamGcpJwtInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamGcpJwtInboundPolicy">>;
  /** Sends a token of Google in exchange for one of the gateway. */
  export const UpstreamGcpFederatedAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamGcpFederatedAuthInboundPolicy">>;
  /** Sends a token for the administration of Firebase. */
  export const UpstreamFirebaseAdminAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamFirebaseAdminAuthInboundPolicy">>;
  /** Sends a token of Firebase for a user. */
  export const UpstreamFirebaseUserAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamFirebaseUserAuthInboundPolicy">>;
  /** Finds credentials of AWS to sign with. */
  export const UpstreamAwsServiceAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamAwsServiceAuthInboundPolicy">>;
  /** Finds credentials of AWS in exchange for a token of the gateway. */
  export const UpstreamAwsFederatedAuthInboundPolicy: BuiltInInboundPolicy<OptionsOf<"UpstreamAwsFederatedAuthInboundPolicy">>;

  // Several at once, and special days

  /** Runs several policies of the project. */
  export const CompositeInboundPolicy: BuiltInInboundPolicy<OptionsOf<"CompositeInboundPolicy">>;
  /** Picks one of several base URLs, by weight. */
  export const TrafficSplittingInboundPolicy: BuiltInInboundPolicy<OptionsOf<"TrafficSplittingInboundPolicy">>;
  /** Refuses requests at certain times. */
  export const BrownoutInboundPolicy: BuiltInInboundPolicy<OptionsOf<"BrownoutInboundPolicy">>;
  /** Waits. */
  export const SleepInboundPolicy: BuiltInInboundPolicy<OptionsOf<"SleepInboundPolicy">>;

  // Behind the handler

  /** Sets fields of the response. */
  export const SetHeadersOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"SetHeadersOutboundPolicy">>;
  /** Takes fields off the response. */
  export const RemoveHeadersOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"RemoveHeadersOutboundPolicy">>;
  /** Takes all fields off the response but those of a list. */
  export const ClearHeadersOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"ClearHeadersOutboundPolicy">>;
  /** Sets the status. */
  export const SetStatusOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"SetStatusOutboundPolicy">>;
  /** Replaces text in the body. */
  export const ReplaceStringOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"ReplaceStringOutboundPolicy">>;
  /** Makes JSON of XML. */
  export const XmlToJsonOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"XmlToJsonOutboundPolicy">>;
  /** Tells clients that the operation will go away. */
  export const HttpDeprecationOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"HttpDeprecationOutboundPolicy">>;
  /** Tells caches in front of the gateway what to keep. */
  export const CdnCacheControlOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"CdnCacheControlOutboundPolicy">>;
  /** Finds personal data in a response, and hides, refuses or logs it. */
  export const DataLossPreventionOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"DataLossPreventionOutboundPolicy">>;
  /** @deprecated Hides secrets in the body. Write {@link DataLossPreventionOutboundPolicy}. */
  export const SecretMaskingOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"SecretMaskingOutboundPolicy">>;
  /** Asks a model whether a response gives it orders. */
  export const PromptInjectionDetectionOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"PromptInjectionDetectionOutboundPolicy">>;
  /** Asks Akamai about an answer. */
  export const AkamaiFirewallForAiOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"AkamaiFirewallForAiOutboundPolicy">>;
  /** Sorts the errors of GraphQL. */
  export const GraphqlAnalyticsOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"GraphqlAnalyticsOutboundPolicy">>;
  /** Runs several policies of the project. */
  export const CompositeOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"CompositeOutboundPolicy">>;
}
