//! `bucket`.

use clap::{Args, Subcommand, ValueEnum};

use super::StoreArgs;

/// `bucket …`
#[derive(Debug, Subcommand)]
pub enum BucketCommand {
    /// Make a bucket; one that is not there is also made by its first consumer
    #[command(after_help = "\
Example:
  tollgate bucket create partners --on-leak quarantine")]
    Create(CreateBucketArgs),
    /// List buckets
    List(ListBucketsArgs),
    /// Change what happens to keys that leak, or the description
    Update(UpdateBucketArgs),
    /// Delete a bucket with all of its consumers and their keys
    Delete(DeleteBucketArgs),
}

/// What happens to a key that leaked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LeakArg {
    /// It is refused for good
    Revoke,
    /// It is refused until somebody releases it
    Quarantine,
    /// It is written down, and goes on working
    Report,
}

/// `bucket create`
#[derive(Debug, Args)]
pub struct CreateBucketArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What happens to a key of it that leaked
    #[arg(long, value_enum, default_value = "revoke")]
    pub on_leak: LeakArg,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
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
    /// What happens to a key of it that leaked
    #[arg(long, value_enum, required_unless_present = "description")]
    pub on_leak: Option<LeakArg>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `bucket delete`
#[derive(Debug, Args)]
pub struct DeleteBucketArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Really do it
    #[arg(long)]
    pub yes: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,
}
