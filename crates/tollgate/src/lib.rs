//! The binary: command line, wiring, signals. A library too, so that its command line, catalogue
//! and schemas can be described by others.
//!
//! [`cli`] is what can be typed, `commands` what it does, `serving` what `dev` and `run` have in
//! common, `wiring` who is handed what.

mod actor;
mod against;
mod at_start;
mod canary;
mod certificates;
pub mod cli;
mod client;
mod commands;
mod data_dir;
mod describe;
mod descriptors;
mod dev;
mod explain;
mod git;
mod handover;
mod importing;
mod issuer_url;
mod leaks;
mod loading;
mod memory;
mod minting;
mod offline;
mod output;
mod own_log;
mod plan;
mod ready_file;
mod run_state;
mod scan;
mod schema_files;
mod seeing;
mod serving;
mod snapshots;
mod stores;
mod supervisor;
mod top;
mod views;
mod wiring;

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tollgate_core::Catalog;
use tollgate_core::project::Project;
use tollgate_core::series::Series;
use tollgate_spec::Diagnostics;
use tollgate_spec::diagnostic::TextStyle;

use cli::{Cli, Command};
use handover::Inherited;
use loading::ProjectSource;
use output::Palette;

pub use schema_files::schemas;
pub use tollgate_admin::{REASONS as MANAGEMENT_REASONS, document as management_api};

/// Everything that a project can name.
pub fn catalog() -> &'static Catalog {
    static CATALOG: Catalog = Catalog { policies: tollgate_policies::ALL, handlers: tollgate_proxy::handlers::ALL };
    &CATALOG
}

/// All series of the metrics: what a scraper can find, and nothing else.
pub fn metric_series() -> impl Iterator<Item = Series> {
    tollgate_proxy::metrics::SERIES.iter().chain(tollgate_limits::redis::SERIES).copied()
}

/// Runs the command line; what is wrong goes to standard error, and into the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(code) => code,
        Err(error) => tell(&error),
    }
}

fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    // Taken before there are threads: it changes the environment.
    let sockets = match &cli.command {
        Command::Run(_) => supervisor::sockets()?,
        _ => Inherited::default(),
    };
    // Only serving needs more than one thread.
    let runtime = match &cli.command {
        Command::Dev(_) | Command::Run(_) | Command::Test(_) => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.enable_all().on_thread_park(tollgate_proxy::thread_rests).build()
        }
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }?;
    let code = runtime.block_on(dispatch(cli, sockets));
    // What still runs in the background (the watching of a store) must not hold up the end.
    runtime.shutdown_background();
    code
}

async fn dispatch(cli: Cli, sockets: Inherited) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Init(args) => return commands::init::run(&args).await,
        Command::Dev(args) => return Box::pin(commands::dev::run(*args)).await,
        Command::Run(args) => return Box::pin(commands::run::run(*args, sockets)).await,
        Command::Healthcheck(args) => return commands::healthcheck::run(&args).await,
        Command::Upgrade(args) => return commands::upgrade::run(&args).await,
        Command::Reload(args) => return commands::reload::run(&args).await,
        Command::LogLevel(args) => commands::log_level::run(&args).await?,
        Command::Snapshots(command) => return Box::pin(commands::snapshots::run(command)).await,
        Command::Rollback(args) => return Box::pin(commands::snapshots::roll_back(args)).await,
        Command::Explain(args) => return Box::pin(commands::explain::run(&args)).await,
        Command::Plan(args) => return commands::plan::run(&args).await,
        Command::Check(args) => return commands::check::run(&args).await,
        Command::Doctor(args) => return commands::doctor::run(&args).await,
        Command::Test(args) => return Box::pin(commands::test::run(*args)).await,
        Command::Types(args) => commands::types::run(&args)?,
        Command::Requests(args) => commands::requests::run(&args).await?,
        Command::Top(args) => commands::top::run(&args).await?,
        Command::Routes(args) => commands::routes::run(&args).await?,
        Command::Consumer(command) => Box::pin(commands::consumer::run(command)).await?,
        Command::Bucket(command) => Box::pin(commands::bucket::run(command)).await?,
        Command::Key(command) => return Box::pin(commands::key::run(command)).await,
        Command::Token(command) => commands::token::run(command).await?,
        Command::Operator(command) => Box::pin(commands::operator::run(command)).await?,
        Command::Audit(command) => return Box::pin(commands::audit::run(command)).await,
        Command::Usage(args) => Box::pin(commands::usage::run(args)).await?,
        Command::Store(command) => Box::pin(commands::store::run(command)).await?,
        Command::Snippet(args) => commands::snippet::run(&args).await?,
        Command::Policies(args) => commands::policies::run(&args)?,
        Command::Schema(args) => commands::schema::run(&args)?,
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args)?,
        Command::Version(args) => commands::version::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The project has mistakes, so that a command cannot do its work.
#[derive(Debug)]
pub(crate) struct Broken(Diagnostics);

impl Broken {
    pub(crate) fn new(diagnostics: Diagnostics) -> Self {
        Self(diagnostics)
    }

    pub(crate) fn diagnostics(&self) -> &Diagnostics {
        &self.0
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the project has mistakes")
    }
}

impl std::error::Error for Broken {}

/// `EX_CONFIG` of `sysexits.h`: the project is broken.
pub(crate) fn exit_broken() -> ExitCode {
    ExitCode::from(78)
}

/// How diagnostics are drawn on standard error.
pub(crate) fn text_style() -> TextStyle {
    TextStyle { color: Palette::stderr().0, ..TextStyle::default() }
}

pub(crate) fn tell(error: &anyhow::Error) -> ExitCode {
    if let Some(broken) = error.downcast_ref::<Broken>() {
        output::note(broken.0.to_text(&text_style()).trim_end());
        return exit_broken();
    }
    output::note(format!("{} {error:#}", Palette::stderr().red("error:")));
    ExitCode::FAILURE
}

/// The project of a command that can do nothing without one.
pub(crate) async fn project_of(source: &ProjectSource) -> anyhow::Result<Arc<Project>> {
    let loaded = source.load().await?;
    loaded.project.ok_or_else(|| Broken::new(loaded.diagnostics).into())
}
