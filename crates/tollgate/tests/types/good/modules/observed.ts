// Plugins that send something, and policies that code talks to.
import { GraphQLDisableIntrospectionInboundPolicy } from "@zuplo/graphql";
import { OpenTelemetryPlugin } from "@zuplo/otel";
import {
  AuditLogDataStaxProvider,
  AuditLogInboundPolicy,
  AuditLogPlugin,
  AzureBlobPlugin,
  ComplexRateLimitInboundPolicy,
  DataDogLoggingPlugin,
  DatadogMetricsPlugin,
  HttpLogPlugin,
  HydrolixRequestLoggerPlugin,
  LogLine,
  LogPlugin,
  LogPluginOptions,
  MetricsPlugin,
  MetricsPoint,
  MonetizationInboundPolicy,
  OTelMetricsPlugin,
  RequestLoggerPlugin,
  RuntimeExtensions,
  VMwareLogInsightLoggingPlugin,
  ZuploContext,
  ZuploRequest,
  defaultGenerateHydrolixEntry,
} from "@zuplo/runtime";

interface FileOptions extends LogPluginOptions {
  url: string;
}

class Mine extends LogPlugin<FileOptions> {
  override async send(lines: LogLine[]) {
    await fetch(this.options.url, { method: "POST", body: lines.map(({ time, text }) => `${time} ${text}`).join("\n") });
  }
}

class Numbers extends MetricsPlugin {
  override send(points: MetricsPoint[]) {
    console.log(points.map(({ name, value }) => `${name}=${value}`));
  }
}

class Entries extends RequestLoggerPlugin<{ path: string }> {
  override async send(entries: { path: string }[]) {
    console.log(entries.map(({ path }) => path));
  }
}

export function observed(runtime: RuntimeExtensions) {
  runtime.addPlugin(new Mine({ url: "https://log.example", fields: { team: "a" } }));
  runtime.addPlugin(new HttpLogPlugin({ url: "https://log.example", headers: { "x-key": "a" }, batchPeriodSeconds: 5 }));
  runtime.addPlugin(new DataDogLoggingPlugin({ apiKey: "a", tags: { team: "a" } }));
  runtime.addPlugin(
    new VMwareLogInsightLoggingPlugin({
      url: "https://log.example",
      textReplacements: [["secret", "…"]],
      onMessageSending: (event) => ({ ...event, text: event.text.trim() }),
    }),
  );
  runtime.addPlugin(new Numbers());
  runtime.addPlugin(new DatadogMetricsPlugin({ apiKey: "a", include: { statusCode: true } }));
  runtime.addPlugin(new OTelMetricsPlugin({ url: "https://otlp.example/v1/metrics", metrics: { latency: true } }));
  runtime.addPlugin(new Entries({ generateLogEntry: (_response, request) => ({ path: new URL(request.url).pathname }) }));
  runtime.addPlugin(
    new HydrolixRequestLoggerPlugin({
      hostname: "h.example",
      table: "a.b",
      generateLogEntry: (...all) => ({ ...defaultGenerateHydrolixEntry(...all), team: "a" }),
    }),
  );
  runtime.addPlugin(
    new AzureBlobPlugin({
      sasUrl: "https://a.example/c?sig=1",
      generateLogEntry: async (response, request, context, meta) => ({ status: response.status, ms: meta.durationMs }),
    }),
  );
  const provider = new AuditLogDataStaxProvider({ url: "https://a.example", xCassandraToken: "a" });
  runtime.addPlugin(new AuditLogPlugin(provider, { requestFilter: (request) => request.method !== "GET" }));
  runtime.addPlugin(new OpenTelemetryPlugin({ service: { name: "a" } }));
}

export default async function metered(request: ZuploRequest, context: ZuploContext) {
  ComplexRateLimitInboundPolicy.setIncrements(context, { reads: 1 });
  MonetizationInboundPolicy.addMeters(context, { calls: MonetizationInboundPolicy.getMeters(context).calls ?? 1 });
  AuditLogInboundPolicy.log(context, { type: "read" });
  OTelMetricsPlugin.setContext(context, { attributes: { team: "a" } });
  return GraphQLDisableIntrospectionInboundPolicy(request, context, {});
}
