//! The projects that were applied, kept in the data folder: the last twenty, each with its files as they
//! were, so that one of them can be put into force again, by hand or at a start with a broken project.
//!
//! ```text
//! snapshots/
//!   key          what seals files with secrets (`.env`)
//!   state.json   which one is in force, which one is pinned
//!   12/          one of them; it appears whole or not at all
//!     snapshot.json
//!     files/     at the places that they had below `/`, so that references between them hold
//!     fetched/   documents that are given by URL
//!     sealed/    files with secrets
//! ```
//!
//! A file that did not change is a hard link to the one of the snapshot before, and nothing that was kept is
//! ever written again. Values of the process environment are not kept, and neither are the files of
//! certificates and their keys: a snapshot is served with those of the moment.

mod diff;
mod keep;
mod record;
mod redact;
mod restore;
mod revision;

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tollgate_admin::views::{SnapshotDetail, SnapshotView};
use tollgate_identity::MasterKey;

use crate::data_dir::{self, DataDir};

pub(crate) use record::{Applied, How, Kept, Pin, Record};
pub(crate) use restore::KeptInputs;
pub(crate) use revision::Revision;

const FOLDER: &str = "snapshots";
const STATE: &str = "state.json";
const RECORD: &str = "snapshot.json";
const KEY: &str = "key";
/// What sealed files are sealed for.
const SEALED_FOR: &str = "snapshot-file";
/// How many are kept.
pub(crate) const MOST: usize = 20;

/// The kept projects of a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Snapshots {
    folder: PathBuf,
}

/// Which of them count at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct State {
    in_force: Option<u32>,
    pinned: Option<Pin>,
}

impl Snapshots {
    /// Those of a data folder, where nothing is made before something is kept.
    pub(crate) fn of(data: &DataDir) -> Self {
        Self { folder: data.file(FOLDER) }
    }

    /// All of them, the latest first.
    pub(crate) fn list(&self) -> anyhow::Result<Vec<Record>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.folder.display())),
        };
        let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        // One that is damaged must not hide the others.
        let found = ids.filter_map(|id| match self.find(id) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(id, error = format!("{error:#}"), "a snapshot cannot be read");
                None
            }
        });
        let mut records: Vec<Record> = found.collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.id));
        Ok(records)
    }

    /// One of them, where it is there.
    pub(crate) fn find(&self, id: u32) -> anyhow::Result<Option<Record>> {
        let path = self.place(id).join(RECORD);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?))
    }

    /// The one in force, or that was when the gateway ended; the latest where that is not known.
    pub(crate) fn in_force(&self) -> anyhow::Result<Option<Record>> {
        if let Some(id) = self.state()?.in_force
            && let Some(record) = self.find(id)?
        {
            return Ok(Some(record));
        }
        Ok(self.list()?.into_iter().next())
    }

    /// The one before another: the latest of those that are older.
    pub(crate) fn before(&self, id: u32) -> anyhow::Result<Option<Record>> {
        Ok(self.list()?.into_iter().find(|record| record.id < id))
    }

    /// Which one stays in force whatever the project on disk is.
    pub(crate) fn pinned(&self) -> anyhow::Result<Option<Pin>> {
        Ok(self.state()?.pinned)
    }

    /// Notes that one is in force, and stays so where it is pinned.
    pub(crate) fn set_in_force(&self, id: u32, pinned: Option<Pin>) -> anyhow::Result<()> {
        self.set_state(&State { in_force: Some(id), pinned })
    }

    /// Takes one away that turned out not to be what it should be.
    pub(crate) fn forget(&self, id: u32, in_force: Option<u32>) -> anyhow::Result<()> {
        self.set_state(&State { in_force, pinned: None })?;
        self.remove(id)
    }

    /// Lets others be put into force again, and says what was pinned.
    pub(crate) fn unpin(&self) -> anyhow::Result<Option<Pin>> {
        let state = self.state()?;
        if state.pinned.is_some() {
            self.set_state(&State { pinned: None, ..state.clone() })?;
        }
        Ok(state.pinned)
    }

    fn state(&self) -> anyhow::Result<State> {
        let path = self.folder.join(STATE);
        match fs::read(&path) {
            // A pin must not get lost because it cannot be read.
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is damaged\n  help: delete it; what was pinned is then pinned no more", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn set_state(&self, state: &State) -> anyhow::Result<()> {
        self.make_folder()?;
        data_dir::write_private(&self.folder.join(STATE), serde_json::to_string(state)?.as_bytes())?;
        fs::File::open(&self.folder)?.sync_all().context("the data folder cannot be written")
    }

    fn place(&self, id: u32) -> PathBuf {
        self.folder.join(id.to_string())
    }

    fn make_folder(&self) -> anyhow::Result<()> {
        data_dir::make_private(&self.folder)
    }

    /// What seals files with secrets. It lies beside them, like the master key beside its store: whoever
    /// copies only the snapshots, or looks through them, does not have what is in these files.
    fn key(&self) -> anyhow::Result<MasterKey> {
        self.make_folder()?;
        Ok(MasterKey::of_file(&self.folder.join(KEY))?)
    }

    /// All of them as the management API and the command line show them.
    pub(crate) fn views(&self) -> anyhow::Result<Vec<SnapshotView>> {
        let records = self.list()?;
        let state = self.state()?;
        Ok(records.iter().map(|record| record.view(state.in_force, state.pinned.as_ref())).collect())
    }

    /// One of them with its files.
    pub(crate) fn detail(&self, id: u32) -> anyhow::Result<Option<SnapshotDetail>> {
        let Some(record) = self.find(id)? else { return Ok(None) };
        let state = self.state()?;
        let snapshot = record.view(state.in_force, state.pinned.as_ref());
        Ok(Some(SnapshotDetail { snapshot, contents: record.contents() }))
    }
}
