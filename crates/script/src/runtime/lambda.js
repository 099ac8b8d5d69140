// Events of Lambda functions, on their way through the project's code.

import { ConfigurationError } from "tollgate:runtime-errors";
import { kindOf, stringify } from "tollgate:runtime-values";

const hooks = [];

export const AwsLambdaHandlerExtensions = Object.freeze({
  /** Changes the event before the function is called: `(request, context, event) => event`. */
  addSendingAwsLambdaEventHook(hook) {
    if (typeof hook !== "function") {
      throw new ConfigurationError(`addSendingAwsLambdaEventHook expects a function, and got ${kindOf(hook)}`);
    }
    hooks.push(hook);
  },
});

export function hasLambdaHooks() {
  return hooks.length > 0;
}

/** The event behind every hook, as JSON. */
export async function runLambdaHooks(event, request, context) {
  let current = event;
  for (const hook of hooks) {
    const changed = await hook(request, context, current);
    if (typeof changed !== "object" || changed === null) {
      throw new TypeError(`a hook of Lambda events must return the event, and returned ${kindOf(changed)}`);
    }
    current = changed;
  }
  return stringify(current);
}
