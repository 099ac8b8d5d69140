// What plugins that send something have in common: batches that cost no request anything, whatever
// becomes of them.

import { BackgroundDispatcher } from "tollgate:runtime-background";
import { ConfigurationError } from "tollgate:runtime-errors";
import { host } from "tollgate:runtime-host";

const { Math, fetch } = globalThis;

/** Collects entries, and sends them together. What fails is told to the gateway's own log. */
export class Batches extends BackgroundDispatcher {
  /**
   * @param {string} name The plugin.
   * @param {(entries: unknown[]) => Promise<void>} send
   * @param {{ batchPeriodSeconds?: number, maxBatchSize?: number }} [options]
   */
  constructor(name, send, options = {}) {
    const { batchPeriodSeconds = 1, maxBatchSize = 500 } = options;
    const dispatch = (entries) => safely(name, () => send(entries));
    super(dispatch, { name, msDelay: Math.max(0, batchPeriodSeconds * 1000), maxBatchSize });
  }
}

/** Does something that must never fail for others; what it throws is told. */
export async function safely(name, work) {
  try {
    return await work();
  } catch (error) {
    host.pluginFailed(`${name}: ${error?.message ?? error}`);
    return undefined;
  }
}

/** Sends, and takes nothing but success. An address may hold a secret, so no error names it. */
export async function send(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new Error("the receiver cannot be reached");
  }
  if (!response.ok) throw new Error(`the receiver answered ${response.status}`);
  await response.body?.cancel();
}

/** Posts JSON. */
export function sendJson(url, headers, body) {
  return send(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
}

/** Checks that options which must be there are. */
export function required(plugin, options, names) {
  for (const name of names) {
    if (typeof options?.[name] !== "string" || options[name] === "") {
      throw new ConfigurationError(`${plugin}: the option ${name} is missing`);
    }
  }
  return options;
}

/** Basic authentication (RFC 7617), in UTF-8. */
export function basic(username, password) {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
