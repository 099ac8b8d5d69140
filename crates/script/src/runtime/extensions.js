// What `runtimeInit` is given, and what the gateway reads of it afterwards.

import { host } from "tollgate:runtime-host";
import { ConfigurationError } from "tollgate:runtime-errors";
import * as hooks from "tollgate:runtime-hooks";
import { hasLambdaHooks, runLambdaHooks } from "tollgate:runtime-lambda";
import { routesOf } from "tollgate:runtime-route";
import { addSink, hasSinks } from "tollgate:runtime-sinks";
import { after, isPromise, kindOf } from "tollgate:runtime-values";

const { Promise, Response } = globalThis;

/** The method by which a plugin of this module installs itself: it gets the `Setup`. */
export const INSTALL = Symbol("install");

/** The first day on which response hooks chain. */
const HOOKS_CHAIN_SINCE = "2026-03-01";

/** What plugins of this module may set up beyond what a project's own may. */
class Setup {
  issuer = null;
  traces = null;
  documents = [];
  addSink = addSink;
  /** The public side, with its hooks. */
  runtime;
}

const LISTS = Symbol("lists");

/** `runtime`, as `runtimeInit` gets it. */
export class RuntimeExtensions {
  /** How a request that no route answers is answered: `(request, context, { routesMatchedByPathOnly })`. */
  notFoundHandler;
  /** How problems are written: `({ problem, statusText, additionalHeaders }, request, context)`. */
  problemResponseFormat;

  constructor(lists) {
    Object.defineProperty(this, LISTS, { value: lists });
  }

  addPlugin(plugin) {
    const lists = this[LISTS];
    if (typeof plugin?.[INSTALL] === "function") lists.waits(plugin[INSTALL](lists.setup));
    else if (typeof plugin?.initialize === "function") lists.waits(plugin.initialize(this));
    else throw new ConfigurationError(`addPlugin expects a plugin, and got ${kindOf(plugin)}`);
    lists.plugins.push(plugin.constructor?.name ?? "plugin");
  }

  addPreRoutingHook(hook) {
    this[LISTS].add("preRouting", hook, "addPreRoutingHook");
  }

  addRequestHook(hook) {
    this[LISTS].add("request", hook, "addRequestHook");
  }

  addResponseSendingHook(hook) {
    this[LISTS].add("response", hook, "addResponseSendingHook");
  }

  addResponseSendingFinalHook(hook) {
    this[LISTS].add("final", hook, "addResponseSendingFinalHook");
  }

  /** `(error, request, context)`: the first that returns a Response answers. */
  addErrorHandler(handler) {
    this[LISTS].add("errors", handler, "addErrorHandler");
  }
}

class Lists {
  preRouting = [];
  request = [];
  response = [];
  final = [];
  errors = [];
  plugins = [];
  setup = new Setup();
  #pending = [];

  add(kind, hook, name) {
    if (typeof hook !== "function") throw new ConfigurationError(`${name} expects a function, and got ${kindOf(hook)}`);
    this[kind].push(hook);
  }

  waits(result) {
    if (isPromise(result)) this.#pending.push(Promise.resolve(result));
  }

  ready() {
    return this.#pending.length === 0 ? undefined : Promise.all(this.#pending.splice(0));
  }
}

let current;

/** The function that writes this engine's problems, where the project has one. */
export function problemFormat() {
  return current?.problemResponseFormat;
}

/** Made once for each engine, before `runtimeInit`. */
export function createExtensions() {
  const lists = new Lists();
  const extensions = new RuntimeExtensions(lists);
  lists.setup.runtime = extensions;
  current = extensions;
  const date = host.compatibilityDate();
  const chained = date === undefined || date >= HOOKS_CHAIN_SINCE;

  return {
    extensions,

    /** Runs the project's `runtimeInit`, where it has one, and waits for every plugin. */
    initialize(runtimeInit) {
      if (runtimeInit === undefined) return undefined;
      if (typeof runtimeInit !== "function") {
        throw new ConfigurationError(`runtimeInit must be a function, and is ${kindOf(runtimeInit)}`);
      }
      return after(runtimeInit(extensions), () => lists.ready());
    },

    /** What there is, for the gateway: a plain object. */
    describe() {
      return {
        preRouting: lists.preRouting.length > 0,
        request: lists.request.length > 0,
        response: lists.response.length > 0,
        final: lists.final.length > 0,
        errors: lists.errors.length > 0,
        notFound: typeof extensions.notFoundHandler === "function",
        problemFormat: typeof extensions.problemResponseFormat === "function",
        lambdaEvent: hasLambdaHooks(),
        logs: hasSinks(),
        issuer: lists.setup.issuer,
        traces: lists.setup.traces,
        documents: lists.setup.documents,
        plugins: lists.plugins,
      };
    },

    runPreRouting: (request) => hooks.runPreRouting(lists.preRouting, request),
    runRequestHooks: (request, context) => hooks.runRequestHooks(lists.request, request, context),
    runResponseHooks: (response, request, context) =>
      hooks.runResponseHooks(lists.response, chained, response, request, context),
    runFinalHooks: (response, request, context) => hooks.runFinalHooks(lists.final, response, request, context),

    /** The answer to an error, where a handler of the project has one; else `undefined`. */
    async runErrorHandlers(error, request, context) {
      for (const handler of lists.errors) {
        const response = await handler(error, request, context);
        if (response instanceof Response) return response;
      }
      return undefined;
    },

    /** @param {string} json The event; gives JSON as well. */
    runLambdaEvent: (json, request, context) => runLambdaHooks(JSON.parse(json), request, context),

    /** @param {string} routes JSON of [{ route, raw }]: the routes that have the path, by other methods. */
    runNotFound(request, context, routes) {
      const matched = { routesMatchedByPathOnly: routesOf(routes) };
      return after(extensions.notFoundHandler(request, context, matched), (response) => {
        if (response instanceof Response) return response;
        throw new TypeError(`notFoundHandler must return a Response, and returned ${kindOf(response)}`);
      });
    },

    /** @param {string} json { problem, statusText?, additionalHeaders? } of a problem of the gateway's own. */
    runProblemFormat(json, request, context) {
      return after(extensions.problemResponseFormat(JSON.parse(json), request, context), (response) => {
        if (response instanceof Response) return response;
        throw new TypeError(`problemResponseFormat must return a Response, and returned ${kindOf(response)}`);
      });
    },
  };
}
