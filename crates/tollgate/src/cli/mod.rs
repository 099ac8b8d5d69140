//! The command line: what can be typed, and what its help says. What it does is in
//! [`crate::commands`].

mod bucket;
mod explain;
mod keys;
mod operation;
mod options;
mod plan;
mod scan;
mod scripts;
mod seeing;
mod serve;
mod snapshots;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use tollgate_core::units::Interval;

pub use bucket::{BucketCommand, LeakArg};
pub use explain::{ExplainArgs, Explained, HeaderArg, SecretArg};
pub use keys::{
    ConsumerCommand, ImportFormat, ImportKeysArgs, KeyCommand, KeyIdArgs, RevokeKeyArgs, RollKeyArgs, TokenCommand,
};
pub use operation::{
    AuditCommand, BackupStoreArgs, CopyStoreArgs, DebugTokenArgs, OperatorCommand, RestoreStoreArgs, StoreCommand,
    UsageArgs, UsageFormat, UsagePeriod,
};
pub use options::{EnvironmentArgs, ProjectArgs, ProjectFlag, StoreArgs, StoreFlag};
pub use plan::PlanArgs;
pub use scan::ScanArgs;
pub use scripts::{TestArgs, TypesArgs};
pub use seeing::{GatewayFlag, RequestsArgs, TopArgs};
pub use serve::{DevArgs, GitAddress, HealthcheckArgs, MapHost, RunArgs, ServeArgs, UpgradeArgs};
pub use snapshots::{RollbackArgs, SnapshotsCommand};

const AFTER: &str = "\
Start here:
  tollgate dev --upstream http://127.0.0.1:8888    A gateway in front of that address, no file needed
  tollgate init my-api --upstream http://127.0.0.1:8888 --openapi openapi.json
  tollgate dev my-api                              Hot reload, one readable line per request

Exit codes: 0 done · 1 failed, or `check` found mistakes · 2 wrong usage · 78 the project is broken";

/// A programmable API gateway: your OpenAPI document is the configuration
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about, after_help = AFTER, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a project that runs at once
    Init(InitArgs),
    /// Serve a project while it is being written: hot reload, readable lines, a development key
    Dev(Box<DevArgs>),
    /// Serve a project in production
    Run(Box<RunArgs>),
    /// Put a new process in the place of a running gateway: nobody is refused, nothing under way is cut
    ///
    /// For a new version of the binary, or for settings that only a start reads. The gateway starts its program
    /// again with the same arguments; the new process gets the listening sockets, and once it serves, the old one
    /// finishes what is under way. Where the new one does not come to serve, the old one goes on.
    Upgrade(UpgradeArgs),
    /// Ask a running gateway whether it can take traffic: exit code 0 if so
    Healthcheck(HealthcheckArgs),
    /// Make a running gateway read its project again
    ///
    /// Prints the diagnostics. A broken project changes nothing and gives exit code 78.
    Reload(ReloadArgs),
    /// The projects that were applied: list, show and compare them, lift a pin
    #[command(subcommand)]
    Snapshots(SnapshotsCommand),
    /// Go back to an earlier project, at once, and stay there until `snapshots unpin`
    ///
    /// The snapshot is in force when the command ends, and pinned: neither a changed file, nor a reload, nor a
    /// restart puts another project into force. Where no gateway runs, the next one serves it.
    Rollback(RollbackArgs),
    /// Make a running gateway tell more of a route, or of a part of itself, for a time
    ///
    /// Without a level: lists what is not as usual. It goes back by itself.
    LogLevel(LogLevelArgs),
    /// Find all mistakes of a project at once, each with its line and what to do
    Check(CheckArgs),
    /// List the routes of a project
    Routes(RoutesArgs),
    /// Tell what a change of a project does, route by route, before it is in force
    ///
    /// Compares the project with what runs, with a git ref or with another folder: routes that are added, removed,
    /// match differently, become public, lose or gain a limit, a signature, a validation; other changes of
    /// policies, handlers and upstreams; and settings that need a restart.
    Plan(Box<PlanArgs>),
    /// Tell what would become of a request, without sending it
    ///
    /// Which route it matches and why others do not, its parameters, every step of its pipeline with
    /// its place, and how each step would answer.
    Explain(Box<ExplainArgs>),
    /// List requests that a running gateway remembers: the last failures
    Requests(RequestsArgs),
    /// Watch a running gateway: routes, consumers, refusals, upstreams, store, scripts
    Top(TopArgs),
    /// Run the tests of a project against a gateway that is started for them
    Test(Box<TestArgs>),
    /// Write the types that give editors completion in modules
    Types(TypesArgs),
    /// Who calls: make, list, change and delete consumers
    #[command(subcommand)]
    Consumer(ConsumerCommand),
    /// Sets of consumers, and what happens to their keys when they leak
    #[command(subcommand)]
    Bucket(BucketCommand),
    /// API keys: make, list, revoke and roll them
    #[command(subcommand)]
    Key(KeyCommand),
    /// The keys that sign tokens for backends: list and rotate them
    #[command(subcommand)]
    Token(TokenCommand),
    /// Who may use the management API: make, list and revoke their tokens
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Who changed what: show, export and verify the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Who called what, and how often
    Usage(UsageArgs),
    /// Copy, back up and restore the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Print verification code for a backend
    Snippet(SnippetArgs),
    /// Test store, upstreams, issuer, keys and clock as a backend would see them
    Doctor(DoctorArgs),
    /// List the policies that a project can use
    Policies(PoliciesArgs),
    /// Print the JSON Schema that gives editors completion
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
    /// Print the version
    Version(VersionArgs),
}

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// `init`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate init my-api --upstream http://127.0.0.1:8888
      One route that takes every path: for backends without a document
  tollgate init my-api --upstream http://127.0.0.1:8888 --openapi openapi.json
      A copy of your document with `x-tollgate` in it; every byte that is yours stays as it is
  tollgate init my-api --upstream http://127.0.0.1:8888 --openapi http://127.0.0.1:8888/openapi.json --overlay
      For a document that a framework regenerates: what is ours stands in an overlay beside it")]
