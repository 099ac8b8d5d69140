//! What a node keeps on its disk so that it can start while the store is away: the keys that it
//! knew (their digests, never themselves) and the signing keys (sealed), and when the store last
//! confirmed them.
//!
//! A file of JSON lines: what it is, then consumers, keys, revoked digests and signing keys, one
//! each, then how many lines there were and their CRC, so that half a file is told from a whole
//! one. When the store last answered changes all the time and stands in a small file beside it,
//! which says which reserve it is about.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tollgate_core::keys::{Consumer, Key, KeyDigest, KeyGrant};
use tollgate_core::store::{KeySet, StoredSigningKey};
use tollgate_core::time::Timestamp;
use uuid::Uuid;

/// The file in the data folder.
const FILE_NAME: &str = "keys.reserve";
/// The file that says when it was last true.
const SYNCED_FILE_NAME: &str = "keys.reserve.synced";
/// The form of the file.
const FORM: u32 = 1;

/// Why there is no reserve.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// It cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not what was written.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Others may read or write it.
    #[error("{} can be read or written by others: delete it, or chmod 600 it", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
}

/// What a node needs in order to serve without its store.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// Keys.
    pub keys: KeySet,
    /// Signing keys, sealed.
    pub signing_keys: Vec<StoredSigningKey>,
    /// When the store last confirmed all of this.
    pub synced_on: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    form: u32,
    id: String,
    sequence: i64,
    synced_on: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Consumer(Arc<Consumer>),
    Key { digest: String, key: Arc<Key> },
    Revoked(String),
    SigningKey(StoredSigningKey),
    End { lines: u64, crc: u32 },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Synced {
    id: String,
    synced_on: Timestamp,
}

/// Where a node keeps its reserve, and which one it wrote last.
#[derive(Debug)]
pub struct ReserveFile {
    path: PathBuf,
    id: Option<String>,
}

impl ReserveFile {
    /// The one of a data folder.
    pub fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE_NAME), id: None }
    }

    /// Writes it, whole or not at all, for its owner alone.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&mut self, reserve: &Reserve) -> Result<(), ReserveError> {
        let id = Uuid::new_v4().simple().to_string();
        let draft = self.path.with_extension(format!("reserve.{id}"));
        let written = write(&draft, &id, reserve).and_then(|()| fs::rename(&draft, &self.path));
        if let Err(error) = written {
            let _ = fs::remove_file(&draft);
            return Err(self.failed(error));
        }
        self.id = Some(id);
        Ok(())
    }

    /// Notes that the store has confirmed what was last written, at this moment.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn confirm(&self, synced_on: Timestamp) -> Result<(), ReserveError> {
        let Some(id) = self.id.clone() else { return Ok(()) };
        let path = self.path.with_file_name(SYNCED_FILE_NAME);
        let draft = path.with_extension("synced.draft");
        let write = || {
            let mut file = private(&draft, false)?;
            serde_json::to_writer(&mut file, &Synced { id, synced_on })?;
            fs::rename(&draft, &path)
        };
        write().map_err(|error| ReserveError::File { path: path.clone(), error })
    }

    /// Reads it; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged, or others could have written it.
    pub fn read(&self) -> Result<Option<Reserve>, ReserveError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let mode = file.metadata().map_err(|error| self.failed(error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(ReserveError::Exposed { path: self.path.clone() });
        }
        let damaged = |problem: String| ReserveError::Damaged { path: self.path.clone(), problem };
        let (head, mut reserve) = read(BufReader::new(file)).map_err(damaged)?;
        let synced: Option<Synced> = fs::read(self.path.with_file_name(SYNCED_FILE_NAME))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .filter(|synced: &Synced| synced.id == head.id);
        if let Some(synced) = synced {
            reserve.synced_on = reserve.synced_on.max(synced.synced_on);
        }
        Ok(Some(reserve))
    }

    fn failed(&self, error: io::Error) -> ReserveError {
        ReserveError::File { path: self.path.clone(), error }
    }
}

/// A file that only its owner may read.
fn private(path: &Path, new: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).create_new(new).mode(0o600).open(path)
}

/// Counts and sums what is written.
struct Lines {
    out: BufWriter<File>,
    lines: u64,
    crc: crc32fast::Hasher,
}

impl Lines {
    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.lines += 1;
        self.crc.update(&line);
        self.out.write_all(&line)
    }
}

