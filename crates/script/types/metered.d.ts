// The policies that code talks to while a request is under way. Where the gateway does not have the policy,
// talking to it does no harm.

declare module "@tollgate/runtime" {
  /** How much, by the names of what is measured. */
  export type Meters = Record<string, number>;

  /** Limits how much of several things callers may use in so long. */
  export const ComplexRateLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ComplexRateLimitInboundPolicy">> & {
    /** Says how much this request counts, by the names of the limits, besides what was said before. */
    setIncrements(context: ZuploContext, increments: Meters): void;
    /** What was said so far. */
    getIncrements(context: ZuploContext): Meters;
  };

  /** Gives callers so much of something in an hour, a day, a week or a month. */
  export const QuotaInboundPolicy: BuiltInInboundPolicy<OptionsOf<"QuotaInboundPolicy">> & {
    /** Says how much this request counts, by the names of the meters, besides what was said before. */
    setMeters(context: ZuploContext, meters: Meters): void;
    /** What was used of a quota, once the policy of that name has run. */
    getUsage(context: ZuploContext, policyName: string): any;
  };

  /** Asks for the API key of a subscription, and meters what is used of it. */
  export const MonetizationInboundPolicy: BuiltInInboundPolicy<OptionsOf<"MonetizationInboundPolicy">> & {
    /** Says how much this request counts, by the names of the meters, instead of what was said before. */
    setMeters(context: ZuploContext, meters: Meters): void;
    /** Says how much more this request counts. */
    addMeters(context: ZuploContext, meters: Meters): void;
    /** What was said so far. */
    getMeters(context: ZuploContext): Meters;
    /** Counts what was said so far, now. */
    flushMeters(context: ZuploContext): Promise<void>;
    /** The caller's subscription. */
    getSubscriptionData(context: ZuploContext): any;
    /** Says what the caller's subscription is. */
    setSubscriptionData(context: ZuploContext, subscription: any): void;
  };

  /** Tells OpenMeter what is used, and asks it what may be. */
  export const OpenMeterInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OpenMeterInboundPolicy">> & {
    /** Says how much this request counts. */
    setMeters(context: ZuploContext, meters: any): void;
  };

  /** Tells Amberflo what is used. */
  export const AmberfloMeteringInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AmberfloMeteringInboundPolicy">> & {
    /** Says what else is to be told of this request. */
    setRequestProperties(context: ZuploContext, properties: Record<string, any>): void;
  };

  /** Writes an event for each request. */
  export const AuditLogInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AuditLogInboundPolicy">> & {
    /** Adds an event to those of this request. */
    log(context: ZuploContext, event: any): void;
  };

  /** Asks an AuthZEN decision point. */
  export const AuthZenInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AuthZenInboundPolicy">> & {
    /** Says what is asked, instead of what the options say. */
    setAuthorizationPayload(context: ZuploContext, payload: any): void;
    /** What was said. */
    getAuthorizationPayload(context: ZuploContext): any;
  };

  /** Asks Axiomatics. */
  export const AxiomaticsAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AxiomaticsAuthZInboundPolicy">> & {
    /** Says what else the decision depends on. */
    setAuthAttributes(context: ZuploContext, attributes: any): void;
  };

  /** Asks OpenFGA. */
  export const OpenFGAAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OpenFGAAuthZInboundPolicy">> & {
    /** Says what is to be checked. */
    setContextChecks(context: ZuploContext, checks: any): void;
  };

  /** Asks OpenFGA in Okta's cloud. */
  export const OktaFGAAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OktaFGAAuthZInboundPolicy">> & {
    /** Says what is to be checked. */
    setContextChecks(context: ZuploContext, checks: any): void;
  };

  /** Tells Moesif more of a request than it sees itself. */
  export function setMoesifContext(context: ZuploContext, value: Record<string, any>): void;

  /** Notes for the policy {@link GraphqlAnalyticsOutboundPolicy} whether an answer came out of a cache. */
  export function recordGraphqlCacheState(context: ZuploContext, state: any): void;
}
