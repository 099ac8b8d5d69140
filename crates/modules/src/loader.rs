//! Reads and compiles the entries and everything that they need.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use oxc_resolver::ModuleType;
use serde_json::value::RawValue;

use crate::{
    errors::{Complaint, ModuleError, Place},
    helpers::is_helper,
    link::Types,
    module::{Body, Edge, Module, Target},
    resolve::{Failure, Found, Resolver},
    room,
    source::{Compiled, Format, Input, Kind, Request, Settings, compile},
};

/// The id of the module that stands for what a package says is of no use here.
const EMPTY: &str = "tollgate:empty";

/// The modules so far, and what is still to be read.
pub(crate) struct Loader<'l> {
    pub(crate) modules: Vec<Module>,
    pub(crate) resolver: Resolver,
    host: &'l dyn Fn(&str) -> bool,
    by_path: HashMap<PathBuf, usize>,
    unread: Vec<usize>,
    settings: HashMap<PathBuf, Arc<Settings>>,
    default_settings: Arc<Settings>,
}

impl<'l> Loader<'l> {
    pub(crate) fn new(resolver: Resolver, host: &'l dyn Fn(&str) -> bool) -> Self {
        Self {
            modules: Vec::new(),
            resolver,
            host,
            by_path: HashMap::new(),
            unread: Vec::new(),
            settings: HashMap::new(),
            default_settings: Arc::new(Settings::new(None)),
        }
    }

    /// Finds the module of an entry; nothing for one that the host has.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub(crate) fn entry(&mut self, path: &str) -> Result<Option<usize>, ModuleError> {
        if (self.host)(path) {
            return Ok(None);
        }
        let found = self.resolver.resolve_entry(path);
        match self.target(found, path, path, Place::NOWHERE) {
            Target::Module(index) => Ok(Some(index)),
            Target::Absent(error) => Err(error),
            Target::Host | Target::Helper => Ok(None),
        }
    }

    /// Reads everything that is still unread, and what that needs.
    pub(crate) fn read_all(&mut self) {
        while !self.unread.is_empty() {
            let mut jobs = Vec::new();
            for index in std::mem::take(&mut self.unread) {
                let Some(module) = self.modules.get(index) else { continue };
                let (path, id) = (module.path.clone(), module.id.clone());
                match self.resolver.files().text(&path) {
                    Ok(text) => jobs.push(self.job(index, path, text, HashSet::new())),
                    Err(error) => self.fail(index, vec![unreadable(&error).at(&id, Place::START)]),
                }
            }
            self.compile(jobs);
        }
    }

    /// Compiles files once more, now that some of their imports are known to be types.
    pub(crate) fn recompile(&mut self, types: &Types) {
        let mut jobs = Vec::new();
        for (index, types) in types {
            let Some(module) = self.modules.get_mut(*index) else { continue };
            let (path, source) = (module.path.clone(), module.source.take());
            if let Some(text) = source {
                jobs.push(self.job(*index, path, text, types.clone()));
            }
        }
        self.compile(jobs);
    }

    fn fail(&mut self, index: usize, errors: Vec<ModuleError>) {
        if let Some(module) = self.modules.get_mut(index) {
            (module.body, module.errors) = (Body::Broken, errors);
        }
    }

    fn job(&mut self, index: usize, path: PathBuf, text: String, types: HashSet<(String, String)>) -> Job {
        let settings = self.settings_of(&path);
        let (id, package, declared) = match self.modules.get(index) {
            Some(module) => (module.id.clone(), module.package, module.declared),
            None => (String::new(), false, None),
        };
        Job { index, path, id, package, declared, text, settings, types }
    }

    fn compile(&mut self, jobs: Vec<Job>) {
        let results = room::each(&jobs, Job::run);
        for (job, result) in jobs.into_iter().zip(results) {
            match result {
                Ok(Made { body, requests }) => {
                    let edges = requests.into_iter().map(|request| self.edge(&job.path, &job.id, request));
                    let edges = edges.collect();
                    self.set(job.index, body, edges, job.text);
                }
                Err(errors) => self.fail(job.index, errors),
            }
        }
    }

    fn set(&mut self, index: usize, body: Body, edges: Vec<Edge>, text: String) {
        if let Some(module) = self.modules.get_mut(index) {
            let source = module.is_typescript().then_some(text);
            (module.body, module.edges, module.source) = (body, edges, source);
        }
    }

    fn settings_of(&mut self, path: &Path) -> Arc<Settings> {
        let Some(tsconfig) = self.resolver.tsconfig_of(path) else { return Arc::clone(&self.default_settings) };
        let known = self.settings.entry(tsconfig.path().to_owned());
        Arc::clone(known.or_insert_with(|| Arc::new(Settings::new(Some(&tsconfig)))))
    }

    fn edge(&mut self, importer: &Path, id: &str, request: Request) -> Edge {
        let specifier = &request.specifier;
        let target = if is_helper(specifier) {
            Target::Helper
        } else if (self.host)(specifier) {
            Target::Host
        } else {
            let found = self.resolver.resolve(importer, specifier, request.kind.asked());
            self.target(found, specifier, id, request.place)
        };
        Edge { request, target }
    }

    fn target(&mut self, found: Result<Found, Failure>, specifier: &str, file: &str, place: Place) -> Target {
        match found {
            Ok(Found::File(path, declared)) => match unsupported(&path, self.resolver.in_package(&path)) {
                Some(complaint) => Target::Absent(complaint_of(complaint, specifier).at(file, place)),
                None => Target::Module(self.module(path, declared)),
            },
            Ok(Found::Empty) => Target::Module(self.empty()),
            Err(Failure::Here(complaint)) => Target::Absent(complaint.at(file, place)),
            Err(Failure::Elsewhere(error)) => Target::Absent(error),
        }
    }

    fn module(&mut self, path: PathBuf, declared: Option<ModuleType>) -> usize {
        if let Some(known) = self.by_path.get(&path) {
            return *known;
        }
        let index = self.modules.len();
        let (id, package) = (self.resolver.id_of(&path), self.resolver.in_package(&path));
        self.by_path.insert(path.clone(), index);
        self.unread.push(index);
        self.modules.push(Module {
            path,
            id,
            package,
            declared,
            source: None,
            body: Body::Broken,
            edges: Vec::new(),
            errors: Vec::new(),
        });
        index
    }

    fn empty(&mut self) -> usize {
        let index = self.module(PathBuf::from(EMPTY), None);
        if let Some(module) = self.modules.get_mut(index) {
            module.id = EMPTY.to_owned();
            module.body = Body::Empty;
        }
        self.unread.retain(|unread| *unread != index);
        index
    }
}

