// Policies that code talks to while a request is under way.

declare module "@tollgate/runtime" {
  /** What a function that says whom a limit counts gives; `undefined` for no limit. */
  export interface CustomRateLimitDetails {
    /** Whose counter it is. */
    key: string;
    /** How many requests are allowed, where it is not what the options say. */
    requestsAllowed?: number;
    /** In which time, where it is not what the options say. */
    timeWindowMinutes?: number;
  }

  /** The same for several counters. */
  export interface ComplexCustomRateLimitDetails {
    /** Whose counters they are. */
    key: string;
    /** How much is allowed, by the names of the limits. */
    limits?: Record<string, number>;
    /** In which time. */
    timeWindowMinutes?: number;
  }

  /** What a function that says whom a quota counts gives. */
  export interface QuotaDetail {
    /** Whose quota it is. */
    key: string;
    /** How much is allowed, by the names of the meters. */
    allowances: Record<string, number>;
  }

  /** Says whom a quota counts. */
  export type GetQuotaDetailFunction = (
    request: ZuploRequest<any>,
    context: ZuploContext,
    policyName: string,
  ) => QuotaDetail | Promise<QuotaDetail>;

  /** Says when the periods of a quota begin. */
  export type GetQuotaAnchorDateFunction = (
    request: ZuploRequest<any>,
    context: ZuploContext,
    policyName: string,
  ) => Date | Promise<Date>;

  /** Amounts, by names. */
  export type Meters = Record<string, number>;

  /** Several counters for one request. */
  export const ComplexRateLimitInboundPolicy: CatalogInboundPolicy & {
    /** How much this request counts, by the names of the limits. */
    setIncrements(context: ZuploContext, increments: Meters): void;
    /** What was set. */
    getIncrements(context: ZuploContext): Meters;
  };

  /** A quota for a period. */
  export const QuotaInboundPolicy: CatalogInboundPolicy & {
    /** How much this request counts, by the names of the meters. */
    setMeters(context: ZuploContext, meters: Meters): void;
    /** What was used of a quota, once the policy of that name has run. */
    getUsage(context: ZuploContext, policyName: string): any;
  };

  /** Subscriptions. */
  export const MonetizationInboundPolicy: CatalogInboundPolicy & {
    /** How much this request counts, instead of what was said before. */
    setMeters(context: ZuploContext, meters: Meters): void;
    /** How much more this request counts. */
    addMeters(context: ZuploContext, meters: Meters): void;
    /** What was said. */
    getMeters(context: ZuploContext): Meters;
    /** Counts what was said so far, now. */
    flushMeters(context: ZuploContext): Promise<void>;
    /** The subscription of the caller. */
    getSubscriptionData(context: ZuploContext): any;
    /** Says what the subscription of the caller is. */
    setSubscriptionData(context: ZuploContext, data: any): void;
  };

  /** Usage for OpenMeter. */
  export const OpenMeterInboundPolicy: CatalogInboundPolicy & {
    /** What this request counts. */
    setMeters(context: ZuploContext, meters: any): void;
  };

  /** Usage for Amberflo. */
  export const AmberfloMeteringInboundPolicy: CatalogInboundPolicy & {
    /** What is to be told of this request. */
    setRequestProperties(context: ZuploContext, properties: Record<string, any>): void;
  };

  /** A record of who did what. */
  export const AuditLogInboundPolicy: CatalogInboundPolicy & {
    /** Adds an event to those of this request. */
    log(context: ZuploContext, event: any): void;
  };

  /** A decision by AuthZEN. */
  export const AuthZenInboundPolicy: CatalogInboundPolicy & {
    /** What the decision is asked of, instead of what the options say. */
    setAuthorizationPayload(context: ZuploContext, payload: any): void;
    /** What was set. */
    getAuthorizationPayload(context: ZuploContext): any;
  };

  /** A decision by Axiomatics. */
  export const AxiomaticsAuthZInboundPolicy: CatalogInboundPolicy & {
    /** Further attributes for the decision. */
    setAuthAttributes(context: ZuploContext, attributes: any): void;
  };

  /** A decision by OpenFGA. */
  export const OpenFGAAuthZInboundPolicy: CatalogInboundPolicy & {
    /** What is to be checked. */
    setContextChecks(context: ZuploContext, checks: any): void;
  };

  /** A decision by Okta FGA. */
  export const OktaFGAAuthZInboundPolicy: CatalogInboundPolicy & {
    /** What is to be checked. */
    setContextChecks(context: ZuploContext, checks: any): void;
  };
}
