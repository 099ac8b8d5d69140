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

async function runInbound(name, request, context, options, policyName = name) {
  if (!catalog().policies.has(name)) throw unavailable(name);
  const handle = handleFor(name, context);
  const state = stateOf(request, context);
  const outcome = await host.builtInPolicy(handle, name, stringify(options ?? {}), policyName, request, state);
  return inboundOutcome(outcome, request, context);
}

async function runOutbound(name, response, request, context, options, policyName = name) {
  if (!catalog().policies.has(name)) throw unavailable(name);
  const handle = handleFor(name, context);
  const state = stateOf(request, context);
  const text = stringify(options ?? {});
  const outcome = await host.builtInOutbound(handle, name, text, policyName, response, request, state);
  return outboundOutcome(outcome, response, request, context);
}

/** By which name the catalog knows a class; those that extend it inherit it. */
const NAME = Symbol("name");

// What all have in common stands here once: every engine has them, and most projects use a few.

class BuiltInInbound extends InboundPolicy {
  handler(request, context) {
    return runInbound(this[NAME], request, context, this.options, this.policyName);
  }
}

class BuiltInOutbound extends OutboundPolicy {
  handler(response, request, context) {
    return runOutbound(this[NAME], response, request, context, this.options, this.policyName);
  }
}

/** @param {string} name The export by which the catalog knows it. */
export function inboundPolicy(name) {
  return classOf(name, BuiltInInbound, runInbound);
}

/** @param {string} name The export by which the catalog knows it. */
export function outboundPolicy(name) {
  return classOf(name, BuiltInOutbound, runOutbound);
}

/** What can be called, and made with `new` or extended. */
function classOf(name, base, run) {
  function BuiltIn(...args) {
    if (new.target === undefined) return run(name, ...args);
    [this.options, this.policyName = name] = args;
    return undefined;
  }
  // Made with its prototype, and not given it later: so the engine keeps one shape for all of them.
  const prototype = create(base.prototype);
  defineProperty(prototype, "constructor", { value: BuiltIn, writable: true, configurable: true });
  prototype[NAME] = name;
  BuiltIn.prototype = prototype;
  setPrototypeOf(BuiltIn, base);
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
