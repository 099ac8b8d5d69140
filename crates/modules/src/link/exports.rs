//! What a name means that one module imports from another.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use serde_json::value::RawValue;

use crate::{
    module::{Body, Module, Target},
    source::Kind,
};

/// What a module has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A value that the module is known to have.
    Value,
    /// A value that the module of that index must be made to export.
    Asked(usize),
    /// A type: nothing at all, when the program runs.
    Type,
    /// The host knows, or a module that cannot be read.
    Unknown,
    /// Nothing of that name.
    Absent,
}

/// Names that a CommonJS module surely has, and whether these are all.
type Known = Rc<(BTreeSet<String>, bool)>;

/// Looks names up in all modules.
#[derive(Debug)]
pub(super) struct Names<'m> {
    modules: &'m [Module],
    commonjs: RefCell<HashMap<usize, Known>>,
}

impl<'m> Names<'m> {
    pub(super) fn new(modules: &'m [Module]) -> Self {
        Self { modules, commonjs: RefCell::default() }
    }

    /// What `name` means in a module, by ECMA-262's ResolveExport, and for what is not an ES module by
    /// what is known of it.
    pub(super) fn meaning(&self, module: usize, name: &str) -> Meaning {
        self.look(module, name, &mut HashSet::new())
    }

    fn look(&self, index: usize, name: &str, seen: &mut HashSet<(usize, String)>) -> Meaning {
        if !seen.insert((index, name.to_owned())) {
            return Meaning::Absent;
        }
        let Some(module) = self.modules.get(index) else { return Meaning::Unknown };
        match &module.body {
            Body::Module { exports, .. } => {
                if exports.own.contains(name) {
                    return Meaning::Value;
                }
                let follow = |request: usize| module.edges.get(request).map(|edge| &edge.target);
                if let Some(forward) = exports.forwarded.iter().find(|forward| forward.exported == name) {
                    return match (follow(forward.request), &forward.name) {
                        (Some(Target::Module(target)), Some(name)) => self.look(*target, name, seen),
                        (Some(Target::Module(_) | Target::Host), _) => Meaning::Value,
                        _ => Meaning::Unknown,
                    };
                }
                if exports.types.contains(name) {
                    return Meaning::Type;
                }
                if name == "default" {
                    return Meaning::Absent;
                }
                let mut best = if exports.unknown_types { Meaning::Type } else { Meaning::Absent };
                for target in exports.stars.iter().filter_map(|star| follow(*star)) {
                    let found = match target {
                        Target::Module(target) => self.look(*target, name, seen),
                        _ => Meaning::Unknown,
                    };
                    match found {
                        Meaning::Value => return found,
                        Meaning::Asked(target) if self.has_surely(target, name) => return found,
                        _ if weight(found) > weight(best) => best = found,
                        _ => {}
                    }
                }
                best
            }
            Body::CommonJs { .. } if name == "default" => Meaning::Value,
            Body::CommonJs { .. } => {
                let known = self.commonjs(index);
                if known.0.contains(name) || !known.1 { Meaning::Asked(index) } else { Meaning::Absent }
            }
            Body::Json(_) if name == "default" => Meaning::Value,
            Body::Json(text) if keys(text).contains(name) => Meaning::Asked(index),
            Body::Json(_) => Meaning::Absent,
            Body::Empty => Meaning::Asked(index),
            Body::Broken => Meaning::Unknown,
        }
    }

    fn has_surely(&self, index: usize, name: &str) -> bool {
        self.commonjs(index).0.contains(name)
    }

    /// The names that a CommonJS module surely has, and whether these are all.
    fn commonjs(&self, index: usize) -> Known {
        if let Some(found) = self.commonjs.borrow().get(&index) {
            return Rc::clone(found);
        }
        let mut known = BTreeSet::new();
        let complete = self.collect(index, &mut known, &mut HashSet::new());
        let found = Rc::new((known, complete));
        self.commonjs.borrow_mut().insert(index, Rc::clone(&found));
        found
    }

    fn collect(&self, index: usize, known: &mut BTreeSet<String>, seen: &mut HashSet<usize>) -> bool {
        if !seen.insert(index) {
            return true;
        }
        let Some(module) = self.modules.get(index) else { return false };
        match &module.body {
            Body::CommonJs { names, .. } => {
                known.extend(names.known.iter().cloned());
                let mut complete = names.complete;
                for specifier in &names.forwarded {
                    let edge = module.edges.iter().find(|edge| {
                        edge.request.specifier == *specifier && matches!(edge.request.kind, Kind::Require { .. })
                    });
                    complete &= match edge.and_then(|edge| edge.target.module()) {
                        Some(target) => self.collect(target, known, seen),
                        None => false,
                    };
                }
                complete
            }
            Body::Module { .. } => {
                known.extend(self.all(index).into_iter().filter(|name| name != "default"));
                true
            }
            Body::Json(_) | Body::Empty | Body::Broken => false,
        }
    }

    /// All names that a module exports, as far as they are known.
    pub(super) fn all(&self, index: usize) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.gather(index, &mut names, &mut HashSet::new());
        names
    }

    fn gather(&self, index: usize, names: &mut BTreeSet<String>, seen: &mut HashSet<usize>) {
        if !seen.insert(index) {
            return;
        }
        let Some(module) = self.modules.get(index) else { return };
        match &module.body {
            Body::Module { exports, .. } => {
                names.extend(exports.own.iter().cloned());
                names.extend(exports.forwarded.iter().map(|forward| forward.exported.clone()));
                for star in &exports.stars {
                    let Some(target) = module.edges.get(*star).and_then(|edge| edge.target.module()) else { continue };
                    let mut inner = BTreeSet::new();
                    self.gather(target, &mut inner, seen);
                    names.extend(inner.into_iter().filter(|name| name != "default"));
                }
            }
            Body::CommonJs { .. } => {
                names.extend(self.commonjs(index).0.iter().cloned());
                names.insert("default".to_owned());
            }
            Body::Json(_) | Body::Empty => drop(names.insert("default".to_owned())),
            Body::Broken => {}
        }
    }
}

/// How much is known by a meaning that is not certain.
fn weight(meaning: Meaning) -> u8 {
    match meaning {
        Meaning::Absent => 0,
        Meaning::Unknown => 1,
        Meaning::Asked(_) => 2,
        Meaning::Type => 3,
        Meaning::Value => 4,
    }
}

fn keys(json: &str) -> BTreeSet<String> {
    let object = serde_json::from_str::<HashMap<String, &RawValue>>(json);
    object.map(|object| object.into_keys().collect()).unwrap_or_default()
}
