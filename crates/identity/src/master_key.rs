//! The key that seals the signing keys at rest: given, or generated once into a file that only
//! its owner reads.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tollgate_core::settings::SecretSettings;
use tollgate_core::store::{SigningKeys, StoreError};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The file in the data folder that holds a generated master key.
pub const FILE_NAME: &str = "master.key";
/// The file in the data folder that holds a copy of the master key that a shared store keeps, so that a
/// node can start while the store is away.
pub const SHARED_FILE_NAME: &str = "shared-master.key";
/// The name of the master key among the secrets that nodes share.
const SHARED_NAME: &str = "master-key";

/// What is sealed begins with this, so that another way of sealing can come later.
const VERSION: u8 = 1;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Both a key and a file are given.
    #[error("give `secrets.masterKey` or `secrets.masterKeyFile`, not both")]
    Both,
    /// The text is not a key.
    #[error("{origin} must hold 32 bytes or more in base64: {problem}")]
    Form {
        /// Where it stands.
        origin: String,
        /// What is wrong with it; never its text.
        problem: &'static str,
    },
    /// The file cannot be read or made.
    #[error("the master key file {}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The store that keeps it cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's source of randomness failed.
    #[error("the system gave no random bytes")]
    Random,
}

/// Opening failed: it was sealed with another key, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed with another master key, or damaged")]
pub struct SealError;

/// Seals and opens with AES-256-GCM.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// The master key of a gateway: `masterKey`, else `masterKeyFile`, else `master.key` in the
    /// data folder, which is made where there is none.
    ///
    /// # Errors
    /// Where what is given is no key, or a file cannot be read or made.
    pub fn from_settings(settings: &SecretSettings, data_dir: &Path) -> Result<Self, MasterKeyError> {
        match (&settings.master_key, &settings.master_key_file) {
            (Some(_), Some(_)) => Err(MasterKeyError::Both),
            (Some(text), None) => Self::from_base64(text, "`secrets.masterKey`"),
            (None, Some(path)) => Self::from_file(Path::new(path)),
            (None, None) => Self::generated(data_dir),
        }
    }

    /// The master key of a node among others: as configured, else the one that the shared store
    /// keeps for all. Where it keeps none yet, that of the data folder becomes it (the signing
    /// keys may have come from there), or a new one.
    ///
    /// # Errors
    /// As for [`MasterKey::from_settings`]; where the store is away.
    pub async fn shared(
        settings: &SecretSettings,
        data_dir: Option<&Path>,
        store: &(dyn SigningKeys + '_),
    ) -> Result<Self, MasterKeyError> {
        if is_configured(settings) {
            return Self::from_settings(settings, Path::new(""));
        }
        let proposal = Self::proposal(data_dir)?;
        let kept = Zeroizing::new(store.shared_secret(SHARED_NAME, proposal.as_bytes().to_vec()).await?);
        let text = std::str::from_utf8(&kept).unwrap_or_default();
        let key = Self::from_base64(text, "the master key in the store")?;
        if let Some(data_dir) = data_dir {
            let path = data_dir.join(SHARED_FILE_NAME);
            let known = fs::read_to_string(&path).map(Zeroizing::new).unwrap_or_default();
            if known.trim() != text {
                replace(&path, text).map_err(|error| MasterKeyError::File { path, error })?;
            }
        }
        Ok(key)
    }

    /// The same while the store is away: as configured, or the copy of what it keeps.
    ///
    /// # Errors
    /// Where what is given is no key, or there is no copy.
    pub fn shared_copy(settings: &SecretSettings, data_dir: &Path) -> Result<Self, MasterKeyError> {
        if is_configured(settings) {
            Self::from_settings(settings, data_dir)
        } else {
            Self::from_file(&data_dir.join(SHARED_FILE_NAME))
        }
    }

    /// What a shared store is asked to keep where it keeps nothing yet.
    fn proposal(data_dir: Option<&Path>) -> Result<Zeroizing<String>, MasterKeyError> {
        let path = data_dir.map(|dir| dir.join(FILE_NAME)).filter(|path| path.exists());
        match path {
            Some(path) => {
                let text = fs::read_to_string(&path)
                    .map(Zeroizing::new)
                    .map_err(|error| MasterKeyError::File { path: path.clone(), error })?;
                Self::from_base64(&text, &format!("the master key file {}", path.display()))?;
                Ok(Zeroizing::new(text.trim().to_owned()))
            }
            None => random_text(),
        }
    }

    /// A master key from its base64 form; `origin` names it in errors.
    ///
    /// # Errors
    /// Where it is not base64, or has fewer than 32 bytes.
    pub fn from_base64(text: &str, origin: &str) -> Result<Self, MasterKeyError> {
        let wrong = |problem| MasterKeyError::Form { origin: origin.to_owned(), problem };
        let text = text.trim();
        let url_safe = text.contains(['-', '_']);
        let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let secret =
            Zeroizing::new(GeneralPurpose::new(alphabet, config).decode(text).map_err(|_| wrong("it is not base64"))?);
        if secret.len() < 32 {
            return Err(wrong("it is shorter; `openssl rand -base64 32` makes one"));
        }
        Self::derive(&secret).ok_or(MasterKeyError::Random)
    }

    /// Any secret of 32 bytes or more becomes a key of exactly 32, bound to its use.
    fn derive(secret: &[u8]) -> Option<Self> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tollgate");
        let pseudorandom = salt.extract(secret);
        let mut key = Self([0; 32]);
        pseudorandom.expand(&[b"tollgate master key 1"], hkdf::HKDF_SHA256).ok()?.fill(&mut key.0).ok()?;
        Some(key)
    }

    /// A key for one purpose, from which neither this one nor those of other purposes follow.
    pub(crate) fn derived(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let pseudorandom = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &self.0);
        // It is exactly as long as the hash, which is what can fail here.
        let filled = pseudorandom.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|derived| derived.fill(&mut *key));
        debug_assert!(filled.is_ok(), "HKDF gives as many bytes as its hash has");
        key
    }

    fn from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let text = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
        Self::from_base64(&text, &format!("the master key file {}", path.display()))
    }

    fn generated(data_dir: &Path) -> Result<Self, MasterKeyError> {
        Self::of_file(&data_dir.join(FILE_NAME))
    }

    /// The key of a file of its own, which is made where it is not there.
    ///
    /// # Errors
    /// Where the file cannot be read or made, or holds no key.
    pub fn of_file(path: &Path) -> Result<Self, MasterKeyError> {
        if !path.exists() {
            let text = random_text()?;
            create(path, &text).map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
        }
        if let Ok(metadata) = fs::metadata(path)
            && metadata.permissions().mode() & 0o077 != 0
        {
            tracing::warn!(path = %path.display(), "others may read the master key: chmod 600 it");
        }
        Self::from_file(path)
    }

    /// Seals a secret. `purpose` must be the same when it is opened, so that one sealed thing
    /// cannot be put in the place of another.
    ///
    /// # Errors
    /// Where the cipher fails, which needs a broken system.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| SealError)?;
        let mut text = secret.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(purpose), &mut text).map_err(|_| SealError)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// Where it was sealed with another key or for another purpose, or was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError)?;
        if *version != VERSION || rest.len() < NONCE_LEN {
            return Err(SealError);
        }
        let (nonce, text) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| SealError)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = key.open_in_place(nonce, Aad::from(purpose), &mut text).map_err(|_| SealError)?.len();
        text.truncate(length);
        Ok(text)
    }
}

