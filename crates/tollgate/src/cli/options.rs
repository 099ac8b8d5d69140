//! Options that several commands share.

use std::path::PathBuf;

use clap::Args;

use super::Output;

/// Which values `$env(NAME)` has.
#[derive(Debug, Clone, Default, Args)]
pub struct EnvironmentArgs {
    /// Merge tollgate.NAME.yaml over tollgate.yaml
    #[arg(long = "env", value_name = "NAME", help_heading = "Project")]
    pub env: Option<String>,
    /// Read values for $env(NAME) from here instead of the project's .env; the process environment
    /// wins over both
    #[arg(long, value_name = "PATH", help_heading = "Project")]
    pub env_file: Option<PathBuf>,
}

/// A project as the first argument.
#[derive(Debug, Clone, Args)]
pub struct ProjectArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Its environment
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

/// A project as an option, where the arguments are something else.
#[derive(Debug, Clone, Args)]
pub struct ProjectFlag {
    /// The folder of the project; this folder unless given
    #[arg(long = "project", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Its environment
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

/// The URL of a store. There may be a password in it, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreFlag(pub String);

impl std::fmt::Debug for StoreFlag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreFlag(…)")
    }
}

impl std::str::FromStr for StoreFlag {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Which store: of a data folder, or of a project.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The folder of the data. Default: .tollgate in the project
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true, help_heading = "Store")]
    pub data_dir: Option<PathBuf>,
    /// The store, in place of what the project says: sqlite://PATH or postgres://USER@HOST/DATABASE
    #[arg(long = "store", value_name = "URL", env = "TOLLGATE_STORE", hide_env_values = true, help_heading = "Store")]
    pub url: Option<StoreFlag>,
    /// The folder of the project, for its settings; this folder unless given
    #[arg(long = "project", value_name = "DIR", help_heading = "Store")]
    pub project: Option<PathBuf>,
    /// Its environment
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}
