// `@tollgate/otel`: spans in the format of OpenTelemetry, which the gateway makes and sends itself.

declare module "@zuplo/otel" {
  export * from "@tollgate/otel";
}

declare module "@tollgate/otel" {
  import { SystemRuntimePlugin } from "@tollgate/runtime";

  /** Where spans go. */
  export interface ExporterOptions {
    /** The collector's address for traces: `https://otel.example.com/v1/traces`. */
    url: string;
    /** Fields that go along. */
    headers?: Record<string, string>;
  }

  /** What {@link OpenTelemetryPlugin} takes. */
  export interface OpenTelemetryOptions {
    /** Where spans go. */
    exporter?: ExporterOptions | OTLPSpanExporter;
    /** The same, in another form. */
    traceUrl?: string;
    /** The fields that go along with `traceUrl`. */
    headers?: Record<string, string>;
    /** What the gateway is called. */
    service?: { name?: string; version?: string; namespace?: string };
    /** Which traces are sent. */
    sampling?: {
      /** A share of 0 to 1, and whether a caller's `traceparent` decides (which it does by default). */
      headSampler?: { ratio?: number; acceptRemote?: boolean };
      /** Has no effect here. */
      tailSampler?: any;
    };
    /** Has no effect here: the gateway's own log is set in `tollgate.yaml`. */
    logUrl?: string;
    /** Has no effect here. */
    postProcessor?: any;
    /** Has no effect here. */
    spanProcessors?: any;
  }

  /**
   * Has the gateway send spans as OTLP/JSON: one for each request, and below it one for each policy, the handler,
   * each try to reach an upstream and each `fetch`. `traces` in `tollgate.yaml` does the same without code, and wins.
   */
  export class OpenTelemetryPlugin extends SystemRuntimePlugin {
    /** @param options - Where to, and how much. */
    constructor(options?: OpenTelemetryOptions);

    /** As they were given. */
    readonly options: any;
  }

  /** Where spans go, as an object. */
  export class OTLPSpanExporter {
    /** @param options - The address, and fields that go along. */
    constructor(options: ExporterOptions);
  }

  /** Not available in this version: the gateway gathers spans itself. */
  export const BatchTraceSpanProcessor: new (...values: any[]) => any;
  /** Not available in this version: it belongs to a vendor's cloud. */
  export const ZuploSpanExporter: new (options?: any) => any;
}