impl std::fmt::Debug for Loader<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Loader").field("modules", &self.modules).finish_non_exhaustive()
    }
}

/// A file to compile.
struct Job {
    index: usize,
    path: PathBuf,
    id: String,
    package: bool,
    declared: Option<ModuleType>,
    text: String,
    settings: Arc<Settings>,
    types: HashSet<(String, String)>,
}

/// What came of it.
struct Made {
    body: Body,
    requests: Vec<Request>,
}

impl Job {
    fn run(&self) -> Result<Made, Vec<ModuleError>> {
        if self.path.extension().is_some_and(|ending| ending == "json") {
            return match serde_json::from_str::<&RawValue>(&self.text) {
                Ok(_) => Ok(Made { body: Body::Json(self.text.clone()), requests: Vec::new() }),
                Err(error) => Err(vec![not_json(&self.id, &error)]),
            };
        }
        let Compiled { code, mappings, mut requests, format } = compile(&Input {
            file: &self.id,
            path: &self.path,
            text: &self.text,
            package: self.package,
            declared: self.declared,
            settings: &self.settings,
            types: &self.types,
        })?;
        let body = match format {
            Format::Module { exports, uses_require } => {
                // Node has no `require` in ES modules, and packages ask whether there is one.
                if self.package {
                    requests.retain(|request| !matches!(request.kind, Kind::Require { .. }));
                }
                Body::Module { code, mappings, exports, uses_require: uses_require && !self.package }
            }
            Format::CommonJs { names, undeclared, sloppy } => {
                Body::CommonJs { code, mappings, names, undeclared, sloppy }
            }
        };
        Ok(Made { body, requests })
    }
}

/// Why a file that exists is no module.
fn unsupported(path: &Path, package: bool) -> Option<&'static str> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    if [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending)) {
        return Some("it declares types and has no code: write `import type`");
    }
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "json") => None,
        Some("node") => Some("it is machine code for Node.js"),
        Some("wasm") => Some("WebAssembly is not supported"),
        // Packages have files without an ending, or with a strange one, that are JavaScript.
        _ if package => None,
        _ => Some("only JavaScript, TypeScript and JSON can be imported"),
    }
}

fn complaint_of(why: &str, specifier: &str) -> Complaint {
    Complaint::new(format!("`{specifier}` cannot be loaded")).with_help(why)
}

fn unreadable(error: &std::io::Error) -> Complaint {
    match error.kind() {
        std::io::ErrorKind::InvalidData => Complaint::new("this file is not UTF-8 text"),
        _ => Complaint::new(format!("this file cannot be read: {error}")),
    }
}

fn not_json(id: &str, error: &serde_json::Error) -> ModuleError {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    let place = Place { line: error.line().max(1) as u32, column: error.column().max(1) as u32 };
    Complaint::new(format!("this file is not JSON: {message}")).at(id, place)
}
