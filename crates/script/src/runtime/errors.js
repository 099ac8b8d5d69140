// The errors that scripts throw and catch.

import { stringify } from "tollgate:runtime-values";

/**
 * An error whose `extensionMembers` become members of the problem that the client gets. The message
 * stays in the log.
 */
export class RuntimeError extends Error {
  constructor(message, options) {
    const described = typeof message === "object" && message !== null;
    super(described ? message.message : message, options);
    this.name = "RuntimeError";
    const members = described ? message.extensionMembers : options?.extensionMembers;
    if (members !== undefined) this.extensionMembers = members;
  }
}

/** The project asks for something that cannot be: a mistake of its author, not of the client. */
export class ConfigurationError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "ConfigurationError";
  }
}

/** What the gateway must know of something that was thrown: JSON. */
export function describeError(thrown) {
  const isError = typeof thrown === "object" && thrown !== null && typeof thrown.message === "string";
  const described = {
    name: isError ? String(thrown.name ?? "Error") : typeof thrown,
    message: isError ? thrown.message : String(thrown),
    stack: isError && typeof thrown.stack === "string" ? thrown.stack : "",
    configuration: thrown instanceof ConfigurationError,
  };
  const members = isError ? thrown.extensionMembers : undefined;
  if (typeof members === "object" && members !== null) {
    try {
      return stringify({ ...described, extensionMembers: members });
    } catch {
      // What is no JSON is no member of a problem.
    }
  }
  return stringify(described);
}
