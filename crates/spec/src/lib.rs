//! Documents in, checked routes out: **parse** (bytes → [`Tree`] with a source range for every
//! JSON pointer), **check** (tree → all [`Diagnostics`], each at its line), **lower** (checked →
//! [`tollgate_core::project::Project`]). Both project forms end in the same project.
//!
//! One mistake never hides another: every step collects what it finds and goes on. Everything
//! speaks of [`Node`]s and their JSON pointers; only the renderers in [`diagnostic`] speak of
//! lines and columns.
//!
//! *Invariants.* This crate opens no socket, reads no environment and no clock: documents given
//! by URL and the values of `$env(NAME)` are handed in. A user's mistake is a diagnostic, never
//! a panic. What a diagnostic shows is the user's text, never an expanded `$env`.

pub mod check;
pub mod diagnostic;
pub mod edit;
pub mod load;
mod native;
pub mod openapi;
pub mod overlay;
pub mod schema;
pub mod security_diff;
pub mod source;
pub mod tree;
pub mod zuplo;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use load::{LoadOptions, Loaded, load, load_memory, upstream_only};
pub use schema::schema;
pub use security_diff::security_diff;
pub use source::{Source, Span};
pub use tree::{Node, Tree};
