//! The JavaScript of the runtime: every module, by its name without `tollgate:`.

/// What the host makes areas of. `runtime-host` finds the host's functions as `import.meta.native`;
/// `host.js` says which. What the host calls in turn is exported by `runtime-internal`.
pub(crate) static MODULES: &[(&str, &str)] = &[
    ("runtime", include_str!("runtime.js")),
    ("runtime-background", include_str!("background.js")),
    ("runtime-built-in", include_str!("built-in.js")),
    ("runtime-catalog", include_str!("catalog.js")),
    ("runtime-context", include_str!("context.js")),
    ("runtime-context-data", include_str!("context-data.js")),
    ("runtime-dispatch", include_str!("dispatch.js")),
    ("runtime-duration", include_str!("duration.js")),
    ("runtime-environment", include_str!("environment.js")),
    ("runtime-errors", include_str!("errors.js")),
    ("runtime-extensions", include_str!("extensions.js")),
    ("runtime-graphql", include_str!("graphql.js")),
    ("runtime-graphql-errors", include_str!("graphql-errors.js")),
    ("runtime-hooks", include_str!("hooks.js")),
    ("runtime-host", include_str!("host.js")),
    ("runtime-internal", include_str!("internal.js")),
    ("runtime-jwt-service", include_str!("jwt-service.js")),
    ("runtime-logger", include_str!("logger.js")),
    ("runtime-mcp-gateway", include_str!("mcp-gateway.js")),
    ("runtime-metered", include_str!("metered.js")),
    ("runtime-mocks", include_str!("mocks.js")),
    ("runtime-not-available", include_str!("not-available.js")),
    ("runtime-otel", include_str!("otel.js")),
    ("runtime-outcome", include_str!("outcome.js")),
    ("runtime-plugin", include_str!("plugin.js")),
    ("runtime-policy", include_str!("policy.js")),
    ("runtime-problems", include_str!("problems.js")),
    ("runtime-protected-resource", include_str!("protected-resource.js")),
    ("runtime-request", include_str!("request.js")),
    ("runtime-route", include_str!("route.js")),
    ("runtime-services", include_str!("services.js")),
    ("runtime-sinks", include_str!("sinks.js")),
    ("runtime-statuses", include_str!("statuses.js")),
    ("runtime-test", include_str!("test.js")),
    ("runtime-test-tree", include_str!("test-tree.js")),
    ("runtime-values", include_str!("values.js")),
    ("runtime-zone-cache", include_str!("zone-cache.js")),
];

/// What scripts import the public ones by.
pub(crate) static SPECIFIERS: &[(&str, &[&str])] = &[
    ("runtime", &["@tollgate/runtime", "@zuplo/runtime"]),
    ("runtime-graphql", &["@tollgate/graphql", "@zuplo/graphql"]),
    ("runtime-mcp-gateway", &["@tollgate/runtime/mcp-gateway", "@zuplo/runtime/mcp-gateway"]),
    ("runtime-mocks", &["@tollgate/runtime/mocks", "@zuplo/runtime/mocks"]),
    ("runtime-otel", &["@tollgate/otel", "@zuplo/otel"]),
    ("runtime-test", &["@tollgate/test", "@zuplo/test"]),
];
