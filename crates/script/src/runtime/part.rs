//! The part of the runtime module that a project uses.
//!
//! The module exports more than a hundred and fifty names from many modules, and most of them are classes: to load all
//! of it takes more memory than the rest of an engine. A project that imports by name, as nearly all do, gets a module
//! that has these names and no others.

use std::collections::{BTreeMap, BTreeSet};

/// The area that has everything.
pub(crate) const WHOLE: &str = "runtime";
/// The module with the names that a project imports.
pub(crate) const ID: &str = "tollgate:runtime/used";

/// Each name that the runtime module exports, and the area that it comes from, sorted.
const EXPORTS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/exports.rs"));

/// Every name that the runtime module exports.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    EXPORTS.iter().map(|(name, _)| *name)
}

/// Whether the runtime module exports a name.
pub(crate) fn has(name: &str) -> bool {
    area_of(name).is_some()
}

fn area_of(name: &str) -> Option<&'static str> {
    let found = EXPORTS.binary_search_by_key(&name, |(exported, _)| exported).ok()?;
    EXPORTS.get(found).map(|(_, area)| *area)
}

/// A module that exports these names of the runtime module, as far as it has them.
pub(crate) fn source<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut by_area: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        if let Some(area) = area_of(name) {
            by_area.entry(area).or_default().insert(name);
        }
    }
    let export = |(area, names): (&str, BTreeSet<&str>)| {
        let names: Vec<&str> = names.into_iter().collect();
        format!("export {{ {} }} from \"tollgate:{area}\";\n", names.join(", "))
    };
    by_area.into_iter().map(export).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_what_is_asked_for_and_exists() {
        let asked = ["ZuploRequest", "NoSuchThing", "RuntimeError", "ConfigurationError", "RuntimeError"];
        let lines = [
            "export { ConfigurationError, RuntimeError } from \"tollgate:runtime-errors\";\n",
            "export { ZuploRequest } from \"tollgate:runtime-request\";\n",
        ];
        assert_eq!(source(asked.into_iter()), lines.concat());
        assert_eq!(source(std::iter::empty()), "");
    }
}
