// Plugins that send the log to a service, each in the format that the service documents.

import { LogPlugin } from "tollgate:runtime-plugins-log-plugin";
import { basic, required, send, sendJson } from "tollgate:runtime-plugins-sending";

const { crypto } = globalThis;

/** Datadog: the log intake, version 2. */
export class DataDogLoggingPlugin extends LogPlugin {
  constructor(options) {
    super(required("DataDogLoggingPlugin", options, ["apiKey"]));
  }

  send(lines) {
    const { apiKey, url = "https://http-intake.logs.datadoghq.com/api/v2/logs", source = "Zuplo", tags } = this.options;
    const entries = lines.map(({ time, level, text, messages, fields }) => ({
      ...fields,
      ddsource: source,
      ddtags: tagsOf(tags),
      message: text,
      data: messages,
      status: level,
      timestamp: time,
    }));
    return sendJson(url, { "dd-api-key": apiKey }, entries);
  }
}

/** `a:1,b:2` of an object, a list or a text. */
export function tagsOf(tags = {}) {
  if (typeof tags === "string") return tags;
  return (Array.isArray(tags) ? tags : Object.entries(tags).map(([name, value]) => `${name}:${value}`)).join(",");
}

/** Dynatrace: the ingest of logs, version 2. */
export class DynaTraceLoggingPlugin extends LogPlugin {
  constructor(options) {
    super(required("DynaTraceLoggingPlugin", options, ["url", "apiToken"]));
  }

  send(lines) {
    const { url, apiToken } = this.options;
    const entries = lines.map(({ time, level, text, fields }) => ({
      ...fields,
      content: text,
      timestamp: new Date(time).toISOString(),
      severity: level,
    }));
    return sendJson(url, { authorization: `Api-Token ${apiToken}` }, entries);
  }
}

/** Grafana Loki: the push API. Version 1 puts the fields into the line, version 2 beside it. */
export class LokiLoggingPlugin extends LogPlugin {
  constructor(options) {
    super(required("LokiLoggingPlugin", options, ["url", "username", "password"]));
  }

  send(lines) {
    const { url, username, password, job = "zuplo", version = 2 } = this.options;
    const streams = new Map();
    for (const { time, level, text, messages, fields } of lines) {
      if (!streams.has(level)) streams.set(level, { stream: { job, level }, values: [] });
      const at = `${time}000000`;
      const value = version === 1 ? [at, JSON.stringify({ ...fields, messages })] : [at, text, texts(fields)];
      streams.get(level).values.push(value);
    }
    return sendJson(url, { authorization: basic(username, password) }, { streams: [...streams.values()] });
  }
}

/** Fields as texts; those without a value are left out. */
function texts(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]));
}

/** New Relic: the log API, version 1. */
export class NewRelicLoggingPlugin extends LogPlugin {
  constructor(options) {
    super(required("NewRelicLoggingPlugin", options, ["apiKey"]));
  }

  send(lines) {
    const { apiKey, url = "https://log-api.newrelic.com/log/v1", service = "Zuplo" } = this.options;
    const logs = lines.map(({ time, level, text, fields }) => ({
      timestamp: time,
      message: text,
      attributes: { ...fields, level },
    }));
    return sendJson(url, { "api-key": apiKey }, [{ common: { attributes: { service } }, logs }]);
  }
}

/** Splunk: the HTTP event collector. */
export class SplunkLoggingPlugin extends LogPlugin {
  #channel = crypto.randomUUID();

  constructor(options) {
    super(required("SplunkLoggingPlugin", options, ["url", "token"]));
  }

  send(lines) {
    const { url, token, index = "main", sourcetype = "json", host = "zuplo-api", channel = this.#channel } = this.options;
    const body = lines.map(({ time, text, messages, fields }) =>
      JSON.stringify({ time: time / 1000, host, index, sourcetype, event: { ...fields, message: text, messages } }),
    );
    const headers = { authorization: `Splunk ${token}`, "x-splunk-request-channel": channel, "content-type": "application/json" };
    return send(url, { method: "POST", headers, body: body.join("\n") });
  }
}

/** Sumo Logic: an HTTP source; a line is an event. */
export class SumoLogicLoggingPlugin extends LogPlugin {
  constructor(options) {
    super(required("SumoLogicLoggingPlugin", options, ["url"]));
  }

  send(lines) {
    const { url, name, category } = this.options;
    const headers = { "content-type": "application/json" };
    if (name !== undefined) headers["x-sumo-name"] = name;
    if (category !== undefined) headers["x-sumo-category"] = category;
    const body = lines.map(({ time, text, messages, fields }) =>
      JSON.stringify({ timestamp: time, message: text, messages, ...fields }),
    );
    return send(url, { method: "POST", headers, body: body.join("\n") });
  }
}

/** VMware Log Insight: the ingest API, version 1. */
export class VMWareLogInsightLoggingPlugin extends LogPlugin {
  #agent = crypto.randomUUID();

  /** @param {object} options `textReplacements` is a list of [what, instead]; `onMessageSending` may change a message. */
  constructor(options) {
    super(required("VMWareLogInsightLoggingPlugin", options, ["url"]));
  }

  send(lines) {
    const { url, agentId = this.#agent } = this.options;
    const target = url.includes("/api/v") ? url : `${url.replace(/\/+$/, "")}/api/v1/events/ingest/${agentId}`;
    return sendJson(target, {}, { events: lines.map((line) => this.#event(line)) });
  }

  #event({ time, text, fields }) {
    const { textReplacements = [], onMessageSending } = this.options;
    let replaced = text;
    for (const [what, instead] of textReplacements) replaced = replaced.replaceAll(what, instead);
    const event = {
      text: replaced,
      timestamp: time,
      fields: Object.entries(texts(fields)).map(([name, content]) => ({ name, content })),
    };
    return onMessageSending?.(event) ?? event;
  }
}
