// How the gateway calls policies and handlers, and what it makes of what they return.
//
// A definition is made once for each policy or handler of the project. A call has two halves, so that
// nothing waits that need not: `start` calls the project's code and gives what it returned, a value or
// a promise; `finish` judges the value once it is there. `run…` is both, for calls within JavaScript.

import { ConfigurationError } from "tollgate:runtime-errors";
import { InboundPolicy, OutboundPolicy } from "tollgate:runtime-policy";
import { inherit } from "tollgate:runtime-request";
import { after, isPromise, kindOf, stringify } from "tollgate:runtime-values";

const { Promise, Request, Response } = globalThis;

/** What one policy or handler of the project is called by. */
class Definition {
  constructor(what, name, call) {
    /** "The policy", for errors. */
    this.what = what;
    this.name = name;
    this.call = call;
  }

  wrong(expected, value) {
    return new TypeError(`${this.what} \`${this.name}\` must return ${expected}, and returned ${kindOf(value)}`);
  }
}

/** The object whose `handler` is the policy, where it is one; `undefined` for a plain function. */
function instanceOf(exported, base, options, name) {
  let instance;
  if (typeof exported === "object" && exported !== null) {
    instance = exported;
  } else if (typeof exported !== "function") {
    throw new ConfigurationError(`The policy \`${name}\` is ${kindOf(exported)}: export a function or a class`);
  } else if (exported.prototype instanceof base || typeof exported.prototype?.handler === "function") {
    instance = new exported(options, name);
  } else {
    return undefined;
  }
  if (typeof instance.handler !== "function") {
    throw new ConfigurationError(`The policy \`${name}\` is ${kindOf(instance)} without a method \`handler\``);
  }
  return instance;
}

/**
 * A policy in front of the handler.
 *
 * @param {Function | object} exported `(request, context, options, policyName)`, or a class with `handler`.
 */
export function defineInbound(exported, options, name) {
  const instance = instanceOf(exported, InboundPolicy, options, name);
  const call =
    instance === undefined
      ? (request, context) => exported(request, context, options, name)
      : (request, context) => instance.handler(request, context);
  return new Definition("The inbound policy", name, call);
}

/** A policy behind the handler: `(response, request, context, options, policyName)`, or a class. */
export function defineOutbound(exported, options, name) {
  const instance = instanceOf(exported, OutboundPolicy, options, name);
  const call =
    instance === undefined
      ? (response, request, context) => exported(response, request, context, options, name)
      : (response, request, context) => instance.handler(response, request, context);
  return new Definition("The outbound policy", name, call);
}

/** A handler: `(request, context)`. Its options are `context.route.handler.options`. */
export function defineHandler(exported, name) {
  if (typeof exported !== "function") {
    throw new ConfigurationError(`The handler \`${name}\` is ${kindOf(exported)}: export a function`);
  }
  return new Definition("The handler", name, exported);
}

/** A promise of our own where a policy gave one of somebody else's. */
function settled(result, known) {
  return result !== known && isPromise(result) ? Promise.resolve(result) : result;
}

export function startInbound(definition, request, context) {
  const { call } = definition;
  return settled(call(request, context), request);
}

/** The ZuploRequest to go on with, or the Response that ends it. */
export function finishInbound(definition, result, request) {
  if (result === request) return result;
  if (result instanceof Request) return inherit(result, request);
  if (result instanceof Response) return result;
  throw definition.wrong("the request or a Response", result);
}

export function runInbound(definition, request, context) {
  return after(startInbound(definition, request, context), (result) => finishInbound(definition, result, request));
}

export function startOutbound(definition, response, request, context) {
  const { call } = definition;
  return settled(call(response, request, context), response);
}

/** The Response to go on with. */
export function finishOutbound(definition, result) {
  if (result instanceof Response) return result;
  throw definition.wrong("a Response", result);
}

export function runOutbound(definition, response, request, context) {
  return after(startOutbound(definition, response, request, context), (result) => finishOutbound(definition, result));
}

export function startHandler(definition, request, context) {
  const { call } = definition;
  return settled(call(request, context));
}

/**
 * The Response of a handler. Any other value becomes JSON, a string in its quotes; `undefined` is a 200
 * without a body.
 */
export function finishHandler(definition, result) {
  if (result instanceof Response) return result;
  if (result === undefined) return new Response(null);
  let text;
  try {
    text = stringify(result);
  } catch {
    // A circle, or a number that JSON does not have: told below.
  }
  if (text === undefined) throw definition.wrong("a Response or something that JSON can say", result);
  return new Response(text, { headers: { "content-type": "application/json" } });
}

export function runHandler(definition, request, context) {
  return after(startHandler(definition, request, context), (result) => finishHandler(definition, result));
}
