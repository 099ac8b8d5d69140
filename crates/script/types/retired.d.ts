// Names that old projects import. Importing one is no mistake; using one is: this gateway does not have it.

declare module "@tollgate/runtime" {
  /** @deprecated Not available. */
  export const AkamaiApiSecurityPlugin: new (options?: any) => RuntimePlugin;
  /** @deprecated Not available. */
  export const KeyValueStore: new (...values: any[]) => any;
  /** @deprecated Not available. */
  export const LogRequestResponseInboundPolicy: BuiltInInboundPolicy;
  /** @deprecated Not available. */
  export const ResponseFactory: new (...values: any[]) => any;
  /** @deprecated Not available. */
  export const StripeMonetizationPlugin: new (options?: any) => RuntimePlugin;
  /** @deprecated Not available. */
  export const SystemResponse: new (...values: any[]) => any;
}
