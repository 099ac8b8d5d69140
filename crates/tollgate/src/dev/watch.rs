//! Watches the files of a project. Folders are watched, not files: editors write a new file and
//! rename it, and Kubernetes swaps a link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::loading::ProjectSource;

/// A save is several events; the last of them is waited for.
const QUIET: Duration = Duration::from_millis(50);
/// But never for longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tells when a file of the project may have changed.
pub(crate) struct Watcher {
    inner: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<()>,
    folders: BTreeSet<PathBuf>,
}

impl Watcher {
    /// Watches the folder of a project; `data` is below it and of no interest.
    pub(crate) fn new(source: &ProjectSource, data: &Path) -> anyhow::Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let data = data.to_owned();
        let handler = move |event: Result<Event, notify::Error>| {
            let matters = match event {
                Ok(event) => is_change(event.kind) && event.paths.iter().any(|path| !path.starts_with(&data)),
                // Events may have been lost: look.
                Err(_) => true,
            };
            if matters {
                // The receiver is gone only when the process ends.
                let _ = sender.send(());
            }
        };
        let inner = notify::recommended_watcher(handler).context("cannot watch files")?;
        let mut watcher = Self { inner, events, folders: BTreeSet::new() };
        if let Some(folder) = source.folder() {
            watcher.add(folder);
            // A document that is added there becomes part of the project.
            for name in ["apis", "config", "modules"] {
                watcher.add(&folder.join(name));
            }
        }
        Ok(watcher)
    }

    /// Watches the folders of these files too.
    pub(crate) fn follow(&mut self, files: &[PathBuf]) {
        for folder in files.iter().filter_map(|file| file.parent()) {
            self.add(folder);
        }
    }

    fn add(&mut self, folder: &Path) {
        if folder.is_dir() && !self.folders.contains(folder) {
            match self.inner.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder.to_owned());
                }
                Err(error) => tracing::warn!(%error, folder = %folder.display(), "cannot watch this folder"),
            }
        }
    }

    /// Waits for a change, and until it is over.
    pub(crate) async fn changed(&mut self) {
        if self.events.recv().await.is_none() {
            // Nothing is watched any more; then nothing will ever change.
            std::future::pending::<()>().await;
        }
        let settle = async { while let Ok(Some(())) = tokio::time::timeout(QUIET, self.events.recv()).await {} };
        let _ = tokio::time::timeout(PATIENCE, settle).await;
    }
}

/// Reading a file is an event too, and we read them all.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}
