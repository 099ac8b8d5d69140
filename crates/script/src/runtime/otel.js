// `@tollgate/otel`: spans in the format of OpenTelemetry. The gateway makes and sends them itself; the plugin says
// where to.

import { host } from "tollgate:runtime-host";
import { INSTALL } from "tollgate:runtime-extensions";
import { ConfigurationError } from "tollgate:runtime-errors";
import { notAvailable } from "tollgate:runtime-not-available";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { kindOf } from "tollgate:runtime-values";

/** Options of the original that code of the gateway has no place for. */
const WITHOUT_EFFECT = ["logUrl", "postProcessor", "spanProcessors", "propagator"];

const warn = (text) => host.log(undefined, "warn", `OpenTelemetryPlugin: ${text}`);

function settingsOf(options) {
  const exporter = options.exporter ?? {};
  if (exporter instanceof OTLPSpanExporter) return { ...exporter.options };
  return { url: options.traceUrl ?? exporter.url, headers: exporter.headers ?? options.headers };
}

export class OTLPSpanExporter {
  /** @param {{ url: string, headers?: Record<string, string> }} options */
  constructor(options) {
    this.options = { url: options?.url, headers: options?.headers };
  }
}

export class OpenTelemetryPlugin extends SystemRuntimePlugin {
  constructor(options = {}) {
    super();
    if (typeof options !== "object" || options === null) {
      throw new ConfigurationError(`OpenTelemetryPlugin expects options, and got ${kindOf(options)}`);
    }
    this.options = options;
  }

  [INSTALL](setup) {
    const { service = {}, sampling = {} } = this.options;
    const { url, headers } = settingsOf(this.options);
    if (url === undefined || url === "") {
      // Elsewhere its maker's own collector is meant.
      warn("no spans are sent: say where to, by `exporter: { url }` here or by `traces.url` in tollgate.yaml");
      return;
    }
    for (const name of WITHOUT_EFFECT) if (this.options[name] !== undefined) warn(`\`${name}\` has no effect here`);
    if (sampling.tailSampler !== undefined) warn("`sampling.tailSampler` has no effect here");
    const head = sampling.headSampler ?? {};
    if (typeof head.shouldSample === "function") warn("a sampler of the project's own has no effect here: give a `ratio`");
    setup.traces = {
      url: String(url),
      headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])),
      format: "json",
      service: service.name ?? "tollgate",
      serviceVersion: service.version,
      ratio: head.ratio ?? 1,
      acceptRemote: head.acceptRemote ?? true,
    };
  }
}

export const BatchTraceSpanProcessor = notAvailable("BatchTraceSpanProcessor");
export const ZuploSpanExporter = notAvailable("ZuploSpanExporter");
