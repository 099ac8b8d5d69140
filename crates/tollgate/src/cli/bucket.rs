//! `bucket`.

use clap::{Args, Subcommand, ValueEnum};
use tollgate_core::keys::LeakAction;

use super::StoreArgs;

/// `bucket …`
#[derive(Debug, Subcommand)]
pub enum BucketCommand {
    /// List buckets and their settings
    List(ListBucketsArgs),
    /// Change the settings of a bucket
    #[command(after_help = "\
Example:
  tollgate bucket update default --on-leak quarantine")]
    Update(UpdateBucketArgs),
}

/// `bucket list`
#[derive(Debug, Args)]
pub struct ListBucketsArgs {
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `bucket update`
#[derive(Debug, Args)]
pub struct UpdateBucketArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What happens to a key that leaked
    #[arg(long, value_enum)]
    pub on_leak: OnLeak,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// What happens to a key that leaked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnLeak {
    /// It is refused for good
    Revoke,
    /// It is refused until `key release`
    Quarantine,
    /// It is written down, and goes on working
    Report,
}

impl From<OnLeak> for LeakAction {
    fn from(on_leak: OnLeak) -> Self {
        match on_leak {
            OnLeak::Revoke => Self::Revoke,
            OnLeak::Quarantine => Self::Quarantine,
            OnLeak::Report => Self::Report,
        }
    }
}
