// `@zuplo/otel`: traces in the format of OpenTelemetry are the gateway's own business, set in
// `tollgate.yaml`; a project that installs the plugin is told so and goes on.

import { INSTALL } from "tollgate:runtime-extensions";
import { notAvailable } from "tollgate:runtime-not-available";
import { SystemRuntimePlugin } from "tollgate:runtime-plugin";
import { host } from "tollgate:runtime-host";

export class OpenTelemetryPlugin extends SystemRuntimePlugin {
  constructor(options) {
    super();
    this.options = options;
  }

  [INSTALL](_setup) {
    host.log(undefined, "warn", "OpenTelemetryPlugin does nothing in this version: no spans of scripts are sent");
  }
}

export const OTLPSpanExporter = notAvailable("OTLPSpanExporter");
export const BatchTraceSpanProcessor = notAvailable("BatchTraceSpanProcessor");
export const ZuploSpanExporter = notAvailable("ZuploSpanExporter");
