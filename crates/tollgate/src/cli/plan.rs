//! `plan`.

use std::path::PathBuf;

use clap::Args;

use super::{Output, ProjectArgs};

/// `plan`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate plan my-api
      Against the gateway that runs on my-api/.tollgate
  tollgate plan my-api --data-dir /var/lib/tollgate
      Against the gateway that runs on that folder
  tollgate plan my-api --against main --markdown > comment.md
      For a pull request: against a branch, a tag or a commit
  tollgate plan my-api --against origin/main --detailed-exit-code
      For a pipeline that stops where something becomes weaker
  tollgate plan my-api --against ../before
  tollgate plan my-api --replay access.log
      Which recorded requests would be answered differently; `-` reads standard input

Exit codes: 0 compared · 1 failed · 2 wrong usage · 78 a project is broken
With --detailed-exit-code: 0 nothing changes · 3 only changes that weaken nothing · 4 something becomes weaker
(becomes public, loses a limit, a signature, a validation or another check)")]
pub struct PlanArgs {
    /// The project as it shall become
    #[command(flatten)]
    pub project: ProjectArgs,
    /// What it is compared with: `running`, a git ref, or the folder of another state of the project
    #[arg(long, value_name = "running|GITREF|DIR", default_value = "running")]
    pub against: String,
    /// The folder of the data of the running gateway. Default: .tollgate in the project
    #[arg(long, value_name = "DIR", env = "TOLLGATE_DATA_DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// Tell which requests of this access log (JSON lines) would be answered differently; `-` for
    /// standard input
    #[arg(long, value_name = "LOG")]
    pub replay: Option<PathBuf>,
    /// How to print the changes
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Print the changes as Markdown, for a pull request
    #[arg(long, conflicts_with = "output")]
    pub markdown: bool,
    /// Let the exit code say what kind of changes there are
    #[arg(long)]
    pub detailed_exit_code: bool,
}
