//! The small part of Node's modules that packages touch: an area for each module.

use crate::library::Area;

pub(super) static AREA: Area = Area::new("node");
