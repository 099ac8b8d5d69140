// Where lines of the log go besides the gateway's own log: what log plugins registered.

import { host } from "tollgate:runtime-host";
import { parse } from "tollgate:runtime-values";

const sinks = [];
/** How many lines there were, so that their order can be told. */
let counter = 0;

/** @param {(entry: object) => void} sink Called with each line. */
export function addSink(sink) {
  sinks.push(sink);
}

export function hasSinks() {
  return sinks.length > 0;
}

/**
 * Hands one line to every plugin. A plugin that fails costs its own lines and nothing else.
 *
 * @param {string} json { timestamp (ISO 8601), level, text, messages? (array), requestId?, source
 *   ("request" or "runtime"), properties? }
 */
export function deliverLog(json) {
  if (sinks.length === 0) return;
  counter += 1;
  const entry = { ...parse(json), counter };
  if (!Array.isArray(entry.messages)) entry.messages = [entry.text];
  for (const sink of sinks) {
    try {
      sink(entry);
    } catch (error) {
      // Not through the log that the plugins read: that would come here again.
      host.pluginFailed(String(error));
    }
  }
}
