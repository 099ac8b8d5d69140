// `HttpLogPlugin`: sends the log to any address, as JSON.

import { LogPlugin } from "tollgate:runtime-plugins-log-plugin";
import { required, sendJson } from "tollgate:runtime-plugins-sending";

/** Posts an array of { timestamp, level, message, messages, … }, with every field beside them. */
export class HttpLogPlugin extends LogPlugin {
  /** @param {{ url: string, headers?: Record<string, string>, fields?: object, batchPeriodSeconds?: number }} options */
  constructor(options) {
    super(required("HttpLogPlugin", options, ["url"]));
  }

  send(lines) {
    const entries = lines.map(({ time, level, text, messages, fields }) => ({
      ...fields,
      timestamp: new Date(time).toISOString(),
      level,
      message: text,
      messages,
    }));
    return sendJson(this.options.url, { ...this.options.headers }, entries);
  }
}
