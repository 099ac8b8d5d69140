//! A file of the graph while the graph is being made.

use std::path::PathBuf;

use oxc_resolver::ModuleType;

use crate::{
    commonjs::names::Names,
    errors::ModuleError,
    positions::Mappings,
    source::{Exports, Request},
};

/// One file, what it became and where its requests lead.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    pub(crate) id: String,
    /// Whether it belongs to an installed package.
    pub(crate) package: bool,
    pub(crate) declared: Option<ModuleType>,
    /// The text of a file with types, in case that it must be compiled once more.
    pub(crate) source: Option<String>,
    pub(crate) body: Body,
    pub(crate) edges: Vec<Edge>,
    /// Mistakes in the file itself.
    pub(crate) errors: Vec<ModuleError>,
}

/// What a file became.
#[derive(Debug)]
pub(crate) enum Body {
    /// An ES module.
    Module { code: String, mappings: Option<Mappings>, exports: Exports, uses_require: bool },
    /// The body of a CommonJS function.
    CommonJs { code: String, mappings: Option<Mappings>, names: Names, undeclared: Vec<String>, sloppy: bool },
    /// A JSON text.
    Json(String),
    /// What a package says a worker has no use for.
    Empty,
    /// Nothing, for the reasons in `errors`.
    Broken,
}

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) request: Request,
    pub(crate) target: Target,
}

/// Where a request leads.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// To a module that the host has.
    Host,
    /// To a function that compiled code needs, which this crate has.
    Helper,
    /// To another file, by its index.
    Module(usize),
    /// Nowhere.
    Absent(ModuleError),
}

impl Target {
    pub(crate) fn module(&self) -> Option<usize> {
        match self {
            Self::Module(index) => Some(*index),
            _ => None,
        }
    }
}

impl Module {
    /// Whether it was written in a language with types.
    pub(crate) fn is_typescript(&self) -> bool {
        let ending = self.path.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("ts" | "tsx" | "mts" | "cts"))
    }

    /// Whether Node itself would take it as an ES module of a package.
    pub(crate) fn is_node_module(&self) -> bool {
        let ending = self.path.extension().and_then(|ending| ending.to_str());
        self.package && (ending == Some("mjs") || self.declared == Some(ModuleType::Module))
    }
}
