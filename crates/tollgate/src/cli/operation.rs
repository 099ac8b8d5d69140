//! `operator`, `audit`, `usage` and `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tollgate_core::store::Scope;
use tollgate_core::units::Interval;

use super::StoreArgs;

/// `operator …`
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Make a token for the management API; it is shown once, and only its hash is kept
    #[command(after_help = "\
Scopes:
  read               look at everything but secrets
  keys:write         make, roll and end keys
  leaks:write        report leaked keys, and nothing else
  consumers:write    make, change and delete consumers, buckets and managers
  project            reload the project, rotate the signing keys, set log levels
  admin              everything, operators included

Examples:
  tollgate operator create ci --scope keys:write --expires 90d
  TOKEN=$(tollgate operator create grafana --scope read)")]
    Create(CreateOperatorArgs),
    /// List operators: their scopes, and when their tokens were last used
    List(ListOperatorsArgs),
    /// Refuse an operator's token from now on, for good
    Revoke(RevokeOperatorArgs),
    /// Make a token with which requests are told, in their answers, what happened to them
    ///
    /// Send it in `X-Tollgate-Debug`; the answer tells in `X-Tollgate-Trace` what matched, each step with
    /// its verdict and time, and the reason. It never reaches the upstream, and ends by itself.
    #[command(after_help = "\
Examples:
  TOKEN=$(tollgate operator debug-token)
  curl -si http://127.0.0.1:9000/todos -H \"X-Tollgate-Debug: $TOKEN\" | grep -i x-tollgate-trace
  tollgate operator debug-token --route getTodos --expires 5m")]
    DebugToken(DebugTokenArgs),
}

/// `operator create`
#[derive(Debug, Args)]
pub struct CreateOperatorArgs {
    /// Its name, as the audit log will have it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it may do (repeatable): read, keys:write, consumers:write, project, admin
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    pub scopes: Vec<Scope>,
    /// When its token ends: 30d from now, or a moment such as 2030-01-31T00:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `operator debug-token`
#[derive(Debug, Args)]
pub struct DebugTokenArgs {
    /// The only route that it is for, by id; all unless given
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// How long it is good, up to 1h
    #[arg(long, value_name = "DURATION", default_value = "15m")]
    pub expires: Interval,
    /// Which gateway.
    #[command(flatten)]
    pub gateway: super::GatewayFlag,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub output: super::Output,
}

/// `operator list`
#[derive(Debug, Args)]
pub struct ListOperatorsArgs {
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `operator revoke`
#[derive(Debug, Args)]
pub struct RevokeOperatorArgs {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Show who changed what, the latest first
    #[command(after_help = "\
Examples:
  tollgate audit list
  tollgate audit list --action key. --since 7d     Everything about keys
  tollgate audit list --target key_0192f3 --output json")]
    List(ListAuditArgs),
    /// Print the whole log, the oldest first: one JSON object a line
    #[command(after_help = "\
Example:
  tollgate audit export > audit.jsonl")]
    Export(ExportAuditArgs),
    /// Compute the chain of hashes anew: has anything been changed, removed or put in between?
    ///
    /// Whether the end was cut off shows only against a hash that was kept elsewhere: note the one that
    /// this prints, and give it with --head the next time. Exit code 1 where something is wrong.
    #[command(after_help = "\
Examples:
  tollgate audit verify
  tollgate audit verify --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    Verify(VerifyAuditArgs),
}

/// `audit list`
#[derive(Debug, Args)]
pub struct ListAuditArgs {
    /// Only what this operator or user did
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Only this action; with a dot at its end (`key.`) all that begin so
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only what was done to this: an id or a name
    #[arg(long, value_name = "ID")]
    pub target: Option<String>,
    /// Only what is not older than this
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Interval>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub limit: usize,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `audit export`
#[derive(Debug, Args)]
pub struct ExportAuditArgs {
    /// Only what comes behind this place
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    pub after: i64,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `audit verify`
#[derive(Debug, Args)]
pub struct VerifyAuditArgs {
    /// A hash that was the last one once: it must still be there
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// In which spans usage is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum UsagePeriod {
    /// Kept for two days
    Minute,
    /// Kept for ninety days
    #[default]
    Hour,
    /// Kept for four hundred days
    Day,
}

/// How usage is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum UsageFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// For spreadsheets (RFC 4180)
    Csv,
}

/// `usage`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate usage                                   The last day, by the hour
  tollgate usage acme --period day --since 30d
  tollgate usage --period day --since 30d --format csv > usage.csv")]
pub struct UsageArgs {
    /// Only this consumer's
    #[arg(value_name = "CONSUMER")]
    pub consumer: Option<String>,
    /// The consumer's set
    #[arg(long, value_name = "BUCKET", default_value = "default")]
    pub bucket: String,
    /// Only this key's, by id
    #[arg(long, value_name = "ID")]
    pub key: Option<String>,
    /// Only this route's, by id
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// In which spans
    #[arg(long, value_enum, default_value_t)]
    pub period: UsagePeriod,
    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "1d")]
    pub since: Interval,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: UsageFormat,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `store …`
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copy everything from one store into another: all of it, or nothing
    ///
    /// The target must be empty, or hold an earlier copy of the same store. Both may be in use; what is
    /// changed in the source meanwhile is not copied, so stop the gateways that write to it, or copy again.
    #[command(after_help = "\
Example:
  tollgate store copy sqlite:///var/lib/tollgate/tollgate.db postgres://tollgate@db/tollgate")]
    Copy(CopyStoreArgs),
    /// Write everything into a file (SQLite), while gateways run
    #[command(after_help = "\
Examples:
  tollgate store backup backup.db --data-dir /var/lib/tollgate
  tollgate store backup backup.db --store postgres://tollgate@db/tollgate")]
    Backup(BackupStoreArgs),
    /// Put what a backup holds in the place of what the store holds; gateways take it over by themselves
    ///
    /// Consumers, keys and operators that were made since are gone, and keys that were revoked since are
    /// good again. The audit log is kept, and says that this was done.
    #[command(after_help = "\
Example:
  tollgate store restore backup.db --data-dir /var/lib/tollgate --yes")]
    Restore(RestoreStoreArgs),
}

/// `store copy`
#[derive(Debug, Args)]
pub struct CopyStoreArgs {
    /// The store to read: a URL or a path
    #[arg(value_name = "FROM")]
    pub from: super::StoreFlag,
    /// The store to write: a URL or a path
    #[arg(value_name = "TO")]
    pub to: super::StoreFlag,
    /// The data folder whose master key seals the signing keys; that beside a file unless given
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How to print what was copied
    #[arg(long, value_enum, default_value_t)]
    pub output: super::Output,
}

/// `store backup`
#[derive(Debug, Args)]
pub struct BackupStoreArgs {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `store restore`
#[derive(Debug, Args)]
pub struct RestoreStoreArgs {
    /// The file that `store backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Really do it
    #[arg(long)]
    pub yes: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}
