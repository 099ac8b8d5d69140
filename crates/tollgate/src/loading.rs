//! Reading a project: its files, the values of `$env(NAME)`, documents that are given by URL.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tollgate_core::project::{Place, Project};
use tollgate_core::services::{HttpClient, ScriptIssue, Scripts, Services};
use tollgate_identity::HookSecret;
use tollgate_limits::redis::Address;
use tollgate_script::{Pulse, ScriptPool};
use tollgate_spec::{Diagnostic, LoadOptions, Loaded, Tree};

use crate::cli::{EnvironmentArgs, StoreFlag};
use crate::git::GitDocuments;
use crate::snapshots::KeptInputs;

/// How long a document that is given by URL may take, and how large it may be.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);
const FETCH_LIMIT: usize = 64 * 1024 * 1024;

/// Where a project comes from.
#[derive(Debug, Clone)]
pub(crate) struct ProjectSource {
    /// Its folder; without meaning where there is only an upstream.
    pub(crate) dir: PathBuf,
    /// Stands in for a project: one route to this address.
    pub(crate) upstream: Option<String>,
    pub(crate) environment: EnvironmentArgs,
    /// What stands in for `server.listen`.
    pub(crate) listen: Option<String>,
    /// What stands in for `store`.
    pub(crate) store: Option<StoreFlag>,
    /// A document that has just been read.
    pub(crate) parsed: Option<Arc<Tree>>,
    /// The threads that run its modules, once it turned out to have some.
    pub(crate) scripts: Arc<OnceLock<ScriptPool>>,
    /// Where relative paths of the store lead, where that is not the project's folder: that of a repository is
    /// replaced with each commit.
    pub(crate) base: Option<PathBuf>,
    /// What stands in for secrets and documents that are fetched, where this is a kept project.
    pub(crate) kept: Option<Arc<KeptInputs>>,
    /// The documents that were to be fetched when it was read last; none where that failed.
    pub(crate) fetched: Arc<Mutex<BTreeMap<String, Option<Vec<u8>>>>>,
    /// The repositories that some of them come from.
    pub(crate) repositories: Arc<GitDocuments>,
    /// What these may reach, once the gateway serves: its rooms, and where it is managed.
    pub(crate) outside: Arc<OnceLock<(Arc<Services>, SocketAddr)>>,
}

impl ProjectSource {
    /// A folder.
    pub(crate) fn new(dir: &Path, environment: &EnvironmentArgs) -> Self {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Self {
            dir,
            upstream: None,
            environment: environment.clone(),
            listen: None,
            store: None,
            parsed: None,
            scripts: Arc::default(),
            base: None,
            kept: None,
            fetched: Arc::default(),
            repositories: Arc::default(),
            outside: Arc::default(),
        }
    }

    /// No folder: one route to an address.
    pub(crate) fn upstream_only(upstream: &str, environment: &EnvironmentArgs) -> Self {
        Self { upstream: Some(upstream.to_owned()), ..Self::new(Path::new("."), environment) }
    }

