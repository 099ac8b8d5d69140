//! What this area rejects with, by the names that the standard gives.

use rquickjs::Ctx;

use crate::Failure;

/// Data that is not what its format says.
pub(super) fn data_error(message: impl Into<String>) -> Failure {
    Failure::dom("DataError", message)
}

/// An operation that did not succeed, for reasons of its own.
pub(super) fn operation_error(message: impl Into<String>) -> Failure {
    Failure::dom("OperationError", message)
}

/// What the standard has, and this implementation has not.
pub(super) fn not_supported(message: impl Into<String>) -> Failure {
    Failure::dom("NotSupportedError", message)
}

/// Turns failures into exceptions of the script.
pub(super) trait Throws<T> {
    /// Throws the failure, where it is one.
    ///
    /// # Errors
    /// The exception.
    fn throws(self, ctx: &Ctx<'_>) -> rquickjs::Result<T>;
}

impl<T> Throws<T> for Result<T, Failure> {
    fn throws(self, ctx: &Ctx<'_>) -> rquickjs::Result<T> {
        self.map_err(|failure| failure.throw(ctx))
    }
}
