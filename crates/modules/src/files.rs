//! Reading files, and remembering which: whoever watches a project must know them all.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use oxc_resolver::{FileMetadata, FileSystem, FileSystemOs, ResolveError};

/// The machine's files; every file whose content was read is noted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    read: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Files {
    /// Everything that was read so far, sorted.
    pub(crate) fn all_read(&self) -> Vec<PathBuf> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn note(&self, path: &Path) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }

    /// The text of a source file, without its byte order mark.
    pub(crate) fn text(&self, path: &Path) -> io::Result<String> {
        let text = FileSystem::read_to_string(self, path)?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    }
}

impl FileSystem for Files {
    fn new() -> Self {
        Self::default()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = std::fs::read(path)?;
        self.note(path);
        Ok(bytes)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        FileSystemOs::validate_string(FileSystem::read(self, path)?)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        FileSystemOs::metadata(path)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        FileSystemOs::symlink_metadata(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        FileSystemOs::read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        FileSystemOs::canonicalize(path)
    }
}
