// The policies that code talks to. What it says is kept with the request, and the gateway is told of it;
// where the gateway does not have the policy, it does no harm.

import { inboundPolicy } from "tollgate:runtime-built-in";
import { handleOf } from "tollgate:runtime-context";
import { ContextData } from "tollgate:runtime-context-data";
import { host } from "tollgate:runtime-host";
import { parse, stringify } from "tollgate:runtime-values";

/** Values of one request for one policy, which the gateway is told of as they are set. */
function notes(policy, name) {
  const data = new ContextData(`${policy}.${name}`);
  return {
    get: (context) => data.get(context),
    set(context, value) {
      data.set(context, value);
      const handle = handleOf(context);
      if (handle !== undefined) host.note(handle, policy, name, value === undefined ? undefined : stringify(value));
    },
  };
}

function statics(policy, methods) {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(policy, name, { value, writable: true, configurable: true });
  }
  return policy;
}

/** Sums of two sets of meters. */
function sum(meters = {}, more) {
  const both = { ...meters };
  for (const [name, value] of Object.entries(more)) both[name] = (both[name] ?? 0) + value;
  return both;
}

const increments = notes("ComplexRateLimitInboundPolicy", "increments");

export const ComplexRateLimitInboundPolicy = statics(inboundPolicy("ComplexRateLimitInboundPolicy"), {
  /** How much the request counts, by the names of the limits. */
  setIncrements: (context, values) => increments.set(context, { ...increments.get(context), ...values }),
  getIncrements: (context) => ({ ...increments.get(context) }),
});

const quotaMeters = notes("QuotaInboundPolicy", "meters");

export const QuotaInboundPolicy = statics(inboundPolicy("QuotaInboundPolicy"), {
  /** How much the request counts, by the names of the meters. */
  setMeters: (context, values) => quotaMeters.set(context, { ...quotaMeters.get(context), ...values }),
  /** What was used of a quota, as far as the policy of that name has run. */
  getUsage(context, policyName) {
    const handle = handleOf(context);
    const text = handle === undefined ? undefined : host.policyUsage(handle, String(policyName));
    return text === undefined ? undefined : parse(text);
  },
});

const meters = notes("MonetizationInboundPolicy", "meters");
const subscription = notes("MonetizationInboundPolicy", "subscription");

export const MonetizationInboundPolicy = statics(inboundPolicy("MonetizationInboundPolicy"), {
  setMeters: (context, values) => meters.set(context, { ...values }),
  addMeters: (context, values) => meters.set(context, sum(meters.get(context), values)),
  getMeters: (context) => ({ ...meters.get(context) }),
  flushMeters: async (context) => meters.set(context, undefined),
  getSubscriptionData: (context) => subscription.get(context),
  setSubscriptionData: (context, value) => subscription.set(context, value),
});

const openMeters = notes("OpenMeterInboundPolicy", "meters");

export const OpenMeterInboundPolicy = statics(inboundPolicy("OpenMeterInboundPolicy"), {
  setMeters: (context, values) => openMeters.set(context, values),
});

const amberflo = notes("AmberfloMeteringInboundPolicy", "properties");

export const AmberfloMeteringInboundPolicy = statics(inboundPolicy("AmberfloMeteringInboundPolicy"), {
  setRequestProperties: (context, values) => amberflo.set(context, { ...amberflo.get(context), ...values }),
});

const events = notes("AuditLogInboundPolicy", "events");

export const AuditLogInboundPolicy = statics(inboundPolicy("AuditLogInboundPolicy"), {
  /** Adds an event to those of the request. */
  log: (context, event) => events.set(context, [...(events.get(context) ?? []), event]),
});

const payload = notes("AuthZenInboundPolicy", "payload");

export const AuthZenInboundPolicy = statics(inboundPolicy("AuthZenInboundPolicy"), {
  setAuthorizationPayload: (context, value) => payload.set(context, value),
  getAuthorizationPayload: (context) => payload.get(context),
});

const attributes = notes("AxiomaticsAuthZInboundPolicy", "attributes");

export const AxiomaticsAuthZInboundPolicy = statics(inboundPolicy("AxiomaticsAuthZInboundPolicy"), {
  setAuthAttributes: (context, value) => attributes.set(context, value),
});

const checks = notes("OpenFGAAuthZInboundPolicy", "checks");

export const OpenFGAAuthZInboundPolicy = statics(inboundPolicy("OpenFGAAuthZInboundPolicy"), {
  setContextChecks: (context, value) => checks.set(context, value),
});

export const OktaFGAAuthZInboundPolicy = statics(inboundPolicy("OktaFGAAuthZInboundPolicy"), {
  setContextChecks: (context, value) => checks.set(context, value),
});

const moesif = notes("MoesifInboundPolicy", "context");

/** What Moesif is told of a request besides itself. */
export function setMoesifContext(context, value) {
  moesif.set(context, { ...moesif.get(context), ...value });
}

const graphql = notes("GraphqlAnalyticsOutboundPolicy", "cache");

/** Notes whether a GraphQL answer came from a cache. */
export function recordGraphqlCacheState(context, state) {
  graphql.set(context, state);
}
