//! The command `git`, as the gateway runs it: whoever has a repository has git; and the files of a commit.

mod address;
mod checkout;
mod documents;
mod remote;
mod tree;

use std::path::Path;
use std::process::{Command, Stdio};

pub use address::GitAddress;
pub(crate) use checkout::Checkout;
pub(crate) use documents::GitDocuments;
use remote::Remote;
pub(crate) use tree::GitTree;

/// Git, in a folder, without network of its own accord, pager, questions and programs that the settings of
/// a repository name.
pub(crate) fn command(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(folder)
        .args(["--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    git
}
