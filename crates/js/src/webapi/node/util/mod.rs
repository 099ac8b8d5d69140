//! `node:util` and `node:util/types`, and what other modules use of them: `inspect`, and deep equality.

mod look;

use crate::library::Area;

pub(in crate::webapi) static UTIL: Area =
    Area { source: Some(include_str!("util.js")), specifiers: &["node:util", "util"], ..Area::new("node-util") };

pub(in crate::webapi) static TYPES: Area = Area {
    source: Some(include_str!("types.js")),
    native: Some(look::native),
    specifiers: &["node:util/types", "util/types"],
    ..Area::new("node-types")
};

/// Values as text that people read.
pub(in crate::webapi) static INSPECT: Area = Area {
    source: Some(concat!(include_str!("inspect.js"), include_str!("shapes.js"), include_str!("format.js"))),
    native: Some(look::native),
    ..Area::new("node-inspect")
};

/// Equality of values all the way down.
pub(in crate::webapi) static EQUAL: Area = Area { source: Some(include_str!("equal.js")), ..Area::new("node-equal") };
