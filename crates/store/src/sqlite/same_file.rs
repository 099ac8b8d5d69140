//! Noticing that the file was taken away or replaced while it is open.
//!
//! SQLite goes on with the file that it opened, even where its name is gone or means another file
//! by now: what other processes write would never be seen again (the revocation of a key, for
//! one), and what is written here would vanish with the last process that has it open. So the file
//! under the name is compared with the one that was opened before every transaction.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tollgate_core::store::StoreError;

/// A file, and which one it was when it was opened.
#[derive(Debug)]
pub(super) struct SameFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SameFile {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Whether the name still means the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it does not.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        // A few microseconds: the folder's entry is in memory, SQLite asks for it as well.
        let problem = match fs::metadata(&self.path) {
            Ok(found) if found.dev() == self.device && found.ino() == self.inode => return Ok(()),
            Ok(_) => "was replaced by another file while it was in use; restart to go on with that".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                "was taken away while it was in use; put it back, or restart to begin a new one".to_owned()
            }
            Err(error) => format!("cannot be found any more: {error}"),
        };
        Err(StoreError::Unavailable(format!("{} {problem}", self.path.display())))
    }
}
