//! `node:util` and `node:util/types`, and what other modules use of them: `inspect`, and deep equality.

mod look;

use crate::library::Area;

pub(in crate::webapi) static UTIL: Area = Area { specifiers: &["node:util", "util"], ..Area::built("node-util") };

pub(in crate::webapi) static TYPES: Area =
    Area { native: Some(look::native), specifiers: &["node:util/types", "util/types"], ..Area::built("node-types") };

/// Values as text that people read.
pub(in crate::webapi) static INSPECT: Area = Area { native: Some(look::native), ..Area::built("node-inspect") };

/// Equality of values all the way down.
pub(in crate::webapi) static EQUAL: Area = Area::built("node-equal");
