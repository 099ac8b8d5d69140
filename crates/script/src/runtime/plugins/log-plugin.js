// What plugins that send lines of the log have in common.

import { environment } from "tollgate:runtime-environment";
import { INSTALL } from "tollgate:runtime-extensions";
import { host } from "tollgate:runtime-host";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { Batches } from "tollgate:runtime-plugins-sending";

/** Sends every line: a subclass says how, in `send(lines)`. What it throws costs those lines, and is told. */
export class LogPlugin extends SystemRuntimePlugin {
  #batches;

  /** @param {{ batchPeriodSeconds?: number, fields?: object }} [options] */
  constructor(options = {}) {
    super();
    this.options = options;
    this.#batches = new Batches(new.target.name, (lines) => this.send(lines), options);
  }

  [INSTALL](setup) {
    setup.addSink((entry) => this.#batches.enqueue(lineOf(entry, this.options.fields)));
  }
}

/**
 * One line as plugins send it: the moment (ms), its text, its values, and its fields.
 *
 * @returns {{ time: number, level: string, text: string, messages: unknown[], fields: object }}
 */
function lineOf(entry, fields) {
  return {
    time: Date.parse(entry.timestamp),
    level: entry.level,
    text: entry.text,
    messages: entry.messages,
    fields: {
      severity: entry.level.toUpperCase(),
      requestId: entry.requestId,
      atomicCounter: entry.counter,
      environment: environment.ZUPLO_ENVIRONMENT_NAME,
      environmentType: environment.ZUPLO_ENVIRONMENT_TYPE,
      environmentStage: environment.ZUPLO_ENVIRONMENT_STAGE,
      loggingId: environment.ZUPLO_LOGGING_ID,
      buildId: host.buildId(),
      logSource: entry.source,
      ...entry.properties,
      ...fields,
    },
  };
}
