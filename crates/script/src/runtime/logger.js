// `context.log`: lines that carry the request's id.

import { host } from "tollgate:runtime-host";
import { hasSinks } from "tollgate:runtime-sinks";
import { stringify } from "tollgate:runtime-values";

export class Logger {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  debug(...values) {
    write(this.#handle, "debug", values);
  }

  info(...values) {
    write(this.#handle, "info", values);
  }

  log(...values) {
    write(this.#handle, "info", values);
  }

  warn(...values) {
    write(this.#handle, "warn", values);
  }

  error(...values) {
    write(this.#handle, "error", values);
  }

  /** Adds fields to every later line of this request. */
  setLogProperties(properties) {
    if (typeof properties !== "object" || properties === null) return;
    const text = json(properties);
    if (text !== undefined) host.logProperties(this.#handle, text);
  }
}

/** Writes a line. The values themselves are only passed where a plugin sends them somewhere. */
export function write(handle, level, values) {
  host.log(handle, level, host.module("console").format(...values), hasSinks() ? json(values.map(plain)) : undefined);
}

/** What has no JSON of its own, as text. */
function plain(value) {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value);
  return value;
}

/** JSON, or nothing where there is none: logging never throws. */
function json(value) {
  try {
    return stringify(value);
  } catch {
    return undefined;
  }
}
