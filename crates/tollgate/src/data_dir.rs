//! The folder of the data: store, signing keys, tokens. Nobody but its owner looks into it, and
//! git does not either.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use uuid::Uuid;

/// Its name inside a project.
pub(crate) const NAME: &str = ".tollgate";
const MANAGEMENT_TOKEN: &str = "management.token";
const DEVELOPMENT_KEY: &str = "development.key";

/// The folder of the data.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Opens it, and makes it where it is not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path).with_context(|| format!("cannot use {}", path.display()))?;
        if !path.is_dir() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        }
        let metadata = fs::metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            // What lies in it is protected file by file as well, so a folder of someone else's
            // making (a volume, say) is only tightened where that is possible.
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o700));
        }
        let ignore = path.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").with_context(|| format!("cannot write in the data folder {}", path.display()))?;
        }
        Ok(Self { path })
    }

    /// Opens it where it is there; makes nothing.
    pub(crate) fn existing(path: &Path) -> Option<Self> {
        let path = std::path::absolute(path).ok()?;
        path.is_dir().then_some(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The address of the store that lies in it.
    pub(crate) fn store_url(&self) -> String {
        format!("sqlite://{}", self.file("tollgate.db").display())
    }

    /// What was used of quotas.
    pub(crate) fn quota_journal(&self) -> PathBuf {
        self.file("quotas.journal")
    }

    /// The token of the management API; made at first use.
    pub(crate) fn management_token(&self) -> anyhow::Result<String> {
        if let Some(token) = self.existing_management_token()? {
            return Ok(token);
        }
        // 244 random bits of the operating system.
        let token = format!("tgm_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        match create_secret(&self.file(MANAGEMENT_TOKEN), &token) {
            Ok(()) => Ok(token),
            // Another process was faster: its token counts.
            Err(error) => self.existing_management_token()?.ok_or(error),
        }
    }

    /// The token of the management API, where one was made.
    pub(crate) fn existing_management_token(&self) -> anyhow::Result<Option<String>> {
        read_secret(&self.file(MANAGEMENT_TOKEN))
    }

    /// The development key, where one was made.
    pub(crate) fn development_key(&self) -> anyhow::Result<Option<String>> {
        read_secret(&self.file(DEVELOPMENT_KEY))
    }

    /// Keeps the development key.
    pub(crate) fn keep_development_key(&self, key: &str) -> anyhow::Result<()> {
        write_private(&self.file(DEVELOPMENT_KEY), format!("{key}\n").as_bytes())
    }
}

/// Reads a secret; refuses one that others could have read or written.
fn read_secret(path: &Path) -> anyhow::Result<Option<String>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        bail!("{} can be read by others; delete it (a new one will be made) or: chmod 600 {0}", path.display());
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Writes a secret that is not there yet, whole or not at all.
fn create_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let temporary = temporary_beside(path);
    write_new(&temporary, format!("{secret}\n").as_bytes())?;
    let linked = fs::hard_link(&temporary, path);
    let _ = fs::remove_file(&temporary);
    linked.with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that only its owner can read: whole or not at all, replacing what was there.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = temporary_beside(path);
    write_new(&temporary, content)?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a folder that only its owner can look into, and those above it.
pub(crate) fn make_private(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make {}", path.display()))
}

/// Writes a new file that only its owner can read. Whoever calls sees to it that it reaches the disk.
pub(crate) fn write_unsynced(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(content));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", Uuid::new_v4().simple()));
    path.with_file_name(name)
}

fn write_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("data")).unwrap();
        let token = data.management_token().unwrap();
        assert_eq!(data.management_token().unwrap(), token, "the same at every start");
        assert!(token.len() > 60);
        for path in [data.path().to_path_buf(), data.file(MANAGEMENT_TOKEN)] {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
        assert_eq!(fs::read_to_string(data.file(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_secret_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        data.management_token().unwrap();
        fs::set_permissions(data.file(MANAGEMENT_TOKEN), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(data.management_token().unwrap_err().to_string().contains("chmod 600"));
    }
}
