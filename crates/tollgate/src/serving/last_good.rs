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
        if let Err(error) = Self::try_keep(data, source, project) {
            tracing::warn!(error = %format!("{error:#}"), "this project cannot be kept for --last-good");
        }
    }

    fn try_keep(data: &DataDir, source: &ProjectSource, project: &Project) -> anyhow::Result<()> {
        let Some(root) = source.folder() else { return Ok(()) };
        let folder = data.file(FOLDER);
        if Self::index(&folder).is_some_and(|index| index.digest == project.digest) {
            return Ok(());
        }
        let draft = data.file(&format!("{FOLDER}.{}.tmp", std::process::id()));
        let _ = fs::remove_dir_all(&draft);
        let project_folder = below(Path::new(""), root);
        fs::create_dir_all(draft.join(&project_folder))?;
        for file in project.files.iter().filter(|file| file.is_file()) {
            let to = draft.join(below(Path::new(""), file));
            fs::create_dir_all(to.parent().context("a file stands in a folder")?)?;
            data_dir::write_private(&to, &fs::read(file)?)?;
        }
        let index = Index { digest: project.digest.clone(), project: project_folder };
        data_dir::write_private(&draft.join(INDEX), serde_json::to_string(&index)?.as_bytes())?;
        // Between the two steps there is none; the next start of a good project makes it again.
        let _ = fs::remove_dir_all(&folder);
        fs::rename(&draft, &folder)?;
        Ok(())
    }

    /// The project that was kept, with the environment that the broken one was to have.
    pub(crate) fn find(data: &DataDir, source: &ProjectSource) -> Option<ProjectSource> {
        let folder = data.file(FOLDER);
        let index = Self::index(&folder)?;
        Some(ProjectSource { dir: folder.join(index.project), ..source.clone() })
    }

    fn index(folder: &Path) -> Option<Index> {
        serde_json::from_slice(&fs::read(folder.join(INDEX)).ok()?).ok()
    }
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
    use super::*;

    #[test]
    fn every_path_stays_below_the_folder() {
        let below = |path: &str| below(Path::new(""), Path::new(path)).display().to_string();
        assert_eq!(below("/srv/api/openapi.yaml"), "srv/api/openapi.yaml");
        assert_eq!(below("/srv/gateway/../tornado/openapi.yaml"), "srv/tornado/openapi.yaml");
        assert_eq!(below("/../../etc/x"), "etc/x");
    }
}
