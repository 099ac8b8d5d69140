// What the gateway's Rust calls that the runtime module does not say in one call.

import { inherit, touchedCustom, touchedParams, touchedUser } from "tollgate:runtime-internal";
import { after, isPromise, stringify } from "tollgate:runtime-values";

const { Promise, Request, Response } = globalThis;

/** What a script has changed, as JSON in a list of three; `undefined` where it has touched nothing. */
export function changes(request, context) {
  const user = request === undefined ? undefined : touchedUser(request);
  const params = request === undefined ? undefined : touchedParams(request);
  const custom = touchedCustom(context);
  if (user === undefined && params === undefined && custom === undefined) return undefined;
  return [json(user), json(params), json(custom)];
}

function json(value) {
  if (value === undefined) return undefined;
  try {
    return stringify(value);
  } catch {
    // A circle: it stays within the scripts.
    return undefined;
  }
}

/** Asks the project's error handlers for an answer where code throws. */
export function guard(start, extensions) {
  const answer = (error, request, context) =>
    extensions.runErrorHandlers(error, request, context).then((response) => {
      if (response === undefined) throw error;
      return response;
    });
  return (definition, ...rest) => {
    const context = rest[rest.length - 1];
    const request = rest[rest.length - 2];
    try {
      const result = start(definition, ...rest);
      return isPromise(result) ? result.then(undefined, (error) => answer(error, request, context)) : result;
    } catch (error) {
      return answer(error, request, context);
    }
  };
}

/** The hooks of a response, then the final ones, which see it as it is sent. */
export function respond(extensions, response, request, context, hasFinal) {
  return after(extensions.runResponseHooks(response, request, context), (sent) => {
    if (!hasFinal) return sent;
    return after(extensions.runFinalHooks(sent.clone(), request, context), () => sent);
  });
}

/** Before routing: a Request that knows what the one before it knew, or a Response. */
export function route(extensions, request) {
  return after(extensions.runPreRouting(request), (result) => (result instanceof Response ? result : inherit(result, request)));
}

/** Calls a function of the project: what it returns, as JSON. */
export function ask(fn, request, context, policy) {
  return after(fn(request, context, policy), (value) => stringify(value) ?? "null");
}

/** Renders a template literal. */
export function render(template, request, context, environment) {
  const { url, headers, method, params, query } = request;
  const parsed = new URL(url);
  return String(
    template({
      env: environment,
      request,
      context,
      params,
      query,
      headers,
      url,
      host: parsed.host,
      hostname: parsed.hostname,
      origin: parsed.origin,
      pathname: parsed.pathname,
      port: parsed.port,
      protocol: parsed.protocol,
      search: parsed.search,
      method,
      encodeURIComponent,
      e: encodeURIComponent,
    }),
  );
}
