//! The type declarations of what modules import: ours, for editors and for the stock compiler.

/// The declarations, by the names of their files.
pub static TYPES: &[(&str, &str)] = &[
    ("background.d.ts", include_str!("../types/background.d.ts")),
    ("catalog.d.ts", include_str!("../types/catalog.d.ts")),
    ("extensions.d.ts", include_str!("../types/extensions.d.ts")),
    ("metered.d.ts", include_str!("../types/metered.d.ts")),
    ("plugins.d.ts", include_str!("../types/plugins.d.ts")),
    ("problems.d.ts", include_str!("../types/problems.d.ts")),
    ("request.d.ts", include_str!("../types/request.d.ts")),
    ("runtime.d.ts", include_str!("../types/runtime.d.ts")),
    ("services.d.ts", include_str!("../types/services.d.ts")),
    ("test.d.ts", include_str!("../types/test.d.ts")),
];

/// The settings of the TypeScript compiler that a project gets.
pub static TSCONFIG: &str = include_str!("../types/tsconfig.json");
