//! The way from a project's files to a graph.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use crate::{
    emit::Emitter,
    errors::{Complaint, ModuleError, Place, Position},
    files::Files,
    graph::{Graph, HostImport},
    link,
    loader::Loader,
    module::{Module, Target},
    resolve::Resolver,
    source::Purpose,
};

/// What to load, and for whom.
pub struct LoadOptions<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// The modules that something outside of modules names.
    pub entries: &'a [Entry],
    /// Whether the host itself provides a specifier, such as `node:buffer`. What it does provide is
    /// never looked for in `node_modules`.
    pub builtins: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for LoadOptions<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut options = formatter.debug_struct("LoadOptions");
        options.field("root", &self.root).field("entries", &self.entries).finish_non_exhaustive()
    }
}

/// A module that something outside of modules names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path as it is written: from the project's root, with `./` or without, with an ending or
    /// without; or the name of a package.
    pub path: String,
}

impl Entry {
    /// An entry of that path.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// Reads and compiles the entries and all that they need.
///
/// # Errors
///
/// Every mistake in everything that the entries cannot do without, sorted by file and place.
pub fn load(options: &LoadOptions<'_>) -> Result<Graph, Vec<ModuleError>> {
    let root = options.root.canonicalize().map_err(|error| {
        let complaint = Complaint::new(format!("the project's folder cannot be read: {error}"));
        vec![complaint.at(&options.root.to_string_lossy(), Place::NOWHERE)]
    })?;
    let mut loader = Loader::new(Resolver::new(&root, Files::default()), options.builtins);
    let mut errors: BTreeSet<ModuleError> = BTreeSet::new();
    let mut entries: HashMap<&str, usize> = HashMap::new();
    for entry in options.entries {
        match loader.entry(&entry.path) {
            Ok(Some(index)) => drop(entries.insert(entry.path.as_str(), index)),
            Ok(None) => {}
            Err(error) => drop(errors.insert(error)),
        }
    }
    loader.read_all();
    let linked = link::link(&loader.modules);
    loader.recompile(&linked.types);
    for (importer, error) in linked.errors {
        if let Some(module) = loader.modules.get_mut(importer) {
            module.errors.push(error);
        }
    }
    errors.extend(loader.resolver.take_tsconfig_errors());
    errors.extend(link::mistakes(&loader.modules, entries.values().copied()));
    if !errors.is_empty() {
        return Err(errors.into_iter().collect());
    }
    let modules = &loader.modules;
    let broken = link::broken(modules);
    let exports = link::all_exports(modules);
    let artifacts = Emitter { modules, broken: &broken, asked: &linked.asked, exports: &exports }.emit();
    let id_of = |index: usize| modules.get(index).map(|module| module.id.clone());
    let entries = entries.into_iter().filter_map(|(path, index)| Some((path.to_owned(), id_of(index)?)));
    let usable = modules.iter().zip(&broken).filter(|(_, broken)| !**broken).map(|(module, _)| module);
    let host_imports = usable.flat_map(host_imports).collect();
    Ok(Graph::new(artifacts, entries.collect(), host_imports, loader.resolver.files().all_read()))
}

fn host_imports(module: &Module) -> Vec<HostImport> {
    let from_host = module.edges.iter().filter(|edge| matches!(edge.target, Target::Host));
    let names = from_host.flat_map(|edge| edge.request.names.iter().map(move |name| (edge, name)));
    let linked = names.filter(|(_, name)| name.purpose != Purpose::Property);
    let imports = linked.map(|(edge, name)| {
        let Place { line, column } = name.place;
        let position = Position { file: module.id.clone(), line, column };
        HostImport { specifier: edge.request.specifier.clone(), name: name.name.clone(), position }
    });
    imports.collect()
}
