// Names that old projects import. None is available in this version: they throw when they are used.

declare module "@tollgate/runtime" {
  /** Not available. */
  export const AkamaiApiSecurityPlugin: new (options?: any) => RuntimePlugin;
  /** Not available. */
  export const KeyValueStore: new (...args: any[]) => any;
  /** Not available. */
  export const LogRequestResponseInboundPolicy: CatalogInboundPolicy;
  /** Not available. */
  export const ResponseFactory: any;
  /** Not available. */
  export const StripeMonetizationPlugin: new (options?: any) => RuntimePlugin;
  /** Not available. */
  export const SystemResponse: any;
}
