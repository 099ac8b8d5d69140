// How code calls the catalog: a policy is a function `(request, context, options, policyName)` and a class
// with `handler`; a handler is a function whose options are those of the route.

import { handleOf, stateOf } from "tollgate:runtime-context";
import { ConfigurationError } from "tollgate:runtime-errors";
import { host } from "tollgate:runtime-host";
import { unavailable } from "tollgate:runtime-not-available";
import { inboundOutcome, outboundOutcome } from "tollgate:runtime-outcome";
import { InboundPolicy, OutboundPolicy } from "tollgate:runtime-policy";
import { parse, stringify } from "tollgate:runtime-values";

const { create, defineProperty, setPrototypeOf } = Object;

let known;

/** What the catalog has: asked for once, when something of it is first called. */
function catalog() {
  if (known === undefined) {
    const { policies, handlers } = parse(host.builtIns());
    known = { policies: new Set(policies.map((policy) => policy.export)), handlers: new Set(handlers) };
  }
  return known;
}

/** Checks what the gateway would otherwise have to guess. */
function handleFor(name, context) {
  const handle = handleOf(context);
  if (handle === undefined) throw new ConfigurationError(`${name} must be called with the context of a request`);
  return handle;
}

/** @param {string} name The export by which the catalog knows it. */
export function inboundPolicy(name) {
  const run = async (request, context, options, policyName = name) => {
    if (!catalog().policies.has(name)) throw unavailable(name);
    const handle = handleFor(name, context);
    const state = stateOf(request, context);
    const outcome = await host.builtInPolicy(handle, name, stringify(options ?? {}), policyName, request, state);
    return inboundOutcome(outcome, request, context);
  };
  return classOf(name, InboundPolicy, run, function handler(request, context) {
    return run(request, context, this.options, this.policyName);
  });
}

export function outboundPolicy(name) {
  const run = async (response, request, context, options, policyName = name) => {
    if (!catalog().policies.has(name)) throw unavailable(name);
    const handle = handleFor(name, context);
    const state = stateOf(request, context);
    const text = stringify(options ?? {});
    const outcome = await host.builtInOutbound(handle, name, text, policyName, response, request, state);
    return outboundOutcome(outcome, response, request, context);
  };
  return classOf(name, OutboundPolicy, run, function handler(response, request, context) {
    return run(response, request, context, this.options, this.policyName);
  });
}

/** What can be called, and made with `new` or extended. */
function classOf(name, base, run, handler) {
  function BuiltIn(...args) {
    if (new.target === undefined) return run(...args);
    [this.options, this.policyName = name] = args;
    return undefined;
  }
  setPrototypeOf(BuiltIn, base);
  BuiltIn.prototype = create(base.prototype, {
    constructor: { value: BuiltIn, writable: true, configurable: true },
    handler: { value: handler, writable: true, configurable: true },
  });
  return defineProperty(BuiltIn, "name", { value: name });
}

/** @param {string} name The export by which the catalog knows it. */
export function builtInHandler(name) {
  const handler = async (request, context) => {
    if (!catalog().handlers.has(name)) throw unavailable(name);
    const handle = handleFor(name, context);
    const options = stringify(context.route.handler?.options ?? {});
    return host.builtInHandler(handle, name, options, request, stateOf(request, context));
  };
  return defineProperty(handler, "name", { value: name });
}