    /// The folder, where there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.upstream.is_none().then_some(self.dir.as_path())
    }

    /// Where relative paths of the store lead.
    pub(crate) fn store_base(&self) -> Option<&Path> {
        self.base.as_deref().or_else(|| self.folder())
    }

    /// Reads it: everything that is wrong with it, and the project where nothing is. Its modules are
    /// not looked at: for what asks for settings and routes alone.
    pub(crate) async fn load(&self) -> anyhow::Result<Loaded> {
        self.load_and(|_, _| {}).await
    }

    /// Reads it, loads its modules and runs its `runtimeInit`.
    pub(crate) async fn load_with_scripts(&self) -> anyhow::Result<Loaded> {
        self.load_and(Self::link).await
    }

    /// Says what to do where there is no folder.
    pub(crate) fn check_folder(&self) -> anyhow::Result<()> {
        if self.upstream.is_none() && !self.dir.is_dir() {
            anyhow::bail!(
                "there is no folder {}\n  help: make a project: tollgate init {0} --upstream http://127.0.0.1:8888",
                self.dir.display()
            );
        }
        Ok(())
    }

    async fn load_and(&self, then: fn(&Self, &mut Loaded)) -> anyhow::Result<Loaded> {
        self.check_folder()?;
        let source = self.clone();
        let runtime = tokio::runtime::Handle::current();
        let (done, loaded) = tokio::sync::oneshot::channel();
        // Reading and checking large documents takes a while, and fetching waits. The thread is its own and ends with
        // it: what a thread has freed it keeps at hand for itself, and this one will not read again.
        let thread = std::thread::Builder::new().name("project".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            let mut loaded = source.load_blocking();
            then(&source, &mut loaded);
            source.come_home(&mut loaded);
            // Before what is built of the project moves in and keeps it.
            tollgate_js::memory::give_back();
            // Nobody waits any more where the gateway ends meanwhile.
            let _ = done.send(loaded);
        });
        thread.context("no thread to read the project with")?;
        loaded.await.context("reading the project ended unexpectedly")
    }

    fn load_blocking(&self) -> Loaded {
        let runtime = tokio::runtime::Handle::current();
        let client = crate::wiring::http_client();
        let fetched = RefCell::new(BTreeMap::new());
        let repositories = RefCell::new(self.repositories.begin(FETCH_TIMEOUT));
        let fetch = |url: &str| -> Result<Vec<u8>, String> {
            let bytes = match self.kept.as_ref().and_then(|kept| kept.fetched(url)) {
                Some(bytes) => Ok(bytes),
                None if GitDocuments::has(url) => runtime.block_on(repositories.borrow_mut().document(url)),
                None => runtime.block_on(fetch(&client, url)),
            };
            fetched.borrow_mut().insert(url.to_owned(), bytes.as_ref().ok().cloned());
            bytes
        };
        let options = LoadOptions {
            env_name: self.environment.env.clone(),
            env_file: self.environment.env_file.clone(),
            process_env: process_environment(),
            listen: self.listen.clone(),
            store: self.store.as_ref().map(|StoreFlag(url)| url.clone()),
            parsed: self.parsed.clone(),
            in_place: self.kept.as_ref().map(|kept| Arc::clone(&kept.secrets)).unwrap_or_default(),
            ..LoadOptions::new(&self.dir, &fetch)
        };
        let mut loaded = match &self.upstream {
            Some(upstream) => tollgate_spec::upstream_only(upstream, &options, crate::catalog()),
            None => tollgate_spec::load(&options, crate::catalog()),
        };
        check_limits(&mut loaded);
        check_source(&mut loaded);
        *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = fetched.into_inner();
        loaded
    }

    /// The documents that were to be fetched when it was read last, by their URLs; none where that failed.
    pub(crate) fn fetched(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets a kept project look for certificates where its folder is.
    fn come_home(&self, loaded: &mut Loaded) {
        let project = loaded.project.as_mut().and_then(Arc::get_mut);
        if let (Some(kept), Some(project)) = (&self.kept, project) {
            project.root.clone_from(&kept.home);
        }
    }

    /// Opens the gateway to the modules, where both are there.
    pub(crate) fn open_scripts(&self) {
        if let (Some(pool), Some((services, management))) = (self.scripts.get(), self.outside.get()) {
            pool.open(services, *management);
        }
    }

    /// What the threads of its scripts do at this moment; none where it has no scripts.
    pub(crate) fn script_pulse(&self) -> Pulse {
        self.scripts.get().map(ScriptPool::pulse).unwrap_or_default()
    }

    /// Loads the modules of what was read, and lets their `runtimeInit` have its say.
    fn link(&self, loaded: &mut Loaded) {
        let Some(project) = loaded.project.as_mut() else { return };
        let linked = self.linked(project);
        let issues = match (linked, Arc::get_mut(project)) {
            (Ok(None), _) | (_, None) => return,
            (Ok(Some(scripts)), Some(project)) => {
                loaded.files.extend(scripts.files().iter().cloned());
                link_to(project, scripts);
                return;
            }
            (Err(issues), Some(_)) => issues,
        };
        loaded.diagnostics.add_script_issues(&project.root, &issues);
        loaded.project = None;
    }

    fn linked(&self, project: &Project) -> Result<Option<Arc<dyn Scripts>>, Vec<ScriptIssue>> {
        let settings = &project.settings.scripts;
        let queue = usize::try_from(settings.queue.get()).unwrap_or(usize::MAX);
        let always = tollgate_proxy::template::needs_scripts(project);
        if !(always || project.has_modules()) {
            return Ok(None);
        }
        let pool = match self.scripts.get() {
            Some(pool) => pool,
            None => {
                let started = ScriptPool::start(settings.threads, queue).map_err(|error| {
                    let message = format!("the threads of the scripts cannot be started: {error}");
                    vec![ScriptIssue { place: Place::default(), message, help: None }]
                })?;
                let pool = self.scripts.get_or_init(|| started);
                self.open_scripts();
                pool
            }
        };
        tollgate_script::link(pool, project, crate::catalog())
    }

    /// Whether its settings may say where the store is: asked only where it cannot be read.
    pub(crate) fn may_name_a_store(&self) -> bool {
        let files = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        files.filter(|file| file.file_name().to_string_lossy().starts_with("tollgate.")).any(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap_or_default();
            text.lines().any(|line| line.trim_start().trim_start_matches('"').starts_with("store"))
        })
    }
}

