//! `tollgate run`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tollgate_core::project::Project;
use tollgate_core::settings::OnBrokenProject;
use tollgate_proxy::access_log::Format;
use tollgate_spec::diagnostic::TextStyle;
use tracing_subscriber::EnvFilter;

use crate::cli::RunArgs;
use crate::data_dir::{self, DataDir};
use crate::handover::Inherited;
use crate::loading::ProjectSource;
use crate::serving::{self, Arrival, Asked, LastGood, Mode, Options, Serving, Signals};
use crate::{Broken, output, supervisor};

pub(crate) async fn run(args: RunArgs, sockets: Inherited) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=off"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut signals = Signals::listen()?;
    let source = ProjectSource {
        listen: args.serve.listen.clone(),
        store: args.serve.store.clone(),
        ..ProjectSource::new(&args.dir, &args.serve.environment)
    };
    let data_path = args.serve.data_dir.clone().unwrap_or_else(|| source.dir.join(data_dir::NAME));
    let running = args.takeover.then(|| DataDir::existing(&data_path)).flatten();
    let arrival = Arrival::new(sockets, running.as_ref()).await?;
    let serving = match start(&args, &source, &data_path, &arrival).await {
        Ok(serving) => serving,
        Err(error) => {
            arrival.failed(what_is_wrong(&error)).await;
            return Err(error);
        }
    };
    let listeners: Vec<String> =
        serving.listeners.iter().map(|bound| format!("{}://{}", bound.scheme(), bound.address)).collect();
    tracing::info!(
        listen = %listeners.join(" "),
        management = %serving.management,
        data_dir = %serving.data.path().display(),
        snapshot = %serving.project().digest,
        routes = serving.project().routes.len(),
        descriptors = serving.descriptors,
        "serving"
    );
    supervisor::ready(&status(&serving));
    tokio::spawn(supervisor::keep_alive());
    loop {
        let asked = tokio::select! {
            asked = signals.next() => asked,
            // Not the end of the service, but of this process.
            () = serving.handed_over() => break,
        };
        match asked {
            Asked::Reload => {
                supervisor::reloading();
                serving.reload_and_log().await;
                supervisor::ready(&status(&serving));
            }
            Asked::Upgrade => {
                let serving = Arc::clone(&serving);
                tokio::spawn(async move { serving.upgrade_and_log().await });
            }
            Asked::Stop => {
                let server = &serving.project().settings.server;
                supervisor::stopping(server.stop_notice.0 + server.drain.0);
                break;
            }
        }
    }
    serving.stop(&mut signals).await;
    Ok(ExitCode::SUCCESS)
}

/// Reads the project and serves it, or the last one that was good.
async fn start(
    args: &RunArgs,
    source: &ProjectSource,
    data_path: &Path,
    arrival: &Arrival,
) -> anyhow::Result<Arc<Serving>> {
    let loaded = source.load_with_scripts().await?;
    let data = DataDir::open(data_path)?;
    let options = || Options {
        mode: Mode::Run,
        source: source.clone(),
        data: data.clone(),
        management_listen: args.serve.management_listen.clone(),
        limits: args.serve.limits.clone(),
        ready_file: args.serve.ready_file.clone(),
        map_hosts: serving::map_hosts(&args.serve),
        log: Box::new(std::io::stdout()),
        format: Format::Json,
        arrival: arrival.clone(),
    };
    let started = match loaded.project {
        Some(project) => {
            let started = Serving::start(options(), Arc::clone(&project), loaded.diagnostics).await;
            if started.is_ok() {
                LastGood::keep(&data, source, &project);
            }
            started
        }
        None => Err(Broken::new(loaded.diagnostics).into()),
    };
    let error = match started {
        Ok(serving) => return Ok(serving),
        Err(error) => error,
    };
    // Where a gateway runs that serves what is good, a broken project is no reason to replace it.
    if arrival.predecessor.is_some() {
        return Err(error);
    }
    match (error.downcast_ref::<Broken>(), last_good(args, source, &data).await) {
        (Some(broken), Some(project)) => {
            let text = broken.diagnostics().to_text(&crate::text_style());
            tracing::error!(diagnostics = %text, "the project has mistakes; the last good one serves");
            let serving = Serving::start(options(), project, broken.diagnostics().clone()).await?;
            serving.degrade("the project on disk has mistakes; the last good one serves");
            Ok(serving)
        }
        _ => Err(error),
    }
}

/// For the service manager's list.
fn status(serving: &Serving) -> String {
    let project = serving.project();
    let degraded = if serving.is_degraded() { "; the project on disk has mistakes" } else { "" };
    format!("{} served on {}{degraded}", output::count(project.routes.len(), "route"), serving.listen)
}

fn what_is_wrong(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Broken>() {
        Some(broken) => broken.diagnostics().to_text(&TextStyle::default()),
        None => format!("{error:#}"),
    }
}

/// The last project that was good, where it may stand in for a broken one.
async fn last_good(args: &RunArgs, source: &ProjectSource, data: &DataDir) -> Option<Arc<Project>> {
    let kept = LastGood::find(data, source)?;
    let project = kept.load_with_scripts().await.ok()?.project?;
    let wanted = args.last_good || project.settings.server.on_broken_project == OnBrokenProject::LastGood;
    wanted.then_some(project)
}
