//! The modules of a project, ready to be loaded by an engine.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::digest;

use crate::{
    commonjs::file_of,
    errors::{ModuleError, Position},
    positions::Origin,
    resolve::{ENDINGS, is_relative, normal},
    stack,
};

/// What specifiers mean in one module: an id, or a sentence that says why there is nothing.
pub(crate) type Imports = HashMap<String, Result<String, String>>;

/// A text that an engine loads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Artifact {
    pub(crate) text: Arc<str>,
    /// Sloppy code that goes with it.
    pub(crate) script: Option<Arc<str>>,
    /// Absent where nobody wrote it.
    pub(crate) origin: Option<Origin>,
    pub(crate) imports: Imports,
    pub(crate) exports: Vec<String>,
    /// Modules of the host of which it asks for some names, and for nothing else.
    pub(crate) by_name: BTreeSet<String>,
}

/// A name that a module imports from one of the host's modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostImport {
    /// The specifier, such as `node:buffer`.
    pub specifier: String,
    /// The name that is imported.
    pub name: String,
    /// Where it is written.
    pub position: Position,
}

impl HostImport {
    /// The mistake of importing a name that the host's module does not have.
    pub fn mistake(&self, message: String, help: Option<String>) -> ModuleError {
        let Position { file, line, column } = self.position.clone();
        ModuleError { file, line: line as usize, column: column as usize, message, help }
    }
}

/// Every module that a project's entries need, as JavaScript.
///
/// Modules are called by ids: a file's path from the project's root with `/`, or its absolute path where
/// it is elsewhere. Files that are written for CommonJS have further ids, made of the file's by a suffix,
/// and what this crate adds itself is called `tollgate:…`; all of them come from [`Graph::resolve`] and
/// are given to [`Graph::source`].
#[derive(Debug, Clone)]
pub struct Graph {
    artifacts: HashMap<String, Artifact>,
    entries: HashMap<String, String>,
    host_imports: Vec<HostImport>,
    files: Vec<PathBuf>,
}

impl Graph {
    pub(crate) fn new(
        artifacts: HashMap<String, Artifact>,
        entries: HashMap<String, String>,
        host_imports: Vec<HostImport>,
        files: Vec<PathBuf>,
    ) -> Self {
        Self { artifacts, entries, host_imports, files }
    }

    /// The id of an entry, by its path as it was given to [`crate::load()`]. Nothing for what was not an
    /// entry, and for entries that the host provides.
    pub fn id_of_entry(&self, path: &str) -> Option<&str> {
        self.entries.get(path).map(String::as_str)
    }

    /// The id of the module that `specifier` means in the module `base`. The host is to look first
    /// whether it provides the specifier itself.
    ///
    /// All that is written as a literal was resolved when the graph was loaded. A specifier that a
    /// program computes for `import()` finds modules that are in the graph, and no others.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is nothing, and what to do.
    pub fn resolve(&self, base: &str, specifier: &str) -> Result<&str, String> {
        let importer = self.artifacts.get(base);
        match importer.and_then(|importer| importer.imports.get(specifier)) {
            Some(Ok(id)) => Ok(id),
            Some(Err(sentence)) => Err(sentence.clone()),
            None => self.computed(base, specifier),
        }
    }

    fn computed(&self, base: &str, specifier: &str) -> Result<&str, String> {
        let file = file_of(base);
        let found = if is_relative(specifier) {
            let folder = Path::new(file).parent().unwrap_or(Path::new(""));
            let path = normal(&folder.join(specifier)).to_string_lossy().replace('\\', "/");
            let with_ending = ENDINGS.iter().map(|ending| format!("{path}.{ending}"));
            let as_folder = ENDINGS.iter().map(|ending| format!("{path}/index.{ending}"));
            let candidates = std::iter::once(path.clone()).chain(with_ending).chain(as_folder);
            let mut files = candidates.filter(|id| file_of(id) == id);
            files.find_map(|id| self.artifacts.get_key_value(&id)).map(|(id, _)| id.as_str())
        } else {
            // Another module of the project that names the same has found it.
            let of_project = |id: &&String| !file_of(id).contains("node_modules/");
            let mut importers: Vec<&String> = self.artifacts.keys().filter(of_project).collect();
            importers.sort_unstable();
            let imports = importers.into_iter().filter_map(|id| self.artifacts.get(id));
            let mut found = imports.filter_map(|artifact| artifact.imports.get(specifier)?.as_deref().ok());
            found.find(|id| !id.starts_with("tollgate:"))
        };
        found.ok_or_else(|| {
            format!(
                "cannot find `{specifier}` from {file}: what a specifier that is computed may mean must be \
                 imported somewhere by a literal too, so that it is loaded"
            )
        })
    }

