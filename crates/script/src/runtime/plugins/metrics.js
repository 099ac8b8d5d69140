// Plugins that send numbers of every request to a service, each in the format that the service documents.

import { handleOf } from "tollgate:runtime-context";
import { ContextData } from "tollgate:runtime-context-data";
import { INSTALL } from "tollgate:runtime-extensions";
import { host } from "tollgate:runtime-host";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { tagsOf } from "tollgate:runtime-plugins-log-vendors";
import { Batches, required, safely, send, sendJson } from "tollgate:runtime-plugins-sending";

/** [option, name, unit, what of a request] */
const METRICS = [
  ["latency", "request.latency", "ms", ({ context }) => host.elapsed(handleOf(context))],
  ["requestContentLength", "request.content_length", "By", ({ request }) => length(request)],
  ["responseContentLength", "response.content_length", "By", ({ response }) => length(response)],
];

/** [option, attribute, what of a request] */
const ATTRIBUTES = [
  ["country", "country", ({ context }) => context.incomingRequestProperties.country],
  ["httpMethod", "http_method", ({ request }) => request.method],
  ["statusCode", "status_code", ({ response }) => String(response.status)],
  ["path", "path", ({ context }) => context.route.path],
];

function length(message) {
  const text = message.headers.get("content-length");
  return text === null ? undefined : Number(text);
}

/** Notes numbers of every request: a subclass says how they are sent, in `send(points)`. */
export class MetricsPlugin extends SystemRuntimePlugin {
  #name;
  #batches;

  constructor(options = {}) {
    super();
    this.#name = new.target.name;
    this.options = options;
    this.#batches = new Batches(this.#name, (points) => this.send(points), options);
  }

  /** Further attributes (`tags` or `attributes`) of one request. */
  static setContext(context, data) {
    ContextData.set(context, "MetricsPlugin", data);
  }

  [INSTALL](setup) {
    setup.runtime.addResponseSendingFinalHook((response, request, context) => {
      safely(this.#name, () => this.#note({ response, request, context }));
    });
  }

  #note(exchange) {
    const { metrics = {}, include = {} } = this.options;
    const attributes = { ...this.options.attributes };
    for (const [option, name, read] of ATTRIBUTES) {
      const value = include[option] === true ? read(exchange) : undefined;
      if (value !== undefined) attributes[name] = value;
    }
    const more = ContextData.get(exchange.context, "MetricsPlugin");
    Object.assign(attributes, more?.attributes);
    const time = Date.now();
    for (const [option, name, unit, read] of METRICS) {
      const value = metrics[option] === false ? undefined : read(exchange);
      if (value !== undefined) this.#batches.enqueue({ name, unit, value, time, attributes, tags: more?.tags });
    }
  }
}

/** Datadog: the series API, version 2. */
export class DataDogMetricsPlugin extends MetricsPlugin {
  constructor(options) {
    super(required("DataDogMetricsPlugin", options, ["apiKey"]));
  }

  send(points) {
    const { apiKey, url = "https://api.datadoghq.com/api/v2/series", tags } = this.options;
    const series = points.map((point) => ({
      metric: point.name,
      // 3 is a gauge.
      type: 3,
      points: [{ timestamp: Math.floor(point.time / 1000), value: point.value }],
      tags: [tagsOf(tags), tagsOf(point.attributes), tagsOf(point.tags)].flatMap((text) => (text === "" ? [] : text.split(","))),
    }));
    return sendJson(url, { "dd-api-key": apiKey }, { series });
  }
}

/** Dynatrace: the line protocol of metrics. */
export class DynatraceMetricsPlugin extends MetricsPlugin {
  constructor(options) {
    super(required("DynatraceMetricsPlugin", options, ["url", "apiToken"]));
  }

  send(points) {
    const { url, apiToken } = this.options;
    const lines = points.map(({ name, value, time, attributes }) => {
      const dimensions = Object.entries(attributes).map(([key, text]) => `,${key.toLowerCase()}="${String(text).replace(/["\\]/g, "\\$&")}"`);
      return `${name}${dimensions.join("")} gauge,${value} ${time}`;
    });
    const headers = { authorization: `Api-Token ${apiToken}`, "content-type": "text/plain; charset=utf-8" };
    return send(url, { method: "POST", headers, body: lines.join("\n") });
  }
}

/** New Relic: the metric API, version 1. */
export class NewRelicMetricsPlugin extends MetricsPlugin {
  constructor(options) {
    super(required("NewRelicMetricsPlugin", options, ["apiKey"]));
  }

  send(points) {
    const { apiKey, url = "https://metric-api.newrelic.com/metric/v1" } = this.options;
    const metrics = points.map(({ name, value, time, attributes }) => ({ name, type: "gauge", value, timestamp: time, attributes }));
    return sendJson(url, { "api-key": apiKey }, [{ metrics }]);
  }
}

/** OpenTelemetry: OTLP over HTTP, as JSON. */
export class OTelMetricsPlugin extends MetricsPlugin {
  constructor(options) {
    super(required("OTelMetricsPlugin", options, ["url"]));
  }

  send(points) {
    const { url, headers, serviceName = "tollgate" } = this.options;
    const names = new Map();
    for (const { name, unit, value, time, attributes } of points) {
      if (!names.has(name)) names.set(name, { name, unit, gauge: { dataPoints: [] } });
      names.get(name).gauge.dataPoints.push({ asDouble: value, timeUnixNano: `${time}000000`, attributes: otlp(attributes) });
    }
    const scope = { scope: { name: "tollgate" }, metrics: [...names.values()] };
    const resource = { attributes: otlp({ "service.name": serviceName }) };
    return sendJson(url, { ...headers }, { resourceMetrics: [{ resource, scopeMetrics: [scope] }] });
  }
}

function otlp(attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: String(value) } }));
}
