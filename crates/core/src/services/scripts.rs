//! Running TypeScript modules.

use std::fmt;
use std::sync::Arc;

use crate::catalog::{BuildContext, BuildError};
use crate::{Handler, Policy};

/// Turns exports of a project's modules into policies and handlers.
pub trait ScriptHost: Send + Sync + fmt::Debug {
    /// The policy that an export is.
    ///
    /// # Errors
    /// Where the module or the export is missing, or scripts are not available.
    fn policy(&self, path: &str, export: &str, context: &BuildContext<'_>) -> Result<Arc<dyn Policy>, BuildError>;
    /// The handler that an export is.
    ///
    /// # Errors
    /// As for [`ScriptHost::policy`].
    fn handler(&self, path: &str, export: &str) -> Result<Arc<dyn Handler>, BuildError>;
}
