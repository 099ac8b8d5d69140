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
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::fs::{CWD, RenameFlags};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::GitAddress;
use crate::data_dir::{self, DataDir};

const FOLDER: &str = "source";
const RECORD: &str = "checkout.json";
/// Where the commit is kept in the repository, so that it is not collected.
const REF: &str = "refs/tollgate/head";
/// What git locks while it fetches.
const LOCKS: [&str; 5] =
    ["shallow.lock", "packed-refs.lock", "config.lock", "refs/tollgate/head.lock", "objects/maintenance.lock"];
/// Says who asks, by variables: nothing of it stands on a command line.
const LOGIN: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$TOLLGATE_GIT_USER\" \"$TOLLGATE_GIT_PASSWORD\"; }; f";
/// What git tells is bounded: it may be a page of a proxy.
const TOLD: usize = 600;

/// What is checked out.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    from: String,
    commit: String,
}

/// A project of a repository.
#[derive(Debug)]
pub(crate) struct Checkout {
    address: GitAddress,
    folder: PathBuf,
}

impl Checkout {
    /// That of a data folder.
    pub(crate) fn new(address: GitAddress, data: &DataDir) -> Self {
        let checkout = Self { address, folder: data.file(FOLDER) };
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
        &self.address
    }

    /// The folder of the project: always the same, whatever commit is checked out.
    pub(crate) fn project(&self) -> PathBuf {
        self.current().join("tree").join(self.address.folder())
    }

    /// The commit that is checked out, where it comes from here.
    pub(crate) fn commit(&self) -> Option<String> {
        let record: Record = serde_json::from_slice(&fs::read(self.current().join(RECORD)).ok()?).ok()?;
        (record.from == self.address.to_string()).then_some(record.commit)
    }

    /// Asks the repository which commit it is at, and fetches that.
    pub(crate) async fn fetch(&self, timeout: Duration) -> anyhow::Result<String> {
        let repository = self.repository();
        if !repository.join("HEAD").is_file() {
            data_dir::make_private(&repository)?;
            self.git(&["init", "--quiet", "--bare", "."], timeout).await?;
        }
        // Of a git that was ended in the middle; nobody else works here.
        for lock in LOCKS {
            let _ = fs::remove_file(repository.join(lock));
        }
        let refspec = format!("+{}:{REF}", self.address.branch());
        // With a forced push the branch is at a commit that does not follow on the one before: that is fine.
        let fetch = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--update-shallow",
            "--no-write-fetch-head",
            "source",
            &refspec,
        ];
        self.git(&fetch, timeout).await.with_context(|| format!("cannot fetch {}", self.address))?;
        let commit = self.git(&["rev-parse", "--verify", "--quiet", &format!("{REF}^{{commit}}")], timeout).await?;
        Ok(commit.trim().to_owned())
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
        let project = tree.join(self.address.folder());
        if !project.is_dir() {
            bail!("commit {commit} of {} has no such folder", self.address);
        }
        let record = Record { from: self.address.to_string(), commit: commit.to_owned() };
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

    fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// Runs git on the repository.
    async fn git(&self, arguments: &[&str], timeout: Duration) -> anyhow::Result<String> {
        self.finish(self.command(arguments), arguments, timeout).await
    }

    /// Runs git on the repository and on the files that are to be checked out.
    async fn git_with_tree(&self, arguments: &[&str], timeout: Duration) -> anyhow::Result<String> {
        let mut git = self.command(arguments);
        git.env("GIT_WORK_TREE", self.folder.join("next/tree")).env("GIT_INDEX_FILE", self.folder.join("next/index"));
        self.finish(git, arguments, timeout).await
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut git = super::command(&self.repository());
        let scheme = self.address.scheme();
        git.args(["-c", "protocol.allow=never", "-c", &format!("protocol.{scheme}.allow=always")])
            // It tidies up while it is waited for, and not behind everybody's back.
            .args(["-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", "-c", "gc.pruneExpire=now"])
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "remote.source.url")
            .env("GIT_CONFIG_VALUE_0", self.address.url())
            .env("GIT_DIR", self.repository())
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env_remove("GIT_TRACE_CURL")
            .env_remove("GIT_OBJECT_DIRECTORY")
            .args(arguments);
        if let Some((user, password)) = self.address.login() {
            // The first takes away the helpers that are set up elsewhere: they may know another password.
            git.env("GIT_CONFIG_COUNT", "3")
                .env("GIT_CONFIG_KEY_1", "credential.helper")
                .env("GIT_CONFIG_VALUE_1", "")
                .env("GIT_CONFIG_KEY_2", "credential.helper")
                .env("GIT_CONFIG_VALUE_2", LOGIN)
                .env("TOLLGATE_GIT_USER", user)
                .env("TOLLGATE_GIT_PASSWORD", password);
        }
        if std::env::var_os("GIT_SSH_COMMAND").is_none() && std::env::var_os("GIT_SSH").is_none() {
            git.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10");
        }
        git
    }

    /// Waits for git, and ends it, with all that it started, when its time is up.
    async fn finish(
        &self,
        git: std::process::Command,
        arguments: &[&str],
        timeout: Duration,
    ) -> anyhow::Result<String> {
        let mut git = Command::from(git);
        git.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let child = git.spawn().context("git cannot be run\n  help: `--from git+…` needs the command `git`")?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let Ok(output) = tokio::time::timeout(timeout, child.wait_with_output()).await else {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            bail!("git {} took longer than {timeout:?}", arguments.first().unwrap_or(&""));
        };
        let output = output.context("git cannot be waited for")?;
        if !output.status.success() {
            let told = self.address.redact(&String::from_utf8_lossy(&output.stderr));
            let told: String = told.trim().chars().take(TOLD).map(|c| if c.is_control() { ' ' } else { c }).collect();
            bail!("git {}: {told}", arguments.first().unwrap_or(&""));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repository_that_does_not_answer_is_given_up_in_time() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let address = format!("git+http://robot:hunter2@{}/a.git", silent.local_addr().unwrap());
        let checkout = Checkout::new(address.parse().unwrap(), &data);
        // Only `fetch` asks anybody.
        data_dir::make_private(&checkout.repository()).unwrap();
        checkout.git(&["init", "--quiet", "--bare", "."], Duration::from_secs(20)).await.unwrap();
        let fetch = tokio::time::timeout(Duration::from_secs(20), checkout.fetch(Duration::from_millis(300)));
        let error = format!("{:#}", fetch.await.expect("it is given up").unwrap_err());
        assert!(error.contains("git fetch took longer than 300ms"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        // What git started has ended too: the connection is closed from the other side.
        let (mut stream, _) = silent.accept().await.unwrap();
        let mut sent = Vec::new();
        let ended = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut sent);
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the helper of git has ended");
        assert!(ended.is_ok() || !sent.is_empty());
    }
}
