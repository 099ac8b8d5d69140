// What the documentation of the project format names and this gateway does not have: importing it is
// no mistake, using it is one.

import { ConfigurationError } from "tollgate:runtime-errors";

/** The error for it, and what there is in its place. */
export function unavailable(name, instead = undefined) {
  return new ConfigurationError(`${name} is not available in this version${instead === undefined ? "" : `: ${instead}`}`);
}

/** A function and class that fails by its name. */
export function notAvailable(name) {
  return function NotAvailable() {
    throw unavailable(name);
  };
}
