//! TypeScript modules. The room for the engine: until it moves in, a project that names a module
//! is told so where it names it.
//!
//! *Invariants.* Only this crate will know the JavaScript engine. A route without a script never
//! enters it.

use std::sync::Arc;

use tollgate_core::catalog::{BuildContext, BuildError};
use tollgate_core::services::ScriptHost;
use tollgate_core::{Handler, Policy};

/// A host that runs nothing: every module is a mistake at its line.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoScripts;

impl NoScripts {
    fn refuse(path: &str, export: &str, instead: &str) -> BuildError {
        BuildError::at(
            "",
            format!("`{path}#{export}` is a TypeScript module, and modules cannot run in this version yet"),
        )
        .help(instead)
    }
}

impl ScriptHost for NoScripts {
    fn policy(&self, path: &str, export: &str, _: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError> {
        Err(Self::refuse(path, export, "use a built-in policy instead: `tollgate policies` lists them"))
    }

    fn handler(&self, path: &str, export: &str) -> Result<Arc<dyn Handler>, BuildError> {
        Err(Self::refuse(path, export, "let the route forward to an upstream, or use `redirect`, `openapi` or `mock`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_refused_by_its_name_and_with_a_way_out() {
        let error = NoScripts.handler("modules/hello.ts", "default").expect_err("nothing runs");
        assert!(error.message.contains("modules/hello.ts#default"), "{error}");
        assert!(error.message.contains("cannot run in this version yet"), "{error}");
        assert!(error.help.is_some());
    }
}
