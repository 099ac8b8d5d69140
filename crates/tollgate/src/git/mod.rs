//! The command `git`, as everything here runs it; and the files of a commit.

mod tree;

use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) use tree::GitTree;

/// Git, in a repository, without network, pager, questions and programs that its settings name.
pub(crate) fn git(repository: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(repository)
        .args(["--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false"])
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    git
}