/// Whether the settings say what the master key is.
pub fn is_configured(settings: &SecretSettings) -> bool {
    settings.master_key.is_some() || settings.master_key_file.is_some()
}

fn random_text() -> Result<Zeroizing<String>, MasterKeyError> {
    let mut secret = Zeroizing::new([0_u8; 32]);
    rand::fill(&mut *secret).map_err(|_| MasterKeyError::Random)?;
    Ok(Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(*secret)))
}

/// Writes a file that appears whole or not at all, in the place of what was there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("key.{}", uuid::Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// Writes a file that appears whole or not at all, and never replaces one: of two processes that
/// make it at the same moment, both end with the same key.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let draft = path.with_extension(format!("key.{}", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::File::open(folder)?.sync_all(),
        }
    })();
    let removed = fs::remove_file(&draft);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: Option<&str>, file: Option<&Path>) -> SecretSettings {
        SecretSettings {
            master_key: key.map(str::to_owned),
            master_key_file: file.map(|path| path.display().to_string()),
        }
    }

    const GIVEN: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_purpose_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = MasterKey::from_settings(&settings(Some(GIVEN), None), folder.path()).expect("a key");
        let other = MasterKey::from_settings(&settings(None, None), folder.path()).expect("a key");
        let sealed = key.seal("signing-key:a", b"secret").expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(key.open("signing-key:a", &sealed).expect("opened").as_slice(), b"secret");
        assert!(key.open("signing-key:b", &sealed).is_err());
        assert!(other.open("signing-key:a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("signing-key:a", &changed).is_err(), "byte {at}");
            assert!(key.open("signing-key:a", &sealed[..at]).is_err(), "cut at {at}");
        }
        assert_ne!(sealed, key.seal("signing-key:a", b"secret").expect("sealed"), "nonces differ");
    }

    #[test]
    fn a_generated_key_stays_the_same_and_is_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = MasterKey::from_settings(&settings(None, None), folder.path()).expect("a key");
        let second = MasterKey::from_settings(&settings(None, None), folder.path()).expect("a key");
        assert_eq!(first.0, second.0);
        let mode = fs::metadata(folder.path().join(FILE_NAME)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "no draft is left");
    }

    #[test]
    fn many_that_make_it_at_once_agree() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| MasterKey::from_settings(&settings(None, None), folder.path()).expect("a key").0)
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("joined")).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_given_key_may_be_padded_or_not_and_of_either_alphabet() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = MasterKey::from_base64(GIVEN, "x").expect("a key");
        assert_eq!(key.0, MasterKey::from_base64(GIVEN.trim_end_matches('='), "x").expect("a key").0);
        let file = folder.path().join("given");
        fs::write(&file, format!("{GIVEN}\n")).expect("written");
        assert_eq!(key.0, MasterKey::from_settings(&settings(None, Some(&file)), folder.path()).expect("a key").0);
    }

    #[track_caller]
    fn check(settings: &SecretSettings, expected: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let error = MasterKey::from_settings(settings, folder.path()).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "the secret is not repeated");
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        check(&settings(Some("hunter2 hunter2!"), None), "it is not base64");
        check(&settings(Some("aHVudGVyMg=="), None), "shorter");
        check(&settings(Some(GIVEN), Some(Path::new("/x"))), "not both");
        check(&settings(None, Some(Path::new("/nowhere/at/all"))), "/nowhere/at/all");
    }
}
