// Chains of hooks. Each gets what the one before it gave; none waits for a promise that is not there.

import { notify, ownHooks } from "tollgate:runtime-context";
import { inherit } from "tollgate:runtime-request";
import { after, isPromise, kindOf } from "tollgate:runtime-values";

const { Promise, Request, Response } = globalThis;

/** Calls every hook in turn, whatever it returns; waits only for promises. */
function each(list, call, at = 0) {
  for (let i = at; i < list.length; i++) {
    const result = call(list[i]);
    if (isPromise(result)) return Promise.resolve(result).then(() => each(list, call, i + 1));
  }
  return undefined;
}

function nameOf(hook) {
  return hook.name === "" ? "an unnamed function" : `\`${hook.name}\``;
}

function wrong(kind, hook, expected, value) {
  return new TypeError(`The ${kind} hook ${nameOf(hook)} must return ${expected}, and returned ${kindOf(value)}`);
}

/** Before routing: a Request to go on with, or a Response that ends it. */
export function runPreRouting(list, request) {
  let current = request;
  const step = (hook) => {
    if (current instanceof Response) return undefined;
    return after(hook(current), (result) => {
      if (!(result instanceof Request || result instanceof Response)) throw wrong("pre-routing", hook, "a Request", result);
      current = result;
    });
  };
  return after(each(list, step), () => current);
}

/** Before the inbound policies: a ZuploRequest to go on with, or a Response that ends it. */
export function runRequestHooks(list, request, context) {
  let current = request;
  const step = (hook) => {
    if (current instanceof Response) return undefined;
    return after(hook(current, context), (result) => {
      if (result === current) return;
      if (result instanceof Request) current = inherit(result, current);
      else if (result instanceof Response) current = result;
      else throw wrong("request", hook, "the request or a Response", result);
    });
  };
  return after(each(list, step), () => current);
}

/**
 * Before the response is sent: the global hooks, then those of the context, then its listeners. Before
 * 2026-03-01 every hook got the response as it was at the beginning, and the last one won.
 */
export function runResponseHooks(list, chained, response, request, context) {
  const own = ownHooks(context);
  const all = own === undefined ? list : [...list, ...own.sending];
  let current = response;
  const step = (hook) =>
    after(hook(chained ? current : response, request, context), (result) => {
      if (!(result instanceof Response)) throw wrong("response-sending", hook, "a Response", result);
      current = result;
    });
  return after(each(all, step), () => {
    if (own === undefined) return current;
    const event = { type: "responseSending", request, context, mutableResponse: current, defaultPrevented: false };
    return after(everything(notify(context, event)), () => {
      if (!(event.mutableResponse instanceof Response)) {
        throw new TypeError(`A listener of "responseSending" set mutableResponse to ${kindOf(event.mutableResponse)}`);
      }
      return event.mutableResponse;
    });
  });
}

/** As the response is sent: each sees it, none changes it. */
export function runFinalHooks(list, response, request, context) {
  const own = ownHooks(context);
  const all = own === undefined ? list : [...list, ...own.sent];
  return after(
    each(all, (hook) => hook(response, request, context)),
    () => {
      if (own === undefined) return undefined;
      const event = { type: "responseSent", request, context, response, defaultPrevented: false };
      return after(everything(notify(context, event)), () => undefined);
    },
  );
}

function everything(results) {
  return results.some(isPromise) ? Promise.all(results) : undefined;
}
