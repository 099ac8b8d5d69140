// The handlers of the catalog, for code that calls them.

declare module "@tollgate/runtime" {
  /**
   * A handler of the catalog. Its options are those of the route's handler; one that this gateway does not
   * have says so when it is called.
   *
   * @example
   * ```ts
   * export default async function timed(request: ZuploRequest, context: ZuploContext) {
   *   const started = Date.now();
   *   const response = await urlForwardHandler(request, context);
   *   context.log.info(`${Date.now() - started} ms`);
   *   return response;
   * }
   * ```
   */
  export type BuiltInHandler = (request: Request, context: ZuploContext) => Promise<Response>;

  /** Sends the request to `baseUrl` with the incoming path behind it. */
  export const urlForwardHandler: BuiltInHandler;
  /** Sends the request to the URL that `rewritePattern` makes. */
  export const urlRewriteHandler: BuiltInHandler;
  /** Sends the client elsewhere. */
  export const redirectHandler: BuiltInHandler;
  /** Publishes a document of the project. */
  export const openApiSpecHandler: BuiltInHandler;
  /** Calls a function of AWS Lambda. */
  export const awsLambdaHandler: BuiltInHandler;
  /** Opens a WebSocket to the upstream, and runs policies on its messages. */
  export const webSocketPipelineHandler: BuiltInHandler;
  /** @deprecated An older name. Write {@link webSocketPipelineHandler}. */
  export const webSocketHandler: BuiltInHandler;
  /** Offers operations of the project as tools of an MCP server. */
  export const mcpServerHandler: BuiltInHandler;
  /** Leads to the portal of an older kind. */
  export const legacyDevPortalHandler: BuiltInHandler;
  /** @deprecated An older name. Write {@link legacyDevPortalHandler}. */
  export const redirectLegacyDevPortal: BuiltInHandler;
  /** Sends the request to a model: the first form of {@link aiGatewayHandlerV2}. */
  export const aiGatewayHandler: BuiltInHandler;
  /** Sends the request to a model. */
  export const aiGatewayHandlerV2: BuiltInHandler;
}
