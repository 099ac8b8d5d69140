// The route, as the project's document has it.

declare module "@tollgate/runtime" {
  /** What ends a route. */
  export interface RouteHandler {
    /** Where it comes from: `$import(./modules/hello)`, or `$import(@tollgate/runtime)`. */
    module: string;
    /** The export of that module. */
    export: string;
    /** Its options, with variables put in. */
    options?: any;
  }

  /** The route that a request takes. */
  export interface RouteConfiguration {
    /** The path, as it is written: `/users/{id}`. */
    path: string;
    /** The same. */
    pathPattern?: string;
    /** How the path is to be read: `{name}` for a segment, or as a `URLPattern`. */
    pathMode?: "open-api" | "url-pattern";
    /** Its methods, in capitals; empty where it takes all. */
    methods: string[];
    /** What ends it. Absent on the context of a request that no route answers. */
    handler: RouteHandler;
    /** The policies that it names, in their order. */
    policies?: { inbound?: string[]; outbound?: string[] };
    /** `none`, `anything-goes`, or the name of a policy of the project. */
    corsPolicy?: string | null;
    /** Whether it is left out of documents that the gateway publishes. */
    excludeFromOpenApi?: boolean;
    /** The document that it stands in. */
    metadata?: { filepath?: string };
    /** What the document calls the operation. */
    operationId?: string;
    /** What it does, in a few words. */
    summary?: string;
    /** What it does, at length. */
    description?: string;
    /** What it is grouped by. */
    tags?: string[];
    /** Its parameters, as the document has them. */
    parameters?: any[];
    /** Its responses, as the document has them. */
    responses?: Record<string, any>;
    /** What the extension of the route says of it for MCP. */
    mcp?: any;
    /** What the extension of the route keeps for code. */
    custom?: any;
    /** A name for people. */
    label?: string;
    /** A name for machines. */
    key?: string;
    /** The version of the API that it belongs to. */
    version?: string;

    /**
     * The whole operation as the document has it, with all of its extensions.
     *
     * @example
     * ```ts
     * const { "x-team": team } = context.route.raw<{ "x-team"?: string }>();
     * ```
     */
    raw<T = any>(): T;
  }
}
