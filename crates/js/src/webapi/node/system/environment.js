// The variables that a project's environment declares. Nothing of the host's own is among them.

/** `process.env`: empty until an engine has been told. */
export const env = {};

/** Called when an engine has loaded. */
export function setEnvironment(variables) {
  for (const name of Object.keys(env)) delete env[name];
  for (const [name, value] of Object.entries(variables)) env[name] = String(value);
}
