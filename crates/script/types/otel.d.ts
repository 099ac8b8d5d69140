// `@tollgate/otel`: traces are the gateway's own business, set in `tollgate.yaml`.

declare module "@zuplo/otel" {
  export * from "@tollgate/otel";
}

declare module "@tollgate/otel" {
  import { SystemRuntimePlugin } from "@tollgate/runtime";

  /** Can be added, and does nothing in this version but say so: no spans of scripts are sent. */
  export class OpenTelemetryPlugin extends SystemRuntimePlugin {
    /** @param options - Whatever it is given elsewhere. */
    constructor(options?: any);

    /** As they were given. */
    readonly options: any;
  }

  /** Not available in this version. */
  export const OTLPSpanExporter: new (options?: any) => any;
  /** Not available in this version. */
  export const BatchTraceSpanProcessor: new (...values: any[]) => any;
  /** Not available in this version. */
  export const ZuploSpanExporter: new (options?: any) => any;
}
