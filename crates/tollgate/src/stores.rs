//! The store that a command means: of a data folder, or of a project. No gateway need run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use tollgate_core::settings::{ConnectionUrl, Settings};
use tollgate_core::store::Store;
use tollgate_core::time::{Clock, SystemClock};

use crate::actor;
use crate::cli::{EnvironmentArgs, StoreArgs, StoreFlag};
use crate::data_dir::{self, DataDir};
use crate::git::Checkout;
use crate::loading::{self, ProjectSource};
use crate::output;
use crate::run_state::RunState;

/// A store, and what belongs to it.
pub(crate) struct OpenStore {
    pub(crate) store: Arc<dyn Store>,
    /// The folder of its data, where one is known.
    pub(crate) data: Option<DataDir>,
    /// Its URL, which may hold a password.
    pub(crate) url: String,
    /// Where it is, for people: never with a password.
    pub(crate) place: String,
    pub(crate) settings: Settings,
    /// Whether the settings are those of a project.
    pub(crate) configured: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Opens the store that the options mean. A folder that was named but is not there is more likely
/// a slip than a wish.
pub(crate) async fn open(args: &StoreArgs) -> anyhow::Result<OpenStore> {
    if let Some(dir) = args.data_dir.as_deref().filter(|dir| args.url.is_none() && !dir.is_dir()) {
        bail!("there is no data folder {}\n  help: `consumer create`, `dev` and `run` make it", dir.display());
    }
    open_or_make(args).await
}

/// Opens the store that the options mean, and makes it where there is none.
pub(crate) async fn open_or_make(args: &StoreArgs) -> anyhow::Result<OpenStore> {
    let existing = args.data_dir.as_deref().and_then(DataDir::existing);
    // A data folder knows the project of the gateway that runs on it.
    let running = existing.as_ref().filter(|_| args.project.is_none()).and_then(RunState::read);
    let source = match (&args.project, running) {
        (Some(dir), _) => {
            if !dir.is_dir() {
                bail!("there is no folder {}", dir.display());
            }
            Some(ProjectSource::new(dir, &args.environment))
        }
        (None, Some(state)) => state.project.as_deref().filter(|dir| loading::is_project(dir)).map(|dir| {
            let env = args.environment.env.clone().or(state.env);
            let env_file = args.environment.env_file.clone().or(state.env_file);
            ProjectSource::new(dir, &EnvironmentArgs { env, env_file })
        }),
        (None, None) => {
            loading::is_project(Path::new(".")).then(|| ProjectSource::new(Path::new("."), &args.environment))
        }
    };
    let data_path = match (&args.data_dir, &source) {
        (Some(dir), _) => Some(dir.clone()),
        (None, Some(source)) => Some(source.dir.join(data_dir::NAME)),
        (None, None) if Path::new(data_dir::NAME).is_dir() => Some(PathBuf::from(data_dir::NAME)),
        (None, None) if args.url.is_some() => None,
        (None, None) => bail!(
            "which store? This folder is no project.\n  help: give --data-dir DIR (the folder that `run` was given), --project DIR, or --store URL"
        ),
    };
    let settings = match &source {
        Some(source) => settings(source, args.url.is_some()).await?,
        None => Settings::default(),
    };
    let data = data_path.as_deref().map(DataDir::open).transpose()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let url = match (&args.url, &data) {
        (Some(StoreFlag(url)), _) => url.clone(),
        (None, Some(data)) => {
            // The folder of a repository's project is replaced with each commit.
            let base = source.as_ref().map(|source| source.dir.as_path());
            let base = base.map(|dir| if Checkout::holds(dir, data) { data.path() } else { dir });
            url(&settings, base, data, None)
        }
        (None, None) => bail!("which store?\n  help: give --store URL"),
    };
    let place = place(&url);
    if args.url.is_none()
        && let Some(other) = data.as_ref().and_then(RunState::read).map(|state| state.store)
        && !other.is_empty()
        && other != place
    {
        bail!(
            "the gateway that runs on this data folder keeps its keys in {other}, and not in {place}\n  help: give --store URL, or set TOLLGATE_STORE, as for the gateway"
        );
    }
    let store = tollgate_store::open(&url, Arc::clone(&clock)).await?.on_behalf_of(actor::command_line());
    Ok(OpenStore { store, data, url, place, settings, configured: source.is_some(), clock })
}

/// A store's name for people: never with a password in it.
pub(crate) fn place(url: &str) -> String {
    tollgate_store::StoreUrl::parse(url).map_or_else(|_| "a store that cannot be named".to_owned(), |url| url.place())
}

/// The address of the store: as the command line says, else as configured, else in the data
/// folder. A relative path in the settings is relative to the project.
pub(crate) fn url(settings: &Settings, project: Option<&Path>, data: &DataDir, flag: Option<&StoreFlag>) -> String {
    if let Some(StoreFlag(url)) = flag {
        return url.clone();
    }
    let Some(url) = settings.store.as_ref().map(ConnectionUrl::expose) else { return data.store_url() };
    match (url.strip_prefix("sqlite://"), project) {
        (Some(path), Some(project)) if !Path::new(path).is_absolute() => {
            format!("sqlite://{}", project.join(path).display())
        }
        _ => url.to_owned(),
    }
}

/// The settings of a project. A mistake elsewhere in it must not keep anyone from revoking a key,
/// so only a configured store has to be readable, and only where the command line names no other.
async fn settings(source: &ProjectSource, named: bool) -> anyhow::Result<Settings> {
    let loaded = source.load().await?;
    if let Some(project) = loaded.project {
        return Ok(project.settings.clone());
    }
    if !named && source.may_name_a_store() {
        return Err(crate::Broken::new(loaded.diagnostics).into());
    }
    let which = if named { "the store that was named" } else { "the store of its data folder" };
    output::note(format!("note: the project has mistakes (see `tollgate check`); using {which}"));
    Ok(Settings::default())
}