fn write(path: &Path, id: &str, reserve: &Reserve) -> io::Result<()> {
    let mut lines = Lines { out: BufWriter::new(private(path, true)?), lines: 0, crc: crc32fast::Hasher::new() };
    let head = Head { form: FORM, id: id.to_owned(), sequence: reserve.keys.sequence, synced_on: reserve.synced_on };
    lines.put(&head)?;
    let mut consumers = HashSet::new();
    for grant in &reserve.keys.grants {
        if consumers.insert(Arc::clone(&grant.consumer.id)) {
            lines.put(&Line::Consumer(Arc::clone(&grant.consumer)))?;
        }
        lines.put(&Line::Key { digest: grant.digest.to_hex(), key: Arc::clone(&grant.key) })?;
    }
    for digest in &reserve.keys.revoked {
        lines.put(&Line::Revoked(digest.to_hex()))?;
    }
    for key in &reserve.signing_keys {
        lines.put(&Line::SigningKey(key.clone()))?;
    }
    let end = Line::End { lines: lines.lines, crc: lines.crc.clone().finalize() };
    lines.put(&end)?;
    let file = lines.out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

fn read(mut from: impl BufRead) -> Result<(Head, Reserve), String> {
    let mut line = String::new();
    let mut next = |line: &mut String| {
        line.clear();
        from.read_line(line).map_err(|error| error.to_string())
    };
    next(&mut line)?;
    let head: Head = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    if head.form != FORM {
        return Err(format!("its form is {}, and this version knows {FORM}", head.form));
    }
    let (mut count, mut crc) = (1, crc32fast::Hasher::new());
    crc.update(line.as_bytes());
    let mut consumers: HashMap<Arc<str>, Arc<Consumer>> = HashMap::new();
    let mut keys = KeySet { grants: Vec::new(), revoked: Vec::new(), sequence: head.sequence };
    let mut signing_keys = Vec::new();
    let digest = |text: &str| KeyDigest::from_hex(text).ok_or_else(|| "a digest is none".to_owned());
    loop {
        if next(&mut line)? == 0 {
            return Err("its end is missing".to_owned());
        }
        match serde_json::from_str(&line).map_err(|error| error.to_string())? {
            Line::Consumer(consumer) => drop(consumers.insert(Arc::clone(&consumer.id), consumer)),
            Line::Key { digest: text, key } => {
                let consumer = consumers.get(&key.consumer).ok_or("a key has no consumer")?;
                keys.grants.push(KeyGrant { digest: digest(&text)?, key, consumer: Arc::clone(consumer) });
            }
            Line::Revoked(text) => keys.revoked.push(digest(&text)?),
            Line::SigningKey(key) => signing_keys.push(key),
            Line::End { lines, crc: sum } => {
                if lines != count || sum != crc.finalize() {
                    return Err("it is not what was written".to_owned());
                }
                let synced_on = head.synced_on;
                return Ok((head, Reserve { keys, signing_keys, synced_on }));
            }
        }
        count += 1;
        crc.update(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn reserve() -> Reserve {
        let consumer = Arc::new(Consumer {
            id: "con_1".into(),
            bucket: "default".into(),
            name: "bob".into(),
            description: None,
            metadata: Arc::new(serde_json::json!({ "plan": "gold" })),
            tags: BTreeMap::new(),
            created_on: Timestamp(1),
            updated_on: Timestamp(2),
            version: 3,
        });
        let grant = |number: u8| KeyGrant {
            digest: KeyDigest([number; 32]),
            key: Arc::new(Key {
                id: format!("key_{number}").into(),
                consumer: Arc::clone(&consumer.id),
                description: None,
                hint: "tg_…".to_owned(),
                created_on: Timestamp(1),
                expires_on: None,
                revoked_on: None,
                quarantined_on: None,
                development: false,
            }),
            consumer: Arc::clone(&consumer),
        };
        let signing_key = StoredSigningKey {
            kid: "kid".to_owned(),
            algorithm: "RS256".to_owned(),
            sealed: vec![1, 2, 255],
            created_on: Timestamp(1),
            active_on: Timestamp(1),
            retired_on: None,
            published_until: None,
        };
        let keys = KeySet { grants: vec![grant(1), grant(2)], revoked: vec![KeyDigest([9; 32])], sequence: 7 };
        Reserve { keys, signing_keys: vec![signing_key], synced_on: Timestamp(1000) }
    }

    #[test]
    fn what_was_written_comes_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = ReserveFile::new(folder.path());
        assert!(file.read().expect("no file is no error").is_none());
        file.write(&reserve()).expect("written");
        let mode = fs::metadata(folder.path().join(FILE_NAME)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = ReserveFile::new(folder.path()).read().expect("read").expect("there");
        assert_eq!(read.signing_keys, reserve().signing_keys);
        assert_eq!((read.keys.sequence, read.synced_on), (7, Timestamp(1000)));
        assert_eq!(read.keys.revoked, reserve().keys.revoked);
        let names = |set: &KeySet| {
            set.grants.iter().map(|grant| (grant.digest.0, (*grant.consumer).clone())).collect::<Vec<_>>()
        };
        assert_eq!(names(&read.keys), names(&reserve().keys));
        assert!(Arc::ptr_eq(&read.keys.grants[0].consumer, &read.keys.grants[1].consumer), "held once");

        file.confirm(Timestamp(5000)).expect("noted");
        let read = ReserveFile::new(folder.path()).read().expect("read").expect("there");
        assert_eq!(read.synced_on, Timestamp(5000));
        // What was confirmed of another reserve says nothing of this one.
        file.write(&reserve()).expect("written");
        let read = ReserveFile::new(folder.path()).read().expect("read").expect("there");
        assert_eq!(read.synced_on, Timestamp(1000));
    }

    #[test]
    fn what_is_damaged_cut_or_exposed_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = ReserveFile::new(folder.path());
        file.write(&reserve()).expect("written");
        let path = folder.path().join(FILE_NAME);
        let whole = fs::read(&path).expect("read");
        for cut in [0, 10, whole.len() / 2, whole.len() - 20] {
            fs::write(&path, &whole[..cut]).expect("written");
            assert!(matches!(file.read(), Err(ReserveError::Damaged { .. })), "cut at {cut}");
        }
        let changed = String::from_utf8(whole.clone()).expect("text").replace("key_1", "key_7");
        fs::write(&path, changed).expect("written");
        assert!(matches!(file.read(), Err(ReserveError::Damaged { .. })));
        fs::write(&path, &whole).expect("written");
        file.read().expect("good again");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        assert!(matches!(file.read(), Err(ReserveError::Exposed { .. })));
    }
}
