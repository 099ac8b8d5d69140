//! `tollgate run`

use std::process::ExitCode;
use std::sync::Arc;

use tollgate_core::project::Project;
use tollgate_core::settings::OnBrokenProject;
use tollgate_proxy::access_log::Format;

use crate::Broken;
use crate::cli::RunArgs;
use crate::data_dir::{self, DataDir};
use crate::loading::ProjectSource;
use crate::own_log::{self, Style};
use crate::serving::{self, Asked, LastGood, Mode, Options, Serving, Signals};

pub(crate) async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    own_log::begin(Style::Json, "info,sqlx=off");
    let mut signals = Signals::listen()?;
    let source = ProjectSource {
        listen: args.serve.listen.clone(),
        store: args.serve.store.clone(),
        ..ProjectSource::new(&args.dir, &args.serve.environment)
    };
    let loaded = source.load_with_scripts().await?;
    let data_path = args.serve.data_dir.clone().unwrap_or_else(|| source.dir.join(data_dir::NAME));
    let data = DataDir::open(&data_path)?;
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
    };
    let started = match loaded.project {
        Some(project) => {
            let started = Serving::start(options(), Arc::clone(&project), loaded.diagnostics).await;
            if started.is_ok() {
                LastGood::keep(&data, &source, &project);
            }
            started
        }
        None => Err(Broken::new(loaded.diagnostics).into()),
    };
    let serving = match started {
        Ok(serving) => serving,
        Err(error) => match (error.downcast_ref::<Broken>(), last_good(&args, &source, &data).await) {
            (Some(broken), Some(project)) => {
                let text = broken.diagnostics().to_text(&crate::text_style());
                tracing::error!(diagnostics = %text, "the project has mistakes; the last good one serves");
                let serving = Serving::start(options(), project, broken.diagnostics().clone()).await?;
                serving.degrade("the project on disk has mistakes; the last good one serves");
                serving
            }
            _ => return Err(error),
        },
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
    loop {
        match signals.next().await {
            Asked::Reload => serving.reload_and_log().await,
            Asked::Reopen => serving.gateway.access_log.reopen(),
            Asked::Stop => break,
        }
    }
    serving.stop(&mut signals).await;
    Ok(ExitCode::SUCCESS)
}

/// The last project that was good, where it may stand in for a broken one.
async fn last_good(args: &RunArgs, source: &ProjectSource, data: &DataDir) -> Option<Arc<Project>> {
    let kept = LastGood::find(data, source)?;
    let project = kept.load_with_scripts().await.ok()?.project?;
    let wanted = args.last_good || project.settings.server.on_broken_project == OnBrokenProject::LastGood;
    wanted.then_some(project)
}
