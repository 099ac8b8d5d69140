//! Documents of a project that lie in repositories. Whatever one reading of a project takes from a branch is of
//! the same commit.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use super::{GitAddress, Remote};

/// How names of documents that lie in repositories begin.
const SCHEME: &str = "git+";
/// How large a document may be.
const LARGEST: u64 = 64 << 20;

/// The branches that documents come from. What was fetched is kept, so that the next time only what is new is.
#[derive(Debug, Default)]
pub(crate) struct GitDocuments(Mutex<Branches>);

#[derive(Debug, Default)]
struct Branches {
    /// Made when it is first needed.
    folder: Option<TempDir>,
    remotes: HashMap<GitAddress, Remote>,
}

/// One reading of a project, which no other disturbs.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    documents: &'a GitDocuments,
    /// For each step of git.
    timeout: Duration,
    branches: Option<MutexGuard<'a, Branches>>,
    /// The commit of each branch, or why it cannot be had.
    commits: HashMap<GitAddress, Result<String, String>>,
}

impl GitDocuments {
    /// Whether the address of a document is one of a repository.
    pub(crate) fn has(address: &str) -> bool {
        address.starts_with(SCHEME)
    }

    /// Begins to read.
    pub(crate) fn begin(&self, timeout: Duration) -> Reading<'_> {
        Reading { documents: self, timeout, branches: None, commits: HashMap::new() }
    }
}

impl Reading<'_> {
    /// What a document is at this moment.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    pub(crate) async fn document(&mut self, address: &str) -> Result<Vec<u8>, String> {
        let address: GitAddress = address.parse()?;
        if address.path().as_os_str().is_empty() {
            return Err(
                "it names a repository, and no document in it\n  help: git+https://HOST/REPOSITORY#BRANCH:PATH"
                    .to_owned(),
            );
        }
        let branches = match &mut self.branches {
            Some(branches) => branches,
            none => none.insert(self.documents.0.lock().await),
        };
        let branch = address.without_path();
        let remote = branches.remote(&branch).map_err(|error| format!("{error:#}"))?;
        let commit = match self.commits.get(&branch) {
            Some(commit) => commit.clone(),
            None => {
                let commit = fetch(remote, self.timeout).await.map_err(|error| format!("{error:#}"));
                self.commits.insert(branch, commit.clone());
                commit
            }
        };
        read(remote, &commit?, &address, self.timeout).await.map_err(|error| format!("{error:#}"))
    }
}

impl Branches {
    fn remote(&mut self, branch: &GitAddress) -> anyhow::Result<&Remote> {
        let folder = match &mut self.folder {
            Some(folder) => folder,
            none => none.insert(
                tempfile::Builder::new().prefix("tollgate-documents-").tempdir().context("no temporary folder")?,
            ),
        };
        let place = folder.path().join(self.remotes.len().to_string());
        Ok(self.remotes.entry(branch.clone()).or_insert_with(|| Remote::new(branch.clone(), place)))
    }
}

/// Fetches; once more from nothing where what was kept may be in the way: somebody tidied up among temporary files.
async fn fetch(remote: &Remote, timeout: Duration) -> anyhow::Result<String> {
    let kept = remote.repository().exists();
    match remote.fetch(timeout).await {
        Err(_) if kept => {
            let _ = tokio::fs::remove_dir_all(remote.repository()).await;
            remote.fetch(timeout).await
        }
        fetched => fetched,
    }
}

async fn read(remote: &Remote, commit: &str, address: &GitAddress, timeout: Duration) -> anyhow::Result<Vec<u8>> {
    let path = address.path().display();
    let object = format!("{commit}:{path}");
    let size = remote.git(&["cat-file", "-s", &object], timeout).await;
    let size =
        size.map_err(|_| anyhow::anyhow!("there is no such file in commit {}", &commit[..commit.len().min(12)]))?;
    let size: u64 = String::from_utf8_lossy(&size).trim().parse().context("git gives no size")?;
    if size > LARGEST {
        bail!("it has {size} bytes; {LARGEST} are the most");
    }
    remote.git(&["cat-file", "blob", &object], timeout).await.context("it is no file")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    fn git(folder: &Path, arguments: &[&str]) {
        let settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(folder).args(settings).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(folder: &Path, text: &str) {
        std::fs::write(folder.join("api.yaml"), text).unwrap();
        git(folder, &["add", "."]);
        git(folder, &["commit", "--quiet", "-m", "a change"]);
    }

    #[tokio::test]
    async fn one_reading_sees_one_commit_and_the_next_one_the_latest_even_where_what_was_kept_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
        commit(folder.path(), "one");
        let documents = GitDocuments::default();
        let address = format!("git+file://{}#main:api.yaml", folder.path().display());
        let mut reading = documents.begin(SOON);
        assert_eq!(reading.document(&address).await.unwrap(), b"one");
        commit(folder.path(), "two");
        assert_eq!(reading.document(&address).await.unwrap(), b"one");
        drop(reading);
        assert_eq!(documents.begin(SOON).document(&address).await.unwrap(), b"two");
        commit(folder.path(), "three");
        let kept = documents.0.lock().await.folder.as_ref().unwrap().path().to_owned();
        std::fs::remove_dir_all(kept.join("0/objects")).unwrap();
        assert_eq!(documents.begin(SOON).document(&address).await.unwrap(), b"three");
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
        std::fs::create_dir(folder.path().join("apis")).unwrap();
        std::fs::write(folder.path().join("apis/x.yaml"), "x").unwrap();
        commit(folder.path(), "one");
        let documents = GitDocuments::default();
        let from = format!("git+file://{}", folder.path().display());
        for (place, why) in [
            ("", "no document in it"),
            ("#main", "no document in it"),
            ("#main:other.yaml", "no such file in commit"),
            ("#main:apis", "it is no file"),
            ("#other:api.yaml", "cannot fetch"),
            ("#main:../x", "no path"),
        ] {
            let error = documents.begin(SOON).document(&format!("{from}{place}")).await.unwrap_err();
            assert!(error.contains(why), "{place}: {error}");
        }
    }
}
