// `@zuplo/graphql`: the policies for GraphQL.

import { inboundPolicy, outboundPolicy } from "tollgate:runtime-built-in";

export const GraphQLCacheInboundPolicy = inboundPolicy("GraphQLCacheInboundPolicy");
export const GraphQLComplexityLimitInboundPolicy = inboundPolicy("GraphQLComplexityLimitInboundPolicy");
export const GraphQLDisableIntrospectionInboundPolicy = inboundPolicy("GraphQLDisableIntrospectionInboundPolicy");
export const GraphQLIntrospectionFilterOutboundPolicy = outboundPolicy("GraphQLIntrospectionFilterOutboundPolicy");
