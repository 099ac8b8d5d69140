//! The Web's APIs: an area is a folder, and a line in [`ALL`].

mod console;

use crate::library::Area;

/// Every area that each engine has.
pub static ALL: &[Area] = &[console::AREA];
