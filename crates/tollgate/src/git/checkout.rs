//! A project of a repository, in the data folder.
//!
//! ```text
//! source/
//!   repository/   what was fetched: the commits that the branch was at
//!   current/      the one that is on disk, replaced whole
//!     checkout.json
//!     tree/       its files
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::fs::{CWD, RenameFlags};
use serde::{Deserialize, Serialize};

use super::{GitAddress, Remote};
use crate::data_dir::{self, DataDir};

const FOLDER: &str = "source";
const RECORD: &str = "checkout.json";
/// What is checked out.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    from: String,
    commit: String,
}

/// A project of a repository.
#[derive(Debug)]
pub(crate) struct Checkout {
    remote: Remote,
    folder: PathBuf,
}

impl Checkout {
    /// That of a data folder.
    pub(crate) fn new(address: GitAddress, data: &DataDir) -> Self {
        let folder = data.file(FOLDER);
        let checkout = Self { remote: Remote::new(address, folder.join("repository")), folder };
        let former = checkout.folder.join("former");
        if former.exists() && !checkout.current().exists() {
            // A process ended between the two steps of a swap.
            let _ = fs::rename(former, checkout.current());
        }
        checkout
    }

    /// Whether a folder is one in which commits are checked out, so that it is replaced with each.
    pub(crate) fn holds(project: &Path, data: &DataDir) -> bool {
        project.starts_with(data.file(FOLDER))
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> &GitAddress {
        self.remote.address()
    }

    /// The folder of the project: always the same, whatever commit is checked out.
    pub(crate) fn project(&self) -> PathBuf {
        self.current().join("tree").join(self.address().path())
    }

    /// The commit that is checked out, where it comes from here.
    pub(crate) fn commit(&self) -> Option<String> {
        let record: Record = serde_json::from_slice(&fs::read(self.current().join(RECORD)).ok()?).ok()?;
        (record.from == self.address().to_string()).then_some(record.commit)
    }

    /// Asks the repository which commit it is at, and fetches that.
    pub(crate) async fn fetch(&self, timeout: Duration) -> anyhow::Result<String> {
        self.remote.fetch(timeout).await
    }

    /// Puts the files of a fetched commit in the place of those that were there, all at once.
    pub(crate) async fn check_out(&self, commit: &str, timeout: Duration) -> anyhow::Result<()> {
        if self.commit().as_deref() == Some(commit) && self.project().is_dir() {
            return Ok(());
        }
        let draft = self.folder.join("next");
        tokio::task::block_in_place(|| remove(&draft))?;
        let tree = draft.join("tree");
        data_dir::make_private(&tree)?;
        self.git_with_tree(&["read-tree", commit], timeout).await?;
        self.git_with_tree(&["checkout-index", "--all", "--force", "--quiet"], timeout)
            .await
            .with_context(|| format!("commit {commit} cannot be checked out"))?;
        let project = tree.join(self.address().path());
        if !project.is_dir() {
            bail!("commit {commit} of {} has no such folder", self.address());
        }
        let record = Record { from: self.address().to_string(), commit: commit.to_owned() };
        data_dir::write_unsynced(&draft.join(RECORD), serde_json::to_string(&record)?.as_bytes())?;
        tokio::task::block_in_place(|| {
            rustix::fs::syncfs(fs::File::open(&draft)?)?;
            self.swap(&draft)?;
            fs::File::open(&self.folder)?.sync_all()?;
            remove(&draft)
        })
    }

    /// One step where the file system knows it, so that whoever looks sees one commit or the other.
    fn swap(&self, draft: &Path) -> anyhow::Result<()> {
        let current = self.current();
        if !current.exists() {
            return Ok(fs::rename(draft, current)?);
        }
        if rustix::fs::renameat_with(CWD, draft, CWD, &current, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
        let former = self.folder.join("former");
        remove(&former)?;
        fs::rename(&current, &former)?;
        fs::rename(draft, &current)?;
        remove(&former)
    }

    fn current(&self) -> PathBuf {
        self.folder.join("current")
    }

    /// Runs git on the repository and on the files that are to be checked out.
    async fn git_with_tree(&self, arguments: &[&str], timeout: Duration) -> anyhow::Result<()> {
        let mut git = self.remote.command(arguments);
        git.env("GIT_WORK_TREE", self.folder.join("next/tree")).env("GIT_INDEX_FILE", self.folder.join("next/index"));
        self.remote.finish(git, arguments, timeout).await.map(drop)
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
