//! To come.

use crate::library::Area;

pub(super) static AREA: Area = Area::new("timers");
