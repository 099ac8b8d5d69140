//! A branch of somebody's repository: fetched into one of our own, without a history.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

use super::GitAddress;
use crate::data_dir;

/// Where the commit is kept in the repository, so that it is not collected.
const REF: &str = "refs/tollgate/head";
/// What git locks while it fetches.
const LOCKS: [&str; 5] =
    ["shallow.lock", "packed-refs.lock", "config.lock", "refs/tollgate/head.lock", "objects/maintenance.lock"];
/// Says who asks, by variables: nothing of it stands on a command line.
const LOGIN: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$TOLLGATE_GIT_USER\" \"$TOLLGATE_GIT_PASSWORD\"; }; f";
/// What git tells is bounded: it may be a page of a proxy.
const TOLD: usize = 600;

/// A branch, and where its commits are fetched to. Nobody else works in that folder.
#[derive(Debug)]
pub(crate) struct Remote {
    address: GitAddress,
    repository: PathBuf,
}

impl Remote {
    pub(crate) fn new(address: GitAddress, repository: PathBuf) -> Self {
        Self { address, repository }
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> &GitAddress {
        &self.address
    }

    /// Where it is fetched to.
    pub(super) fn repository(&self) -> &Path {
        &self.repository
    }

    /// Asks the repository which commit it is at, and fetches that.
    ///
    /// # Errors
    /// Where it cannot be reached in time, or has no such branch.
    pub(crate) async fn fetch(&self, timeout: Duration) -> anyhow::Result<String> {
        if !self.repository.join("HEAD").is_file() {
            data_dir::make_private(&self.repository)?;
            self.git(&["init", "--quiet", "--bare", "."], timeout).await?;
        }
        // Of a git that was ended in the middle; nobody else works here.
        for lock in LOCKS {
            let _ = std::fs::remove_file(self.repository.join(lock));
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
        Ok(String::from_utf8_lossy(&commit).trim().to_owned())
    }

    /// Runs git on the repository; what it answers.
    pub(super) async fn git(&self, arguments: &[&str], timeout: Duration) -> anyhow::Result<Vec<u8>> {
        self.finish(self.command(arguments), arguments, timeout).await
    }

    /// Git, as it is allowed to talk to this repository.
    pub(super) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut git = super::command(&self.repository);
        let scheme = self.address.scheme();
        git.args(["-c", "protocol.allow=never", "-c", &format!("protocol.{scheme}.allow=always")])
            // It tidies up while it is waited for, and not behind everybody's back.
            .args(["-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", "-c", "gc.pruneExpire=now"])
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "remote.source.url")
            .env("GIT_CONFIG_VALUE_0", self.address.url())
            .env("GIT_DIR", &self.repository)
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
    pub(super) async fn finish(
        &self,
        git: std::process::Command,
        arguments: &[&str],
        timeout: Duration,
    ) -> anyhow::Result<Vec<u8>> {
        let mut git = Command::from(git);
        git.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let child =
            git.spawn().context("git cannot be run\n  help: what comes from a repository needs the command `git`")?;
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
        Ok(output.stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repository_that_does_not_answer_is_given_up_in_time() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let address = format!("git+http://robot:hunter2@{}/a.git", silent.local_addr().unwrap());
        let remote = Remote::new(address.parse().unwrap(), folder.path().join("repository"));
        // Only `fetch` asks anybody.
        data_dir::make_private(&remote.repository).unwrap();
        remote.git(&["init", "--quiet", "--bare", "."], Duration::from_secs(20)).await.unwrap();
        let fetch = tokio::time::timeout(Duration::from_secs(20), remote.fetch(Duration::from_millis(300)));
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
