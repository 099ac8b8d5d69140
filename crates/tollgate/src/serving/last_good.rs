//! The last project that was good, kept for a start with a broken one (`--last-good`).
//!
//! What is kept are the files as they were read, at the same places below one folder, so that
//! references between them still hold; `.env` among them. Values of the process environment are not
//! kept, and documents that are given by URL are fetched again.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tollgate_core::project::Project;

use crate::data_dir::{self, DataDir};
use crate::loading::ProjectSource;

const FOLDER: &str = "last-good";
/// The one before, while the next takes its place.
const BEFORE: &str = "last-good.before";
const INDEX: &str = "index.json";

/// Where the files are, below the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    digest: String,
    project: PathBuf,
}

/// The last project that was good.
#[derive(Debug)]
pub(crate) struct LastGood;

impl LastGood {
    /// Keeps a project that has just been put into force. That it cannot be kept is told, and no
    /// reason not to serve it.
    pub(crate) fn keep(data: &DataDir, source: &ProjectSource, project: &Project) {
        let Some(root) = source.folder() else { return };
        if let Err(error) = keep(data.path(), root, &project.files, &project.digest) {
            tracing::warn!(error = %format!("{error:#}"), "this project cannot be kept for --last-good");
        }
    }

    /// The project that was kept, with the environment that the broken one was to have.
    pub(crate) fn find(data: &DataDir, source: &ProjectSource) -> Option<ProjectSource> {
        let (folder, index) = kept(data.path())?;
        Some(ProjectSource { dir: folder.join(index.project), ..source.clone() })
    }
}

/// The folder of what was kept, and what it says. Where the next one did not come to take its place, that before.
fn kept(data: &Path) -> Option<(PathBuf, Index)> {
    let found = |name: &str| {
        let folder = data.join(name);
        let index = serde_json::from_slice(&fs::read(folder.join(INDEX)).ok()?).ok()?;
        Some((folder, index))
    };
    found(FOLDER).or_else(|| found(BEFORE))
}

fn keep(data: &Path, root: &Path, files: &[PathBuf], digest: &str) -> anyhow::Result<()> {
    let before = kept(data);
    if before.as_ref().is_some_and(|(_, index)| index.digest == digest) {
        return Ok(());
    }
    remove_drafts(data)?;
    let draft = data.join(format!("{FOLDER}.{}.tmp", std::process::id()));
    let project = below(Path::new(""), root);
    fs::create_dir_all(draft.join(&project))?;
    for file in files.iter().filter(|file| file.is_file()) {
        let place = below(Path::new(""), file);
        let to = draft.join(&place);
        if to.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file stands in a folder")?)?;
        let content = fs::read(file)?;
        // Nearly all of many packages is as it was, and what was kept is never written again.
        let same = before.as_ref().map(|(folder, _)| folder.join(&place));
        let same = same.filter(|kept| fs::read(kept).is_ok_and(|kept| kept == content));
        if same.is_none_or(|kept| fs::hard_link(kept, &to).is_err()) {
            data_dir::write_unsynced(&to, &content)?;
        }
    }
    let index = Index { digest: digest.to_owned(), project };
    data_dir::write_unsynced(&draft.join(INDEX), serde_json::to_string(&index)?.as_bytes())?;
    // All of it is on the disk before any of it counts, by one step for hundreds of files and folders.
    rustix::fs::syncfs(fs::File::open(&draft)?)?;
    let (folder, before) = (data.join(FOLDER), data.join(BEFORE));
    if folder.exists() {
        let _ = fs::remove_dir_all(&before);
        fs::rename(&folder, &before)?;
    }
    fs::rename(&draft, &folder)?;
    fs::File::open(data)?.sync_all()?;
    let _ = fs::remove_dir_all(&before);
    Ok(())
}

/// Removes what a process left that ended while it was keeping a project.
fn remove_drafts(data: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(data)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("last-good.") && name.ends_with(".tmp") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// An absolute path as one below a folder; `..` in it is resolved.
fn below(folder: &Path, path: &Path) -> PathBuf {
    let mut result = folder.to_owned();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                result.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// A project in a folder, and where it is kept.
    struct Stage {
        _folder: tempfile::TempDir,
        root: PathBuf,
        data: PathBuf,
    }

    impl Stage {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (root, data) = (folder.path().join("project"), folder.path().join("data"));
            fs::create_dir_all(root.join("node_modules/a")).unwrap();
            fs::create_dir_all(&data).unwrap();
            Self { _folder: folder, root, data }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.root.join(name), text).unwrap();
        }

        fn keep(&self, names: &[&str], digest: &str) {
            let files: Vec<PathBuf> = names.iter().map(|name| self.root.join(name)).collect();
            keep(&self.data, &self.root, &files, digest).unwrap();
        }

        /// A file that was kept.
        fn kept(&self, name: &str) -> PathBuf {
            let (folder, index) = kept(&self.data).unwrap();
            folder.join(index.project).join(name)
        }
    }

    #[test]
    fn only_what_has_changed_is_written_again() {
        let stage = Stage::new();
        let names = ["openapi.yaml", "node_modules/a/index.js", "old.ts"];
        for name in names {
            stage.write(name, "first");
        }
        stage.keep(&names, "1");
        let inode = |name: &str| fs::metadata(stage.kept(name)).unwrap().ino();
        let before = (inode("node_modules/a/index.js"), inode("openapi.yaml"));
        stage.write("openapi.yaml", "second");
        stage.write("node_modules/a/index.js", "first");
        stage.keep(&names[..2], "2");
        assert_eq!(inode("node_modules/a/index.js"), before.0, "it is the same file");
        assert_ne!(inode("openapi.yaml"), before.1);
        assert_eq!(fs::read_to_string(stage.kept("openapi.yaml")).unwrap(), "second");
        assert_eq!(fs::read_to_string(stage.kept("node_modules/a/index.js")).unwrap(), "first");
        assert!(!stage.kept("old.ts").exists(), "what is no part of the project any more is gone");
        let names: Vec<_> = fs::read_dir(&stage.data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FOLDER], "nothing else is left");
    }

    #[test]
    fn a_project_is_there_whenever_the_process_ends() {
        let stage = Stage::new();
        stage.write("openapi.yaml", "first");
        stage.keep(&["openapi.yaml"], "1");
        // It ended between the two steps of taking the place, and another time while it was writing.
        fs::rename(stage.data.join(FOLDER), stage.data.join(BEFORE)).unwrap();
        fs::create_dir(stage.data.join("last-good.1.tmp")).unwrap();
        assert_eq!(fs::read_to_string(stage.kept("openapi.yaml")).unwrap(), "first");
        stage.write("openapi.yaml", "second");
        stage.keep(&["openapi.yaml"], "2");
        assert_eq!(fs::read_to_string(stage.kept("openapi.yaml")).unwrap(), "second");
        let names: Vec<_> = fs::read_dir(&stage.data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FOLDER]);
    }

    #[test]
    fn every_path_stays_below_the_folder() {
        let below = |path: &str| below(Path::new(""), Path::new(path)).display().to_string();
        assert_eq!(below("/srv/api/openapi.yaml"), "srv/api/openapi.yaml");
        assert_eq!(below("/srv/gateway/../tornado/openapi.yaml"), "srv/tornado/openapi.yaml");
        assert_eq!(below("/../../etc/x"), "etc/x");
    }
}
