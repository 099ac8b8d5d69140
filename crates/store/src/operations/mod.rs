//! What is done in a transaction, on either database.

pub(crate) mod audit;
mod buckets;
mod calls;
mod consumers;
mod directory;
pub(crate) mod feed;
mod import;
mod keys;
mod leaks;
mod managers;
mod operators;
mod signing_keys;
mod usage;

use serde_json::{Map, Value};
use tollgate_core::store::StoreError;

use crate::error::unreadable;

/// The members of a detail: `detail! { "name": name }`.
macro_rules! detail {
    ($($name:literal: $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty detail has nothing to insert")]
        let mut detail = serde_json::Map::new();
        $(detail.insert($name.to_owned(), serde_json::json!($value));)*
        detail
    }};
}
pub(crate) use detail;

/// What else an entry of the audit log says.
pub(crate) type Detail = Map<String, Value>;

/// A value as the text that is kept.
pub(crate) fn text(what: &str, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(what, &error))
}
