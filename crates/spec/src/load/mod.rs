//! A folder in, a project and everything that is wrong with it out.

mod authorities;
pub mod environment;
pub mod files;
mod listeners;
mod logs;
pub(crate) mod modules;
pub(crate) mod public_url;
pub mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tollgate_core::Catalog;
use tollgate_core::project::Project;

pub use environment::Environment;
pub use files::{Fetch, ProjectFiles};
pub(crate) use modules::is_module;
pub use settings::SettingsFile;

use crate::check::Schemas;
use crate::source::Span;
use crate::{Diagnostic, Diagnostics, Tree};

/// What to load, and with which values.
#[derive(Clone)]
pub struct LoadOptions<'a> {
    /// The project's folder.
    pub root: PathBuf,
    /// `--env`: `tollgate.<env>.yaml` is laid over `tollgate.yaml`.
    pub env_name: Option<String>,
    /// `--env-file`: read instead of `.env` beside the project.
    pub env_file: Option<PathBuf>,
    /// The environment of the process; it wins over the file.
    pub process_env: BTreeMap<String, String>,
    /// `--listen`: stands in for `server.listen`.
    pub listen: Option<String>,
    /// `--store`: stands in for `store`.
    pub store: Option<String>,
    /// Fetches documents that are given by URL.
    pub fetch: Fetch<'a>,
    /// A document that has just been read: it is not read again where its file still says the same.
    pub parsed: Option<Arc<Tree>>,
    /// What stands in for files of these names, relative to the project, and for [`Self::env_file`]: a
    /// project that is kept has its secrets sealed, and they are opened in memory alone.
    pub in_place: Arc<BTreeMap<String, Vec<u8>>>,
}

impl<'a> LoadOptions<'a> {
    /// A folder, with nothing in the environment.
    pub fn new(root: impl Into<PathBuf>, fetch: Fetch<'a>) -> Self {
        Self {
            root: root.into(),
            env_name: None,
            env_file: None,
            process_env: BTreeMap::new(),
            listen: None,
            store: None,
            fetch,
            parsed: None,
            in_place: Arc::default(),
        }
    }
}

impl std::fmt::Debug for LoadOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { root, env_name, env_file, listen, .. } = self;
        f.debug_struct("LoadOptions")
            .field("root", root)
            .field("env_name", env_name)
            .field("env_file", env_file)
            .field("listen", listen)
            .finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The project; none where an error was found.
    pub project: Option<Arc<Project>>,
    /// Everything that was found, sorted.
    pub diagnostics: Diagnostics,
    /// Every file that was read or looked for, absolute: what a watcher watches, also while the
    /// project is broken.
    pub files: Vec<PathBuf>,
}

/// What every reader of a project needs.
#[derive(Debug)]
pub struct LoadContext<'a> {
    /// What to load.
    pub options: &'a LoadOptions<'a>,
    /// What a project can name.
    pub catalog: &'a Catalog,
    /// Its schemas.
    pub schemas: &'a Schemas,
    /// The files.
    pub files: &'a ProjectFiles<'a>,
    /// The values of `$env`.
    pub environment: &'a Environment,
}

/// Loads a project of either form: everything that is wrong with it, and the project where
/// nothing is.
pub fn load(options: &LoadOptions<'_>, catalog: &Catalog) -> Loaded {
    let files = ProjectFiles::folder(&options.root, options.fetch).with(Arc::clone(&options.in_place));
    load_files(options, catalog, &files)
}

/// Loads a project whose files are in memory, by their names.
pub fn load_memory(files: BTreeMap<String, Vec<u8>>, options: &LoadOptions<'_>, catalog: &Catalog) -> Loaded {
    load_files(options, catalog, &ProjectFiles::memory(files, options.fetch))
}

/// A gateway in front of one address, without a file: a single route that takes everything,
/// asks for an API key and signs.
pub fn upstream_only(upstream: &str, options: &LoadOptions<'_>, catalog: &Catalog) -> Loaded {
    let document = serde_json::json!({
        "openapi": "3.1.0",
        "info": { "title": upstream, "version": "1" },
        "x-tollgate": { "upstream": upstream, "auth": "api-key" },
        "paths": { "/{rest}": {
            "x-tollgate-path": { "rest": "many" },
            "parameters": [{ "name": "rest", "in": "path", "required": true, "schema": { "type": "string" } }],
            "x-tollgate-any": { "operationId": "everything", "responses": { "default": { "description": "The upstream's answer." } } },
        } },
    });
    let files = BTreeMap::from([("openapi.json".to_owned(), document.to_string().into_bytes())]);
    let options = LoadOptions { root: PathBuf::new(), env_name: None, ..options.clone() };
    load_memory(files, &options, catalog)
}

fn load_files(options: &LoadOptions<'_>, catalog: &Catalog, files: &ProjectFiles<'_>) -> Loaded {
    let mut diagnostics = Diagnostics::new();
    let environment = read_environment(options, files, &mut diagnostics);
    let schemas = Schemas::new(catalog);
    let context = LoadContext { options, catalog, schemas: &schemas, files, environment: &environment };
    let project = read_project(&context, &mut diagnostics);
    environment.add_to_digest(files);
    let used = environment.used();
    diagnostics.redact(used.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    diagnostics.sort();
    let project = project.filter(|_| !diagnostics.has_errors()).map(|mut project| {
        project.expanded = Arc::new(used);
        project.files = files.paths();
        project.digest = files.digest();
        Arc::new(project)
    });
    Loaded { project, diagnostics, files: files.paths() }
}

fn read_project(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> Option<Project> {
    let root = context.files.root();
    if !root.as_os_str().is_empty() && !root.is_dir() {
        let message = "there is no such folder";
        diagnostics.push(Diagnostic::error("missing-file", Span::of_file(root.display().to_string()), message));
        return None;
    }
    Some(if crate::zuplo::is_zuplo(context.files) {
        crate::zuplo::read(context, diagnostics)
    } else {
        crate::native::read(context, diagnostics)
    })
}

fn read_environment(options: &LoadOptions<'_>, files: &ProjectFiles<'_>, diagnostics: &mut Diagnostics) -> Environment {
    let (name, bytes) = match &options.env_file {
        Some(path) => {
            files.remember(path);
            let name = path.display().to_string();
            let bytes = match options.in_place.get(&name) {
                Some(bytes) => Ok(bytes.clone()),
                None => std::fs::read(path).map_err(|error| error.to_string()),
            };
            (name, bytes)
        }
        None => {
            files.remember(&files.root().join(".env"));
            let bytes = if files.exists(".env") { files.read(".env") } else { Ok(Vec::new()) };
            (".env".to_owned(), bytes)
        }
    };
    let values = match bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())) {
        Ok(text) => environment::parse_dotenv(&name, &text, diagnostics),
        Err(reason) => {
            diagnostics.push(Diagnostic::error("unreadable-file", Span::of_file(name), reason));
            BTreeMap::new()
        }
    };
    Environment::new(values, &options.process_env)
}
