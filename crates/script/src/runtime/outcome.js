// What comes of a policy that the gateway runs on a script's behalf.

import { setCustom } from "tollgate:runtime-context";
import { runInbound, runOutbound } from "tollgate:runtime-dispatch";
import { inherit, setState } from "tollgate:runtime-request";

/** The request to go on with, or the response that ends it. */
export function inboundOutcome(outcome, request, context) {
  if (outcome.definition !== undefined) return runInbound(outcome.definition, request, context);
  if (outcome.custom !== undefined) setCustom(context, outcome.custom);
  if (outcome.response !== undefined) {
    setState(request, outcome);
    return outcome.response;
  }
  setState(outcome.request, outcome);
  return inherit(outcome.request, request);
}

/** The response to go on with. */
export function outboundOutcome(outcome, response, request, context) {
  if (outcome.definition !== undefined) return runOutbound(outcome.definition, response, request, context);
  if (outcome.custom !== undefined) setCustom(context, outcome.custom);
  setState(request, outcome);
  return outcome.response;
}
