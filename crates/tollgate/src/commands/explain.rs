//! `tollgate explain`

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use http::{HeaderMap, Method};
use tollgate_core::project::Project;
use tollgate_core::store::Store;
use tollgate_core::time::{Clock, SystemClock};

use super::explain_request;
use crate::cli::{EnvironmentArgs, ExplainArgs, Explained, GatewayFlag, Output, SecretArg};
use crate::data_dir::{self, DataDir};
use crate::explain::{self, Asked};
use crate::loading::{self, ProjectSource};
use crate::output::{self, Palette};
use crate::run_state::RunState;
use crate::{Broken, stores};

pub(crate) async fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    match args.explained().map_err(anyhow::Error::msg)? {
        Explained::Answered(id) => {
            let gateway = GatewayFlag { data_dir: args.data_dir.clone(), project: Some(args.dir.clone()) };
            explain_request::run(id, &gateway, args.output).await?;
            Ok(ExitCode::SUCCESS)
        }
        Explained::Request { method, url } => request(args, method, url).await,
    }
}

/// A request that nobody sends.
async fn request(args: &ExplainArgs, method: Method, url: &str) -> anyhow::Result<ExitCode> {
    let project = project(args).await?;
    let (key, body) = (secret(args.key.as_ref())?, args.data.as_ref().map(|SecretArg(text)| text.clone()));
    let mut headers = HeaderMap::new();
    for header in &args.headers {
        headers.append(&header.name, header.value.clone());
    }
    let store = store(args, &project).await?;
    let (url, host, client) = (url.to_owned(), args.host.clone(), args.client);
    let asked = Asked { method, url, host, headers, key, body, client };
    let explanation = explain::explain(&project, store, asked).await?;
    match args.output {
        Output::Json => output::json(&explanation)?,
        Output::Text => output::raw(explain::text(&explanation, Palette::stdout())),
    }
    Ok(ExitCode::SUCCESS)
}

/// The project, with its modules. In a folder that is none, that of the gateway on the data folder.
async fn project(args: &ExplainArgs) -> anyhow::Result<Arc<Project>> {
    let running = args.data_dir.as_deref().and_then(DataDir::existing).and_then(|data| RunState::read(&data));
    let other = running.as_ref().filter(|_| args.dir == Path::new(".") && !loading::is_project(&args.dir));
    let (dir, environment) = match other.and_then(|state| Some((state.project.clone()?, state))) {
        Some((dir, state)) => {
            let env = args.environment.env.clone().or_else(|| state.env.clone());
            let env_file = args.environment.env_file.clone().or_else(|| state.env_file.clone());
            (dir, EnvironmentArgs { env, env_file })
        }
        None => (args.dir.clone(), args.environment.clone()),
    };
    let loaded = ProjectSource::new(&dir, &environment).load_with_scripts().await?;
    loaded.project.ok_or_else(|| Broken::new(loaded.diagnostics).into())
}

/// A secret as it was typed, or from standard input.
fn secret(given: Option<&SecretArg>) -> anyhow::Result<Option<String>> {
    let Some(SecretArg(text)) = given else { return Ok(None) };
    if text != "-" {
        return Ok(Some(text.clone()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the key cannot be read from standard input")?;
    Ok(Some(text.trim().to_owned()))
}

/// The store that is at hand: the one that was named, else that of the data folder or the project. One
/// that is not there is not made.
async fn store(args: &ExplainArgs, project: &Project) -> anyhow::Result<Option<Arc<dyn Store>>> {
    let path = args.data_dir.clone().unwrap_or_else(|| args.dir.join(data_dir::NAME));
    let data = DataDir::existing(&path);
    if args.data_dir.is_some() && data.is_none() {
        bail!("there is no data folder {}", path.display());
    }
    let root = (!project.root.as_os_str().is_empty()).then_some(project.root.as_path());
    let url = match (&args.store, &project.settings.store, &data) {
        (Some(flag), ..) => flag.0.clone(),
        // Who asks about no key needs no connection to a server.
        (None, Some(url), _) if !url.expose().starts_with("sqlite:") && args.key.is_none() => return Ok(None),
        (None, Some(_), Some(data)) => stores::url(&project.settings, root, data, None),
        (None, Some(url), None) => url.expose().to_owned(),
        (None, None, Some(data)) => data.store_url(),
        (None, None, None) => return Ok(None),
    };
    let file = url.strip_prefix("sqlite://").map(Path::new);
    if file.is_some_and(|file| !file.is_file()) {
        if args.store.is_some() {
            bail!("there is no store {}", stores::place(&url));
        }
        return Ok(None);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    match tollgate_store::open(&url, clock).await {
        Ok(store) => Ok(Some(store)),
        Err(error) if args.store.is_some() || args.data_dir.is_some() => Err(error.into()),
        Err(error) => {
            output::note(format!("note: {} cannot be opened, so no key is looked up: {error}", stores::place(&url)));
            Ok(None)
        }
    }
}
