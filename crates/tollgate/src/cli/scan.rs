//! `key scan`.

use std::path::PathBuf;

use clap::Args;
use tollgate_core::units::Size;

use super::StoreArgs;

/// `key scan`
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// A folder or a file; with --history, a git repository; `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Look at everything in the history of the repository instead of its files
    #[arg(long)]
    pub history: bool,
    /// Only these commits of the history: main..HEAD
    #[arg(long, value_name = "COMMITS", requires = "history")]
    pub range: Option<String>,
    /// A further prefix that keys have, besides `keys.prefix` of the project (repeatable)
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Vec<String>,
    /// Leave out what matches, as a line of .gitignore would (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Look at files that git ignores as well
    #[arg(long)]
    pub ignored: bool,
    /// Look at binary files as well
    #[arg(long)]
    pub binary: bool,
    /// Leave out files that are larger
    #[arg(long, value_name = "SIZE", default_value = "100MiB")]
    pub max_size: Size,
    /// Report the keys that the store knows as leaked, so that happens what their buckets say
    #[arg(long)]
    pub report: bool,
    /// Which store, to learn whose the keys are; without one they are judged by their form alone.
    #[command(flatten)]
    pub store: StoreArgs,
}
