//! `snapshots …` and `rollback`.

use clap::{Args, Subcommand};

use super::StoreArgs;

/// `snapshots …`
#[derive(Debug, Subcommand)]
pub enum SnapshotsCommand {
    /// List the projects that were applied: the last twenty, the latest first
    #[command(after_help = "\
Examples:
  tollgate snapshots list --project my-api
  tollgate snapshots list --data-dir /var/lib/tollgate --output json")]
    List(ListSnapshotsArgs),
    /// Show one with the names of its files
    #[command(after_help = "\
Example:
  tollgate snapshots show 12 --data-dir /var/lib/tollgate")]
    Show(ShowSnapshotArgs),
    /// Compare two, file by file; secrets are not shown
    #[command(after_help = "\
Examples:
  tollgate snapshots diff 11 12 --data-dir /var/lib/tollgate
  tollgate snapshots diff 11 12 --output json")]
    Diff(DiffSnapshotsArgs),
    /// Let other projects be put into force again
    ///
    /// What is in force stays so until the next reload or restart, or the next commit of the repository that the
    /// project comes from.
    #[command(after_help = "\
Example:
  tollgate snapshots unpin --data-dir /var/lib/tollgate && tollgate reload --data-dir /var/lib/tollgate")]
    Unpin(UnpinSnapshotArgs),
}

/// `snapshots list`
#[derive(Debug, Args)]
pub struct ListSnapshotsArgs {
    /// Whose
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `snapshots show`
#[derive(Debug, Args)]
pub struct ShowSnapshotArgs {
    /// Its number
    #[arg(value_name = "ID")]
    pub id: u32,
    /// Whose
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `snapshots diff`
#[derive(Debug, Args)]
pub struct DiffSnapshotsArgs {
    /// The number of the older side
    #[arg(value_name = "A")]
    pub from: u32,
    /// The number of the newer side
    #[arg(value_name = "B")]
    pub to: u32,
    /// Whose
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `snapshots unpin`
#[derive(Debug, Args)]
pub struct UnpinSnapshotArgs {
    /// Whose
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `rollback`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate rollback --data-dir /var/lib/tollgate
  tollgate rollback 12 --project my-api
  tollgate snapshots unpin --project my-api        Lets the project on disk be put into force again")]
pub struct RollbackArgs {
    /// The number of the snapshot; the one before that in force unless given
    #[arg(value_name = "ID")]
    pub id: Option<u32>,
    /// Whose
    #[command(flatten)]
    pub store: StoreArgs,
}
