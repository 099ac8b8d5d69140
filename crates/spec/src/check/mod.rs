//! Checks that both project forms share: names with suggestions, values against a JSON Schema,
//! path templates, URLs.

pub(crate) mod mcp;
pub mod schema;
pub(crate) mod secrets;
pub mod suggest;
pub mod template;
pub mod values;

pub use schema::{SchemaCheck, Schemas};
pub use suggest::{did_you_mean, known_or_nearest, point_at_nearest};
