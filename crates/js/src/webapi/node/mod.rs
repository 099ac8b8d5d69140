//! The small part of Node's modules that packages touch: an area for each module.

mod async_hooks;

use crate::library::Area;

pub(super) use async_hooks::{ASYNC_HOOKS, CONTEXT};

/// What the areas of this folder throw.
pub(super) static ERRORS: Area = Area { source: Some(include_str!("errors.js")), ..Area::new("node-errors") };
