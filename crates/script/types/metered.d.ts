// The policies that code talks to while a request is under way.

declare module "@tollgate/runtime" {
  /** Limits how much of several things callers may use in so long. */
  export const ComplexRateLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"ComplexRateLimitInboundPolicy">>;
  /** Gives callers so much of something in an hour, a day, a week or a month. */
  export const QuotaInboundPolicy: BuiltInInboundPolicy<OptionsOf<"QuotaInboundPolicy">>;
  /** Asks for the API key of a subscription, and meters what is used of it. */
  export const MonetizationInboundPolicy: BuiltInInboundPolicy<OptionsOf<"MonetizationInboundPolicy">>;
  /** Tells OpenMeter what is used, and asks it what may be. */
  export const OpenMeterInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OpenMeterInboundPolicy">>;
  /** Tells Amberflo what is used. */
  export const AmberfloMeteringInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AmberfloMeteringInboundPolicy">>;
  /** Writes an event for each request. */
  export const AuditLogInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AuditLogInboundPolicy">>;
  /** Asks an AuthZEN decision point. */
  export const AuthZenInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AuthZenInboundPolicy">>;
  /** Asks Axiomatics. */
  export const AxiomaticsAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"AxiomaticsAuthZInboundPolicy">>;
  /** Asks OpenFGA. */
  export const OpenFGAAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OpenFGAAuthZInboundPolicy">>;
  /** Asks OpenFGA in Okta's cloud. */
  export const OktaFGAAuthZInboundPolicy: BuiltInInboundPolicy<OptionsOf<"OktaFGAAuthZInboundPolicy">>;
}
