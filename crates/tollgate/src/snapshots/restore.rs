//! Reading a project from what was kept of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use tollgate_identity::digest_of;

use super::record::Kind;
use super::{Record, SEALED_FOR, Snapshots};
use crate::loading::ProjectSource;

/// What stands in for files and addresses while a kept project is read.
pub(crate) struct KeptInputs {
    /// The folder that the project had: certificates are those that lie there now.
    pub(crate) home: PathBuf,
    /// The contents of files with secrets, by their names.
    pub(crate) secrets: Arc<BTreeMap<String, Vec<u8>>>,
    /// Documents that were fetched, by the digests of their URLs.
    fetched: HashMap<String, Vec<u8>>,
}

impl std::fmt::Debug for KeptInputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptInputs").field("home", &self.home).finish_non_exhaustive()
    }
}

impl KeptInputs {
    /// The document of a URL as it was then.
    pub(crate) fn fetched(&self, url: &str) -> Option<Vec<u8>> {
        self.fetched.get(&digest_of(url.as_bytes()).to_hex()).cloned()
    }
}

impl Snapshots {
    /// A kept project, to be read as `like` would be: with the same flags and the environment of the
    /// process as it is now. Every byte is what was kept, or it is not served.
    pub(crate) fn source(&self, record: &Record, like: &ProjectSource) -> anyhow::Result<ProjectSource> {
        let folder = self.place(record.id);
        let (mut secrets, mut fetched) = (BTreeMap::new(), HashMap::new());
        for file in &record.files {
            let path = folder.join(file.path());
            let bytes =
                fs::read(&path).with_context(|| format!("snapshot {}: cannot read {}", record.id, path.display()))?;
            if digest_of(&bytes).to_hex() != file.sha256 {
                bail!("snapshot {} is damaged: {} is not what was kept", record.id, path.display());
            }
            let name = file.place.to_string_lossy().into_owned();
            match file.kind {
                Kind::Plain => {}
                Kind::Fetched => drop(fetched.insert(name, bytes)),
                Kind::Sealed => {
                    let opened = self.key()?.open(SEALED_FOR, &bytes);
                    let opened = opened.with_context(|| format!("snapshot {}: {name}", record.id))?;
                    secrets.insert(name, opened.to_vec());
                }
            }
        }
        if let Some(path) = &like.environment.env_file
            && let Some(kept) = secrets.remove(".env")
        {
            secrets.insert(path.display().to_string(), kept);
        }
        let kept = KeptInputs { home: like.dir.clone(), secrets: Arc::new(secrets), fetched };
        let dir = folder.join("files").join(&record.project);
        Ok(ProjectSource { dir, parsed: None, kept: Some(Arc::new(kept)), ..like.clone() })
    }
}
