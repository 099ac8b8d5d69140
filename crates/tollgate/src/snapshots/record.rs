//! What is written down about a kept project.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tollgate_admin::views::{PinView, SnapshotFile, SnapshotView};
use tollgate_core::time::{Clock, SystemClock, Timestamp};

use super::Revision;

/// How a project came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// The gateway started with it.
    Start,
    /// `dev` saw it change.
    Watch,
    /// A call of the management API, by which the command line reloads too.
    Reload,
    /// SIGHUP.
    Signal,
    /// A commit came.
    Git,
}

impl How {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Watch => "watch",
            Self::Reload => "reload",
            Self::Signal => "signal",
            Self::Git => "git",
        }
    }
}

/// How a project came into force, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) how: How,
    pub(crate) by: String,
    /// The commit, where whoever applied it knows it.
    pub(crate) revision: Option<Revision>,
    /// When its files began to be read.
    pub(crate) read_on: Timestamp,
}

impl Applied {
    pub(crate) fn new(how: How, by: impl Into<String>) -> Self {
        Self { how, by: by.into(), revision: None, read_on: SystemClock::new().now() }
    }
}

/// Why nothing but one snapshot is put into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pin {
    pub(crate) id: u32,
    pub(crate) by: String,
    pub(crate) on: Timestamp,
    pub(crate) why: String,
}

impl Pin {
    pub(crate) fn view(&self) -> PinView {
        PinView { id: self.id, by: self.by.clone(), on: self.on.rfc3339(), why: self.why.clone() }
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, by, why, .. } = self;
        write!(f, "snapshot {id} is pinned by {by} since {} ({why})", self.on.rfc3339())
    }
}

/// What became of keeping a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) id: u32,
    /// Whether a file may have changed between its reading and its keeping, so that this must be looked at.
    pub(crate) may_differ: bool,
}

/// A kept project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) id: u32,
    /// The digest of the project.
    pub(crate) snapshot: String,
    /// The SHA-256 of what is not sealed.
    pub(crate) content: String,
    pub(crate) on: Timestamp,
    pub(crate) how: How,
    pub(crate) by: String,
    pub(crate) revision: Option<Revision>,
    pub(crate) routes: usize,
    /// The folder of the project, below `files`.
    pub(crate) project: PathBuf,
    pub(crate) files: Vec<KeptFile>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptFile {
    pub(crate) kind: Kind,
    /// Below `files`; the digest of the URL of what was fetched; the name of what is sealed.
    pub(crate) place: PathBuf,
    pub(crate) bytes: u64,
    /// The SHA-256 of what lies on the disk.
    pub(crate) sha256: String,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Plain,
    Fetched,
    Sealed,
}

impl KeptFile {
    /// Where it lies in the folder of its snapshot.
    pub(super) fn path(&self) -> PathBuf {
        let folder = match self.kind {
            Kind::Plain => "files",
            Kind::Fetched => "fetched",
            Kind::Sealed => "sealed",
        };
        Path::new(folder).join(&self.place)
    }
}

impl Record {
    /// The name of a file for people: relative to the project where it is in it.
    pub(super) fn name(&self, file: &KeptFile) -> String {
        match file.kind {
            Kind::Plain => file
                .place
                .strip_prefix(&self.project)
                .map_or_else(|_| format!("/{}", file.place.display()), |inside| inside.display().to_string()),
            Kind::Fetched => format!("(fetched) {}", file.place.display()),
            Kind::Sealed => file.place.display().to_string(),
        }
    }

    /// As the management API and the command line show it.
    pub(super) fn view(&self, in_force: Option<u32>, pinned: Option<&Pin>) -> SnapshotView {
        SnapshotView {
            id: self.id,
            snapshot: self.snapshot.clone(),
            content: self.content.clone(),
            on: self.on.rfc3339(),
            how: self.how.as_str().to_owned(),
            by: self.by.clone(),
            revision: self.revision.as_ref().map(|revision| revision.commit.clone()),
            uncommitted: self.revision.as_ref().is_some_and(|revision| revision.uncommitted),
            routes: self.routes,
            files: self.files.len(),
            bytes: self.files.iter().map(|file| file.bytes).sum(),
            in_force: in_force == Some(self.id),
            pinned: pinned.filter(|pin| pin.id == self.id).map(Pin::view),
        }
    }

    /// Its files, sorted by name.
    pub(super) fn contents(&self) -> Vec<SnapshotFile> {
        let view = |file: &KeptFile| SnapshotFile {
            path: self.name(file),
            bytes: file.bytes,
            sha256: (file.kind != Kind::Sealed).then(|| file.sha256.clone()),
        };
        let mut files: Vec<SnapshotFile> = self.files.iter().map(view).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}
