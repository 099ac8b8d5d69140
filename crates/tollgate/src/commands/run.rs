//! `tollgate run`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tollgate_core::project::Project;
use tollgate_core::settings::OnBrokenProject;
use tollgate_proxy::access_log::Format;
use tollgate_spec::diagnostic::TextStyle;

use crate::cli::RunArgs;
use crate::data_dir::{self, DataDir};
use crate::dev::Watcher;
use crate::git::Checkout;
use crate::handover::Inherited;
use crate::loading::ProjectSource;
use crate::own_log::{self, Style};
use crate::serving::{self, Arrival, Asked, Mode, Options, Origin, Serving, Signals};
use crate::snapshots::{Applied, How, Record, Revision, Snapshots};
use crate::{Broken, output, supervisor};

pub(crate) async fn run(args: RunArgs, sockets: Inherited) -> anyhow::Result<ExitCode> {
    own_log::begin(Style::Json, "info,sqlx=off");
    let mut signals = Signals::listen()?;
    let (source, data) = where_from(&args).await?;
    let watcher = args.watch.then(|| Watcher::new(&source, data.path())).transpose()?;
    let arrival = Arrival::new(sockets, args.takeover.then_some(&data)).await?;
    let serving = match start(&args, &source, &data, &arrival).await {
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
    if let Some(watcher) = watcher {
        tokio::spawn(follow(Arc::clone(&serving), watcher));
    }
    loop {
        let asked = tokio::select! {
            asked = signals.next() => asked,
            // Not the end of the service, but of this process.
            () = serving.handed_over() => break,
        };
        match asked {
            Asked::Reload => {
                supervisor::reloading();
                serving.reload_and_log(Applied::new(How::Signal, "SIGHUP"), None).await;
                supervisor::ready(&status(&serving));
            }
            Asked::Reopen => serving.gateway.access_log.reopen(),
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

/// Puts the project into force as its files change.
async fn follow(serving: Arc<Serving>, mut watcher: Watcher) {
    watcher.follow(&serving.project().files);
    loop {
        tokio::select! {
            () = serving.handed_over() => return,
            () = watcher.changed() => {}
        }
        let canary = Some(serving.project().settings.source.canary.0).filter(|time| !time.is_zero());
        supervisor::reloading();
        let files = serving.reload_and_log(Applied::new(How::Watch, "changed files"), canary).await;
        supervisor::ready(&status(&serving));
        watcher.follow(&files);
    }
}

/// The project and its data: a folder, or what was fetched of a repository.
async fn where_from(args: &RunArgs) -> anyhow::Result<(ProjectSource, DataDir)> {
    let (source, data) = match &args.from {
        None => {
            let source = ProjectSource::new(&args.dir, &args.serve.environment);
            source.check_folder()?;
            let path = args.serve.data_dir.clone().unwrap_or_else(|| source.dir.join(data_dir::NAME));
            (source, DataDir::open(&path)?)
        }
        Some(address) => {
            let path = args.serve.data_dir.clone().unwrap_or_else(|| PathBuf::from(data_dir::NAME));
            let data = DataDir::open(&path)?;
            let checkout = Checkout::new(address.clone(), &data);
            serving::first_checkout(&checkout).await?;
            let base = Some(data.path().to_owned());
            (ProjectSource { base, ..ProjectSource::new(&checkout.project(), &args.serve.environment) }, data)
        }
    };
    Ok((ProjectSource { listen: args.serve.listen.clone(), store: args.serve.store.clone(), ..source }, data))
}

/// Serves what is pinned; else the project on disk; where that is broken, the last good snapshot.
async fn start(
    args: &RunArgs,
    source: &ProjectSource,
    data: &DataDir,
    arrival: &Arrival,
) -> anyhow::Result<Arc<Serving>> {
    let options = || Options {
        mode: Mode::Run,
        source: source.clone(),
        checkout: args.from.clone().map(|address| Checkout::new(address, data)),
        data: data.clone(),
        management_listen: args.serve.management_listen.clone(),
        limits: args.serve.limits.clone(),
        ready_file: args.serve.ready_file.clone(),
        map_hosts: serving::map_hosts(&args.serve),
        log: Box::new(std::io::stdout()),
        format: Format::Json,
        arrival: arrival.clone(),
    };
    let snapshots = Snapshots::of(data);
    if let Some((pin, loaded)) = serving::pinned(&snapshots, source).await? {
        let project = loaded.project.ok_or_else(|| Broken::new(loaded.diagnostics.clone()));
        let started = match project {
            Ok(project) => {
                let origin = Origin::Kept(pin.id, Some(pin.clone()));
                Serving::start(options(), project, loaded.diagnostics, origin).await
            }
            Err(broken) => Err(broken.into()),
        };
        match &started {
            Ok(_) => tracing::warn!(id = pin.id, "{pin}: it serves, whatever the project on disk is"),
            Err(_) => tracing::error!(id = pin.id, "{pin}, and cannot be served: {}", serving::HOW_TO_UNPIN),
        }
        return started;
    }
    let mut applied = Applied::new(How::Start, crate::actor::command_line().name);
    let loaded = source.load_with_scripts().await?;
    let started = match loaded.project {
        Some(project) => {
            let checkout = args.from.clone().map(|address| Checkout::new(address, data));
            applied.revision =
                checkout.and_then(|checkout| checkout.commit()).map(|commit| Revision { commit, uncommitted: false });
            let origin = Origin::Disk(applied);
            Serving::start(options(), project, loaded.diagnostics, origin).await
        }
        None => Err(Broken::new(loaded.diagnostics).into()),
    };
    let error = match started {
        Ok(serving) => return Ok(serving),
        Err(error) => error,
    };
    let Some(broken) = error.downcast_ref::<Broken>() else { return Err(error) };
    // Where a gateway runs that serves what is good, a broken project is no reason to replace it.
    if arrival.predecessor.is_some() {
        return Err(error);
    }
    let Some((record, project)) = last_good(args, source, &snapshots).await else { return Err(error) };
    let why = format!("the project on disk has mistakes; snapshot {}, the last good one, serves", record.id);
    let diagnostics = broken.diagnostics().to_text(&crate::text_style());
    tracing::error!(%diagnostics, id = record.id, snapshot = %record.snapshot, "{why}");
    let origin = Origin::Kept(record.id, None);
    let serving = Serving::start(options(), project, broken.diagnostics().clone(), origin).await?;
    serving.degrade(why);
    Ok(serving)
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

/// The last project that was good, where there is one that may stand in for a broken one: as the command line
/// says, else as its own settings do.
async fn last_good(args: &RunArgs, source: &ProjectSource, snapshots: &Snapshots) -> Option<(Record, Arc<Project>)> {
    if args.no_last_good {
        return None;
    }
    let read = async {
        let Some(record) = snapshots.in_force()? else { return Ok(None) };
        let loaded = snapshots.source(&record, source)?.load_with_scripts().await?;
        let project = loaded.project.ok_or_else(|| Broken::new(loaded.diagnostics))?;
        anyhow::Ok(Some((record, project)))
    };
    let found = read.await.unwrap_or_else(|error| {
        tracing::error!(error = format!("{error:#}"), "the last good snapshot cannot be served either");
        None
    });
    let settings = |project: &Project| project.settings.server.on_broken_project;
    found.filter(|(_, project)| args.last_good || settings(project) == OnBrokenProject::LastGood)
}
