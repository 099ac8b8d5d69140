//! Holds imports against exports, before an engine does, so that every mistake is told at its place.

mod exports;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{
    errors::{Complaint, ModuleError, nearest},
    module::{Body, Module, Target},
    source::{ImportedName, Kind, Purpose},
};
use exports::{Meaning, Names};

/// Imports that turned out to be of types: specifier and name, by the importing module.
pub(crate) type Types = HashMap<usize, HashSet<(String, String)>>;

/// What was found out by linking.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    /// Names that a module's face must export, beside those that it is known to have.
    pub(crate) asked: BTreeMap<usize, BTreeSet<String>>,
    pub(crate) types: Types,
    /// Mistakes, by the importing module.
    pub(crate) errors: Vec<(usize, ModuleError)>,
}

/// Looks every imported name up.
pub(crate) fn link(modules: &[Module]) -> Linked {
    let names = Names::new(modules);
    let mut linked = Linked::default();
    for (index, module) in modules.iter().enumerate() {
        for edge in module.edges.iter().filter(|edge| edge.request.kind == Kind::Static) {
            let Some(target) = edge.target.module() else { continue };
            for name in &edge.request.names {
                match names.meaning(target, &name.name) {
                    Meaning::Value | Meaning::Unknown => {}
                    Meaning::Asked(asked) => drop(linked.asked.entry(asked).or_default().insert(name.name.clone())),
                    _ if name.purpose == Purpose::Property => {}
                    meaning => {
                        let untyped = modules.get(target).is_none_or(|target| !target.is_typescript());
                        let is_type = meaning == Meaning::Type || untyped;
                        if module.is_typescript() && name.purpose == Purpose::Export && is_type {
                            let import = (edge.request.specifier.clone(), name.name.clone());
                            linked.types.entry(index).or_default().insert(import);
                        } else {
                            let complaint = complaint(&edge.request.specifier, name, meaning, &names, target);
                            linked.errors.push((index, complaint.at(&module.id, name.place)));
                        }
                    }
                }
            }
        }
    }
    linked
}

fn complaint(specifier: &str, name: &ImportedName, meaning: Meaning, names: &Names<'_>, target: usize) -> Complaint {
    let name = &name.name;
    if meaning == Meaning::Type {
        let complaint = Complaint::new(format!("`{name}` of `{specifier}` is a type, and is used as a value"));
        return complaint.with_help("write `import type` if only the type is meant");
    }
    let there = names.all(target);
    if name == "default" {
        let complaint = Complaint::new(format!("`{specifier}` has no default export"));
        let list = list(&there);
        return complaint.with_help(format!("import one of its names, as in `import {{ … }}`: {list}"));
    }
    let complaint = Complaint::new(format!("`{specifier}` exports no `{name}`"));
    match nearest(name, there.iter().map(String::as_str)) {
        Some(proposal) => complaint.with_help(format!("did you mean `{proposal}`?")),
        None => complaint.with_help(format!("it exports: {}", list(&there))),
    }
}

fn list(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    if names.len() > SHOWN {
        shown.push("…");
    }
    shown.join(", ")
}

/// The names that every module exports.
pub(crate) fn all_exports(modules: &[Module]) -> Vec<BTreeSet<String>> {
    let names = Names::new(modules);
    (0..modules.len()).map(|index| names.all(index)).collect()
}

/// Which modules cannot be linked: those with mistakes, and those that import them.
pub(crate) fn broken(modules: &[Module]) -> Vec<bool> {
    let mut broken: Vec<bool> = modules.iter().map(is_broken_itself).collect();
    loop {
        let more: Vec<usize> = modules
            .iter()
            .enumerate()
            .filter(|(index, module)| !broken.get(*index).copied().unwrap_or(true) && imports_broken(module, &broken))
            .map(|(index, _)| index)
            .collect();
        if more.is_empty() {
            return broken;
        }
        for index in more {
            if let Some(flag) = broken.get_mut(index) {
                *flag = true;
            }
        }
    }
}

fn is_broken_itself(module: &Module) -> bool {
    let absent = |kind, target: &Target| kind == Kind::Static && matches!(target, Target::Absent(_));
    matches!(module.body, Body::Broken)
        || !module.errors.is_empty()
        || module.edges.iter().any(|edge| absent(edge.request.kind, &edge.target))
}

fn imports_broken(module: &Module, broken: &[bool]) -> bool {
    let is_broken = |target: usize| broken.get(target).copied().unwrap_or(true);
    let mut imported = module.edges.iter().filter(|edge| edge.request.kind == Kind::Static);
    imported.any(|edge| edge.target.module().is_some_and(is_broken))
}

/// The mistakes in all that the entries cannot do without.
pub(crate) fn mistakes(modules: &[Module], entries: impl IntoIterator<Item = usize>) -> Vec<ModuleError> {
    let mut errors = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open: Vec<usize> = entries.into_iter().collect();
    while let Some(index) = open.pop() {
        let Some(module) = modules.get(index).filter(|_| seen.insert(index)) else { continue };
        errors.extend(module.errors.iter().cloned());
        for edge in module.edges.iter().filter(|edge| edge.request.kind.is_necessary()) {
            match &edge.target {
                Target::Module(target) => open.push(*target),
                Target::Absent(error) => drop(errors.insert(error.clone())),
                Target::Host | Target::Helper => {}
            }
        }
    }
    errors.into_iter().collect()
}
