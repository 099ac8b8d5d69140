// `ZuploContext`: everything around a request. One is made for every request that meets a script, so
// it begins with its handle alone; the rest is read when it is first asked for.

import { host, loadUrl } from "tollgate:runtime-host";
import { Logger } from "tollgate:runtime-logger";
import { touchedParams, touchedUser } from "tollgate:runtime-request";
import { routeOf } from "tollgate:runtime-route";
import { inboundOutcome, outboundOutcome } from "tollgate:runtime-outcome";
import { parse, stringify } from "tollgate:runtime-values";

const { Promise, Request } = globalThis;

const HANDLE = Symbol("handle");
const LOG = Symbol("log");
const ROUTE = Symbol("route");
const CUSTOM = Symbol("custom");
const PROPERTIES = Symbol("properties");
const HOOKS = Symbol("hooks");
const LISTENERS = Symbol("listeners");

export class ZuploContext {
  constructor(handle) {
    this[HANDLE] = handle;
  }

  /** Differs from the request's id inside of `invokeRoute`. */
  get contextId() {
    return host.contextId(this[HANDLE]);
  }

  /** What the answer carries as the request's id. */
  get requestId() {
    return host.requestId(this[HANDLE]);
  }

  get log() {
    return this[LOG] ?? (this[LOG] = new Logger(this[HANDLE]));
  }

  get route() {
    return this[ROUTE] ?? (this[ROUTE] = routeOf(this[HANDLE]));
  }

  /** A bag for whatever policies and handlers tell each other. */
  get custom() {
    let custom = this[CUSTOM];
    if (custom === undefined) {
      const text = host.custom(this[HANDLE]);
      custom = text === undefined ? {} : parse(text);
      this[CUSTOM] = custom;
    }
    return custom;
  }

  /** Where the request came from, as far as it is known. */
  get incomingRequestProperties() {
    return this[PROPERTIES] ?? (this[PROPERTIES] = parse(host.properties(this[HANDLE])));
  }

  /** The context that called this route by `invokeRoute`. */
  get parentContext() {
    return host.parentContext(this[HANDLE]);
  }

  /** Runs an inbound policy of the project on a request. */
  async invokeInboundPolicy(policyName, request) {
    const outcome = await host.invokeInbound(this[HANDLE], String(policyName), request, stateOf(request, this));
    return inboundOutcome(outcome, request, this);
  }

  /** Runs an outbound policy of the project on a response. */
  async invokeOutboundPolicy(policyName, response, request) {
    const state = stateOf(request, this);
    const outcome = await host.invokeOutbound(this[HANDLE], String(policyName), response, request, state);
    return outboundOutcome(outcome, response, request, this);
  }

  /** Sends a request through another route of the gateway, within the process. */
  async invokeRoute(input, init) {
    const handle = this[HANDLE];
    if (!(input instanceof Request)) {
      const { URL } = loadUrl();
      return host.invokeRoute(handle, new Request(new URL(input, host.origin(handle)), init));
    }
    return host.invokeRoute(handle, init === undefined ? input : new Request(input, init));
  }

  /** Lets a promise outlive the response. */
  waitUntil(promise) {
    const settled = Promise.resolve(promise).then(nothing, (error) => this.log.error("waitUntil:", error));
    host.waitUntil(this[HANDLE], settled);
  }

  /** Changes the response before it is sent. */
  addResponseSendingHook(hook) {
    hooks(this).sending.push(needsFunction(hook, "addResponseSendingHook"));
  }

  /** Sees the response as it is sent. */
  addResponseSendingFinalHook(hook) {
    hooks(this).sent.push(needsFunction(hook, "addResponseSendingFinalHook"));
  }

  /** The older form of the hooks: "responseSending" (with `mutableResponse`) and "responseSent". */
  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return;
    const listeners = this[LISTENERS] ?? (this[LISTENERS] = new Map());
    if (!listeners.has(type)) listeners.set(type, []);
    const list = listeners.get(type);
    if (list.some((known) => known.listener === listener)) return;
    list.push({ listener, once: typeof options === "object" && options?.once === true });
    hooks(this);
  }

  removeEventListener(type, listener) {
    const list = this[LISTENERS]?.get(type);
    const at = list?.findIndex((known) => known.listener === listener) ?? -1;
    if (at !== -1) list.splice(at, 1);
  }

  dispatchEvent(event) {
    for (const result of notify(this, event)) Promise.resolve(result).catch((error) => this.log.error(error));
    return event.defaultPrevented !== true;
  }
}

function nothing() {}

function needsFunction(hook, name) {
  if (typeof hook !== "function") throw new TypeError(`${name} expects a function`);
  return hook;
}

/** The hooks of a context. The gateway is told of the first, so that it calls nothing where there is none. */
function hooks(context) {
  let own = context[HOOKS];
  if (own === undefined) {
    own = { sending: [], sent: [] };
    context[HOOKS] = own;
    host.hooked(context[HANDLE]);
  }
  return own;
}

/** The hooks that run behind the global ones; `undefined` where the context has neither hooks nor listeners. */
export function ownHooks(context) {
  return context[HOOKS];
}

/** Calls the listeners of an event, and gives what each returned. */
export function notify(context, event) {
  const list = context[LISTENERS]?.get(event.type) ?? [];
  return [...list].map(({ listener, once }) => {
    if (once) context.removeEventListener(event.type, listener);
    return typeof listener === "function" ? listener.call(context, event) : listener.handleEvent(event);
  });
}

/** The handle of a context, for what runs on its behalf. */
export function handleOf(context) {
  return context?.[HANDLE];
}

/** What a script has touched of a request and its context, as JSON; see host.js. */
export function stateOf(request, context) {
  const state = {};
  const user = touchedUser(request);
  if (user !== undefined) state.user = stringify(user);
  const params = touchedParams(request);
  if (params !== undefined) state.params = stringify(params);
  const custom = context[CUSTOM];
  if (custom !== undefined) state.custom = stringify(custom);
  return state;
}

/** The custom bag where a script has touched it. */
export function touchedCustom(context) {
  return context[CUSTOM];
}

/**
 * Tells a context what native code wrote into the bag. Only what differs is replaced: an object that a
 * script put there stays the object that it is.
 */
export function setCustom(context, json) {
  const custom = context[CUSTOM];
  if (custom === undefined) return;
  for (const [name, value] of Object.entries(parse(json))) {
    if (stringify(value) !== stringify(custom[name])) custom[name] = value;
  }
}
