//! The functions that compiled TypeScript calls. They are no package, so that a project needs none.

/// What their specifiers begin with; the compiler puts what is after it.
pub(crate) const PREFIX: &str = "tollgate:typescript";

/// The functions by their specifiers.
pub(crate) const SOURCES: [(&str, &str); 3] = [
    ("tollgate:typescript/helpers/decorate", include_str!("decorate.js")),
    ("tollgate:typescript/helpers/decorateParam", include_str!("decorate_param.js")),
    ("tollgate:typescript/helpers/decorateMetadata", include_str!("decorate_metadata.js")),
];

/// Whether a specifier is that of such a function.
pub(crate) fn is_helper(specifier: &str) -> bool {
    SOURCES.iter().any(|(known, _)| *known == specifier)
}