/// Looks at the address where limits are counted, which only its room can read.
fn check_limits(loaded: &mut Loaded) {
    let address = loaded.project.as_ref().and_then(|project| project.settings.limits.as_deref());
    if let Some(address) = address.filter(|address| *address != "memory")
        && let Err(error) = Address::check(address)
    {
        let span = loaded.diagnostics.settings_span("/limits");
        loaded.diagnostics.push(Diagnostic::error("invalid-url", span, error.message.as_str()).help(error.help));
        loaded.diagnostics.sort();
        loaded.project = None;
    }
}

/// Looks at the secret that is shared with whoever tells of commits, whose form only its room knows.
fn check_source(loaded: &mut Loaded) {
    let webhook = loaded.project.as_ref().and_then(|project| project.settings.source.webhook.as_ref());
    if let Some(Err(error)) = webhook.map(HookSecret::new) {
        let span = loaded.diagnostics.settings_span("/source/webhook/secret");
        let help = "`kind: github` and `kind: gitlab` take any secret of sixteen characters or more";
        loaded.diagnostics.push(Diagnostic::error("invalid-secret", span, error.to_string()).help(help));
        loaded.diagnostics.sort();
        loaded.project = None;
    }
}

/// What modules bring into a project: themselves, and what their `runtimeInit` set up.
fn link_to(project: &mut Project, scripts: Arc<dyn Scripts>) {
    project.files.extend(scripts.files().iter().cloned());
    project.digest = format!("{}{}", &project.digest[..project.digest.len().min(8)], scripts.digest());
    project.digest.truncate(16);
    if let Some(plugin) = &scripts.plugins().issuer {
        let issuer = &mut project.settings.issuer;
        if let Some(path) = &plugin.path {
            issuer.path.clone_from(path);
        }
        if let Some(algorithm) = plugin.algorithm {
            issuer.algorithm = algorithm;
        }
        if let Some(expires_in) = plugin.expires_in {
            issuer.expires_in = expires_in;
        }
    }
    if let Some(traces) = &scripts.plugins().traces {
        // What the operator has set is the operator's.
        project.settings.traces.get_or_insert_with(|| traces.clone());
    }
    project.scripts = Some(scripts);
}

/// Fetches a document.
pub(crate) async fn fetch(client: &Arc<dyn HttpClient>, url: &str) -> Result<Vec<u8>, String> {
    let response = client.get(url, FETCH_TIMEOUT, FETCH_LIMIT).await.map_err(|error| error.to_string())?;
    if !response.status.is_success() {
        return Err(format!("the answer was {}", response.status));
    }
    Ok(response.body.to_vec())
}

/// The environment of the process: read here and nowhere else.
fn process_environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Whether a folder looks like a project of either form.
pub(crate) fn is_project(dir: &Path) -> bool {
    const FILES: [&str; 6] =
        ["tollgate.yaml", "tollgate.yml", "tollgate.json", "openapi.yaml", "openapi.yml", "openapi.json"];
    let has_documents = |folder: &str, end: &str| {
        let entries = std::fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(end))
    };
    FILES.iter().any(|name| dir.join(name).is_file())
        || has_documents("config", ".oas.json")
        || dir.join("apis").is_dir()
}
