//! Projects that were applied, as they are kept: in lists, one by one, and compared.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A project that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Snapshot)]
pub struct SnapshotView {
    /// 1, 2, 3, …
    pub id: u32,
    /// The name that `/readyz`, logs and metrics have for it: of its files and the values that they take from
    /// the environment. Another build of the gateway may give the same project another one.
    pub snapshot: String,
    /// The SHA-256 of its files, without those that hold secrets.
    pub content: String,
    /// When it was put into force first (RFC 3339).
    pub on: String,
    /// What put it into force: `start`, `watch`, `reload`, `signal` or `git`.
    pub how: String,
    /// Who did: an operator, a user of the machine, the branch of a repository.
    pub by: String,
    /// The commit that it was, where its folder is under git.
    pub revision: Option<String>,
    /// Whether the folder had changes that were not committed.
    pub uncommitted: bool,
    /// How many routes it has.
    pub routes: usize,
    /// How many files it has.
    pub files: usize,
    /// How many bytes these have. Files that did not change from one to the next are kept once.
    pub bytes: u64,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// Who pinned it, where it is pinned.
    pub pinned: Option<PinView>,
}

/// Why nothing else than one snapshot is put into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pin)]
pub struct PinView {
    /// The snapshot that stays.
    pub id: u32,
    /// Who said so.
    pub by: String,
    /// Since when (RFC 3339).
    pub on: String,
    /// Why.
    pub why: String,
}

/// A snapshot with its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SnapshotWithFiles)]
pub struct SnapshotDetail {
    /// The snapshot.
    #[serde(flatten)]
    pub snapshot: SnapshotView,
    /// Its files, sorted.
    pub contents: Vec<SnapshotFile>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotFile {
    /// Relative to the project; for a document that was fetched, `(fetched)` and a digest of its URL.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its content; none where it holds secrets.
    pub sha256: Option<String>,
}

/// Two snapshots compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDiff {
    /// The older side.
    pub from: u32,
    /// The newer side.
    pub to: u32,
    /// What differs; empty where nothing does.
    pub files: Vec<FileDiff>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDiff {
    /// Relative to the project.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// The unified diff, without secrets; none where the file is no text, or is too large.
    pub text: Option<String>,
}