pub struct InitArgs {
    /// The folder of the new project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The backend: its URL
    #[arg(long, value_name = "URL")]
    pub upstream: String,
    /// Its OpenAPI document (3.0, 3.1 or 3.2; YAML or JSON)
    #[arg(long, value_name = "FILE|URL")]
    pub openapi: Option<String>,
    /// Keep what is ours in an overlay, so that the document can be regenerated
    #[arg(long, requires = "openapi")]
    pub overlay: bool,
    /// Overwrite files that exist
    #[arg(long)]
    pub force: bool,
}

/// `reload`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate reload my-api
  tollgate reload --data-dir /var/lib/tollgate
  tollgate reload my-api --canary 5m      Goes back by itself where errors jump
  kill -HUP $(pidof tollgate)      The same, without an answer")]
pub struct ReloadArgs {
    /// The folder of the project
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The folder of the data
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// Watch the errors of the changed routes for so long: where they jump, the snapshot before is put back
    /// and pinned
    #[arg(long, value_name = "DURATION")]
    pub canary: Option<Interval>,
    /// How to print what became of it
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `log-level`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate log-level --route getTodo debug --for 10m    Each request: policies, tries, header names
  tollgate log-level --target tollgate_proxy debug      What the gateway does, for ten minutes
  tollgate log-level                                    What is not as usual
  tollgate log-level --route getTodo reset")]
pub struct LogLevelArgs {
    /// The level; of a route `debug` or `reset`
    #[arg(value_enum, value_name = "LEVEL")]
    pub level: Option<LevelChoice>,
    /// The requests of this route, by its id
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    pub route: Option<String>,
    /// The gateway's own log of this target, such as tollgate_proxy::upstream
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// For how long; a day at most
    #[arg(long = "for", value_name = "DURATION", default_value = "10m")]
    pub time: Interval,
    /// The folder of the data
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// A level, or the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelChoice {
    /// What went wrong
    Error,
    /// And what may go wrong
    Warn,
    /// And what happened
    Info,
    /// And how it came about
    Debug,
    /// And every step
    Trace,
    /// As usual, at once
    Reset,
}

impl LevelChoice {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Reset => "reset",
        }
    }
}

/// How `check` prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckFormat {
    /// For people: lines, carets, help
    #[default]
    Text,
    /// For programs
    Json,
    /// For code scanning (SARIF 2.1.0)
    Sarif,
}

/// `check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate check my-api
  tollgate check my-api --format sarif > tollgate.sarif
  tollgate check my-api --against ../main/my-api
      Also prints what became public, signed or limited differently")]
pub struct CheckArgs {
    /// The project
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Another state of the project, to compare what is public, signed and limited
    #[arg(long, value_name = "DIR")]
    pub against: Option<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

/// `routes`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate routes my-api
  tollgate routes my-api --output json | jq -r '.[] | select(.authenticated | not) | .path'
      What is public")]
pub struct RoutesArgs {
    /// The project
    #[command(flatten)]
    pub project: ProjectArgs,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// The kinds of verification code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SnippetKind {
    /// A base class for Tornado handlers (python-jose)
    Tornado,
    /// A plugin for Bottle (PyJWT)
    Bottle,
    /// Python with PyJWT
    Pyjwt,
    /// Python with python-jose
    PythonJose,
    /// JavaScript with jose
    Jose,
}

/// `snippet`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate snippet tornado --project my-api > tollgate_auth.py
  tollgate snippet pyjwt --issuer https://api.example.com/__tollgate/issuer > tollgate_jwt.py")]
pub struct SnippetArgs {
    /// For what
    #[arg(value_enum, value_name = "KIND")]
    pub kind: SnippetKind,
    /// The issuer that it shall accept; the project's unless given
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// The project
    #[command(flatten)]
    pub project: ProjectFlag,
}

/// `doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate doctor my-api
  tollgate doctor my-api --data-dir /var/lib/tollgate --output json")]
pub struct DoctorArgs {
    /// The project
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The folder of the data
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// The store, in place of what the project says: sqlite://PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", env = "TOLLGATE_STORE", hide_env_values = true)]
    pub store: Option<StoreFlag>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `policies`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate policies
  tollgate policies rate-limit     Its page: options, examples, reasons")]
pub struct PoliciesArgs {
    /// Only this one, with its whole page
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Which schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SchemaKind {
    /// `tollgate.yaml`
    #[default]
    Server,
    /// `x-tollgate` in a document
    Document,
    /// The management API: its OpenAPI document
    Admin,
    /// A line of the access log
    AccessLog,
}

/// `schema`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  tollgate schema > tollgate.schema.json
  then in line 1 of tollgate.yaml:  # yaml-language-server: $schema=tollgate.schema.json
  tollgate schema --kind admin > management.openapi.json")]
pub struct SchemaArgs {
    /// Of what
    #[arg(long, value_enum, default_value_t)]
    pub kind: SchemaKind,
}

/// `completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  tollgate completions bash > /etc/bash_completion.d/tollgate")]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate man | man -l -
  tollgate man --dir /usr/share/man/man1     One page for each command")]
pub struct ManArgs {
    /// Write the pages of all commands into this folder instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `version`
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// The whole command line, for the reference, the completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definitions_do_not_contradict_each_other() {
        super::command().debug_assert();
    }

    #[test]
    fn every_option_says_what_it_is_for() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&super::command());
    }
}
