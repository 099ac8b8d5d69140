//! `run.json` in the data folder: which gateway runs on it, for `reload` and its like.

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::data_dir::{self, DataDir};

const NAME: &str = "run.json";

/// A running gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunState {
    /// Its process.
    pub(crate) pid: u32,
    /// `dev` or `run`.
    pub(crate) mode: String,
    /// The address of its data listener.
    pub(crate) listen: String,
    /// The address of its management listener.
    pub(crate) management: String,
    /// The folder of its project, where it has one.
    pub(crate) project: Option<PathBuf>,
    /// The environment that its project is read with.
    pub(crate) env: Option<String>,
    /// The file that replaces `.env`.
    pub(crate) env_file: Option<PathBuf>,
    /// Its `iss`.
    pub(crate) issuer: String,
    /// Where its store is: a name for people, never with a password.
    #[serde(default)]
    pub(crate) store: String,
}

impl RunState {
    /// What is written in a data folder. It may be that of a gateway that was killed.
    pub(crate) fn read(data: &DataDir) -> Option<Self> {
        let bytes = std::fs::read(data.file(NAME)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes it down.
    pub(crate) fn write(&self, data: &DataDir) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("run.json")?;
        data_dir::write_private(&data.file(NAME), format!("{text}\n").as_bytes())
    }

    /// Takes it away, unless another gateway has written its own since.
    pub(crate) fn remove(&self, data: &DataDir) {
        if Self::read(data).is_some_and(|state| state.pid == self.pid) {
            let _ = std::fs::remove_file(data.file(NAME));
        }
    }
}
