//! The modules of the runtime (sources.rs has all of them) that scripts may import.

/// What scripts import the public ones by.
pub(crate) static SPECIFIERS: &[(&str, &[&str])] = &[
    ("runtime", &["@tollgate/runtime", "@zuplo/runtime"]),
    ("runtime-aws", &["@tollgate/runtime/aws", "@zuplo/runtime/aws"]),
    ("runtime-graphql", &["@tollgate/graphql", "@zuplo/graphql"]),
    ("runtime-mcp-gateway", &["@tollgate/runtime/mcp-gateway", "@zuplo/runtime/mcp-gateway"]),
    ("runtime-mocks", &["@tollgate/runtime/mocks", "@zuplo/runtime/mocks"]),
    ("runtime-otel", &["@tollgate/otel", "@zuplo/otel"]),
    ("runtime-test", &["@tollgate/test", "@zuplo/test"]),
];