    /// The text of a module: JavaScript of ES2023 in the form of an ES module.
    pub fn source(&self, id: &str) -> Option<Arc<str>> {
        self.artifacts.get(id).map(|artifact| Arc::clone(&artifact.text))
    }

    /// The script that belongs to a module: a function expression, sloppy code, which the engine evaluates under
    /// the module's id before the module runs, and which that finds as `import.meta.body`. Nothing for most.
    pub fn script(&self, id: &str) -> Option<Arc<str>> {
        self.artifacts.get(id).and_then(|artifact| artifact.script.clone())
    }

    /// The place in the file as its author wrote it of a place in the text of a module: the line from 1,
    /// the column in bytes from 1. Nothing for text that nobody wrote.
    pub fn original(&self, id: &str, line: u32, column: u32) -> Option<Position> {
        let artifact = self.artifacts.get(id)?;
        let origin = artifact.origin.as_ref()?;
        // Frames are those of the author's code, which is in the script where there is one.
        let text = artifact.script.as_ref().unwrap_or(&artifact.text);
        let place = origin.place(text, line, column)?;
        Some(Position { file: origin.file.clone(), line: place.line, column: place.column })
    }

    /// Whether a text is one that nobody wrote.
    pub(crate) fn is_generated(&self, id: &str) -> bool {
        self.artifacts.get(id).is_some_and(|artifact| artifact.origin.is_none())
    }

    /// A stack trace of QuickJS with the places as their authors know them. Frames of this crate's own
    /// modules, and of the host's whose names begin with `tollgate:`, are left out, and so are those of
    /// the native functions that these called.
    pub fn translate_stack(&self, stack: &str) -> String {
        stack::translate(self, stack)
    }

    /// The place of the first frame that is in a file of the project itself and not in a package.
    pub fn first_project_position(&self, stack: &str) -> Option<Position> {
        stack::first_of_project(self, stack)
    }

    /// The names that a module exports, `default` included, as far as they are known, sorted.
    pub fn exports(&self, id: &str) -> &[String] {
        self.artifacts.get(id).map_or(&[], |artifact| &artifact.exports)
    }

    /// Every name that the modules import from modules of the host, so that the host can tell of those
    /// that it does not have.
    pub fn host_imports(&self) -> &[HostImport] {
        &self.host_imports
    }

    /// Whether a module asks for some names of a module of the host (they are among [`Graph::host_imports`])
    /// and cannot ask for anything else of it, as an import of all of it could. The host may then do with less
    /// than the whole.
    pub fn asks_by_name(&self, id: &str, specifier: &str) -> bool {
        self.artifacts.get(id).is_some_and(|artifact| artifact.by_name.contains(specifier))
    }

    /// Every file that was read, sorted: also each `package.json` and `tsconfig.json`.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// SHA-256, in hexadecimal, of all texts and of what they import: equal for equal programs.
    pub fn digest(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |text: &str| {
            context.update(&(text.len() as u64).to_le_bytes());
            context.update(text.as_bytes());
        };
        let mut ids: Vec<&String> = self.artifacts.keys().collect();
        ids.sort_unstable();
        for id in ids {
            let Some(artifact) = self.artifacts.get(id) else { continue };
            field(id);
            field(&artifact.text);
            field(artifact.script.as_deref().unwrap_or(""));
            let mut imports: Vec<_> = artifact.imports.iter().collect();
            imports.sort_unstable();
            for (specifier, found) in imports {
                field(specifier);
                field(found.as_deref().unwrap_or(""));
            }
        }
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable();
        for (path, id) in entries {
            field(path);
            field(id);
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
