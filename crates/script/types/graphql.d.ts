// `@tollgate/graphql`: the policies for GraphQL.

declare module "@zuplo/graphql" {
  export * from "@tollgate/graphql";
}

declare module "@tollgate/graphql" {
  import type { BuiltInInboundPolicy, BuiltInOutboundPolicy, OptionsOf } from "@tollgate/runtime";

  /** Keeps answers to queries, and gives them again. */
  export const GraphQLCacheInboundPolicy: BuiltInInboundPolicy<OptionsOf<"GraphQLCacheInboundPolicy">>;
  /** Refuses queries that are too deep or too costly. */
  export const GraphQLComplexityLimitInboundPolicy: BuiltInInboundPolicy<OptionsOf<"GraphQLComplexityLimitInboundPolicy">>;
  /** Refuses questions about the schema. */
  export const GraphQLDisableIntrospectionInboundPolicy: BuiltInInboundPolicy<OptionsOf<"GraphQLDisableIntrospectionInboundPolicy">>;
  /** Takes types and fields out of answers about the schema. */
  export const GraphQLIntrospectionFilterOutboundPolicy: BuiltInOutboundPolicy<OptionsOf<"GraphQLIntrospectionFilterOutboundPolicy">>;
}
