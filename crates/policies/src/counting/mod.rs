//! What the policies that count share: whom they count, what their functions answer, and the header fields that
//! tell of it.

pub(crate) mod amounts;
pub(crate) mod fields;
pub(crate) mod function;
pub(crate) mod options;
pub(crate) mod who;

pub(crate) use fields::{FieldName, HeaderMode};
pub(crate) use who::{By, Who};
