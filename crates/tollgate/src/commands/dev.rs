//! `tollgate dev`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use tollgate_core::project::Project;
use tollgate_core::time::{Clock, SystemClock};
use tollgate_proxy::access_log::Format;
use tollgate_spec::Diagnostics;

use crate::cli::DevArgs;
use crate::data_dir::{self, DataDir};
use crate::dev::{Watcher, announce, development_key};
use crate::loading::{self, ProjectSource};
use crate::output::{self, Palette};
use crate::own_log::{self, Style};
use crate::serving::{self, Arrival, Asked, Mode, Options, Origin, Outcome, Serving, Signals};
use crate::snapshots::{Applied, How, Snapshots};
use crate::{certificates, wiring};

pub(crate) async fn run(args: DevArgs) -> anyhow::Result<ExitCode> {
    own_log::begin(Style::Compact { color: Palette::stderr().0 }, "warn,sqlx=off");
    let mut signals = Signals::listen()?;
    let (source, data) = where_from(&args)?;
    let mut watcher = Watcher::new(&source, data.path())?;
    let pinned = serving::pinned(&Snapshots::of(&data), &source).await?;
    let (project, diagnostics, origin) = match pinned {
        Some((pin, loaded)) => {
            output::note(Palette::stderr().yellow(format!("{pin}: {}", serving::HOW_TO_UNPIN)));
            let project = loaded.project.ok_or_else(|| crate::Broken::new(loaded.diagnostics.clone()))?;
            (project, loaded.diagnostics, Origin::Kept(pin.id, Some(pin)))
        }
        None => {
            let applied = Applied::new(How::Start, crate::actor::command_line().name);
            let Some((project, diagnostics)) = first_good(&source, &mut watcher, &mut signals).await? else {
                return Ok(ExitCode::SUCCESS);
            };
            (project, diagnostics, Origin::Disk(applied))
        }
    };
    let options = Options {
        mode: Mode::Dev,
        source,
        checkout: None,
        data,
        management_listen: args.serve.management_listen.clone(),
        limits: args.serve.limits.clone(),
        ready_file: None,
        map_hosts: serving::map_hosts(&args.serve),
        log: Box::new(std::io::stdout()),
        format: Format::Pretty { color: Palette::stdout().0 },
        arrival: Arrival::default(),
    };
    warn(&diagnostics);
    let serving = Serving::start(options, project, diagnostics, origin).await?;
    let key = development_key(&serving).await?;
    announce(&serving, &key);
    // Only now: a script that waits for the file finds the key in its place too.
    if let Some(path) = &args.serve.ready_file {
        crate::ready_file::write(path, &serving.listeners, serving.management)?;
    }
    let user = crate::actor::command_line().name;
    loop {
        tokio::select! {
            () = watcher.changed() => {}
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Upgrade => continue,
                Asked::Reopen => {
                    serving.gateway.access_log.reopen();
                    continue;
                }
                Asked::Reload => {}
            },
        }
        let was_degraded = serving.is_degraded();
        let outcome = Serving::reload(&serving, Applied::new(How::Watch, &user), None).await;
        watcher.follow(&outcome.files);
        tell(&serving, &outcome, was_degraded);
    }
    serving.stop(&mut signals).await;
    Ok(ExitCode::SUCCESS)
}

fn where_from(args: &DevArgs) -> anyhow::Result<(ProjectSource, DataDir)> {
    let environment = &args.serve.environment;
    let source = match &args.upstream {
        Some(upstream) => ProjectSource::upstream_only(&crate::commands::init::upstream_url(upstream)?, environment),
        None => {
            let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from("."));
            if args.dir.is_none() && !loading::is_project(&dir) {
                bail!(
                    "this folder is no project\n  help: a gateway in front of an address, without a file: tollgate dev --upstream http://127.0.0.1:8888\n  \
                     help: a new project: tollgate init my-api --upstream http://127.0.0.1:8888"
                );
            }
            ProjectSource::new(&dir, environment)
        }
    };
    let source = ProjectSource { listen: args.serve.listen.clone(), store: args.serve.store.clone(), ..source };
    let data = match (&args.serve.data_dir, source.folder()) {
        (Some(dir), _) => dir.clone(),
        (None, Some(folder)) => {
            if !folder.is_dir() {
                bail!(
                    "there is no folder {}\n  help: make a project: tollgate init {0} --upstream http://127.0.0.1:8888",
                    folder.display()
                );
            }
            folder.join(data_dir::NAME)
        }
        (None, None) => state_folder(),
    };
    let data = DataDir::open(&data)?;
    Ok((source, data))
}

/// Where the key of a gateway without a project is kept (XDG Base Directory Specification).
fn state_folder() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("tollgate/dev")
}

/// Loads until the project is good; in between, shows what is wrong and waits for the next save.
/// `None` where the user had enough.
async fn first_good(
    source: &ProjectSource,
    watcher: &mut Watcher,
    signals: &mut Signals,
) -> anyhow::Result<Option<(Arc<Project>, Diagnostics)>> {
    loop {
        let loaded = source.load_with_scripts().await?;
        watcher.follow(&loaded.files);
        let mut diagnostics = loaded.diagnostics;
        if let Some(project) = loaded.project {
            diagnostics.add_build_issues(&wiring::compile_offline(&project));
            certificates::examine(&project, SystemClock::new().now(), &mut diagnostics);
            if !diagnostics.has_errors() {
                return Ok(Some((project, diagnostics)));
            }
        }
        warn(&diagnostics);
        if source.folder().is_none() {
            return Err(crate::Broken::new(diagnostics).into());
        }
        output::note(Palette::stderr().yellow("waiting for a change…"));
        tokio::select! {
            () = watcher.changed() => {}
            asked = signals.next() => if asked == Asked::Stop { return Ok(None) },
        }
    }
}

fn warn(diagnostics: &Diagnostics) {
    if !diagnostics.is_empty() {
        output::note(diagnostics.to_text(&crate::text_style()).trim_end());
    }
}

fn tell(serving: &Serving, outcome: &Outcome, was_degraded: bool) {
    let palette = Palette::stderr();
    if outcome.applied && outcome.unchanged && !was_degraded {
        return;
    }
    warn(&outcome.diagnostics);
    if let Some(pin) = &outcome.pinned {
        output::note(palette.yellow(format!("{pin}: {}", serving::HOW_TO_UNPIN)));
    }
    if let Some(failure) = &outcome.failure {
        output::note(format!("{} {failure}", palette.red("error:")));
    }
    for change in &outcome.needs_restart {
        output::note(palette.yellow(format!("`{change}` has changed: restart `tollgate dev` to apply it")));
    }
    for change in &outcome.security_changes {
        output::note(palette.yellow(change));
    }
    if outcome.applied {
        output::note(palette.green(format!("reloaded: {}", output::count(serving.project().routes.len(), "route"))));
    } else {
        output::note(palette.red("not applied: what was good before keeps serving"));
    }
}
