//! The commit that a folder is at, where it is under git.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::git;

/// A folder that is not under git, or a git that is slow, must not hold up a reload.
const PATIENCE: Duration = Duration::from_secs(2);

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revision {
    pub(crate) commit: String,
    /// Whether the folder has changes that are not in it.
    pub(crate) uncommitted: bool,
}

impl Revision {
    /// That of a folder; none where it is not under git, or git does not say.
    pub(crate) async fn of(folder: &Path) -> Option<Self> {
        tokio::time::timeout(PATIENCE, Self::ask(folder)).await.ok().flatten()
    }

    async fn ask(folder: &Path) -> Option<Self> {
        let commit = output(folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).await?;
        let changes = output(folder, &["status", "--porcelain", "--untracked-files=normal", "--", "."]).await;
        // Where git does not say whether there are changes, there may be some.
        Some(Self { commit, uncommitted: changes.is_none_or(|changes| !changes.is_empty()) })
    }
}

async fn output(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = tokio::process::Command::from(git::command(folder));
    git.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let output = git.output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
