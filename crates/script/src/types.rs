//! What the TypeScript compiler and editors are told of the modules that scripts import. The JavaScript in
//! `runtime/` is the truth; these files say of it what a compiler can know.

/// The type declarations of what modules import, by the names of their files: one for each subject. All
/// of them belong together.
pub static TYPES: &[(&str, &str)] = &[
    ("background.d.ts", include_str!("../types/background.d.ts")),
    ("catalog.d.ts", include_str!("../types/catalog.d.ts")),
    ("extensions.d.ts", include_str!("../types/extensions.d.ts")),
    ("globals.d.ts", include_str!("../types/globals.d.ts")),
    ("metered.d.ts", include_str!("../types/metered.d.ts")),
    ("plugins.d.ts", include_str!("../types/plugins.d.ts")),
    ("problems.d.ts", include_str!("../types/problems.d.ts")),
    ("request.d.ts", include_str!("../types/request.d.ts")),
    ("retired.d.ts", include_str!("../types/retired.d.ts")),
    ("runtime.d.ts", include_str!("../types/runtime.d.ts")),
    ("sending-plugins.d.ts", include_str!("../types/sending-plugins.d.ts")),
    ("services.d.ts", include_str!("../types/services.d.ts")),
    ("test.d.ts", include_str!("../types/test.d.ts")),
];

/// The settings of the TypeScript compiler that a new project gets: strict, and with nothing of a browser.
pub static TSCONFIG: &str = include_str!("../types/tsconfig.json");
