//! What the TypeScript compiler and editors are told of the modules that scripts import. The JavaScript in
//! `runtime/` is the truth; these files say of it what a compiler can know.

/// The type declarations of what modules import, by the names of their files: one for each subject. All
/// of them belong together.
pub static TYPES: &[(&str, &str)] = &[
    ("aws.d.ts", include_str!("../types/aws.d.ts")),
    ("background.d.ts", include_str!("../types/background.d.ts")),
    ("caches.d.ts", include_str!("../types/caches.d.ts")),
    ("context.d.ts", include_str!("../types/context.d.ts")),
    ("extensions.d.ts", include_str!("../types/extensions.d.ts")),
    ("globals.d.ts", include_str!("../types/globals.d.ts")),
    ("graphql.d.ts", include_str!("../types/graphql.d.ts")),
    ("handlers.d.ts", include_str!("../types/handlers.d.ts")),
    ("log-plugins.d.ts", include_str!("../types/log-plugins.d.ts")),
    ("mcp-gateway.d.ts", include_str!("../types/mcp-gateway.d.ts")),
    ("metered.d.ts", include_str!("../types/metered.d.ts")),
    ("metrics-plugins.d.ts", include_str!("../types/metrics-plugins.d.ts")),
    ("mocks.d.ts", include_str!("../types/mocks.d.ts")),
    ("otel.d.ts", include_str!("../types/otel.d.ts")),
    ("plugins.d.ts", include_str!("../types/plugins.d.ts")),
    ("policies.d.ts", include_str!("../types/policies.d.ts")),
    ("policy.d.ts", include_str!("../types/policy.d.ts")),
    ("problems.d.ts", include_str!("../types/problems.d.ts")),
    ("request-plugins.d.ts", include_str!("../types/request-plugins.d.ts")),
    ("request.d.ts", include_str!("../types/request.d.ts")),
    ("retired.d.ts", include_str!("../types/retired.d.ts")),
    ("route.d.ts", include_str!("../types/route.d.ts")),
    ("runtime.d.ts", include_str!("../types/runtime.d.ts")),
    ("services.d.ts", include_str!("../types/services.d.ts")),
    ("statuses.d.ts", include_str!("../types/statuses.d.ts")),
    ("test.d.ts", include_str!("../types/test.d.ts")),
];

/// The settings of the TypeScript compiler that a new project gets: strict, and with nothing of a browser.
pub static TSCONFIG: &str = include_str!("../types/tsconfig.json");
