//! To come.

mod report;

use crate::library::Area;

pub(in crate::webapi) use report::report;

pub(super) static AREA: Area = Area::new("events");
