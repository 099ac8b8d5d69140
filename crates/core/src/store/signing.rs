//! Signing keys, and the secrets that nodes share.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::later::BoxFuture;
use crate::time::Timestamp;

/// A signing key as it is kept: sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSigningKey {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// `RS256`, …
    pub algorithm: String,
    /// The private key, sealed by the issuer.
    pub sealed: Vec<u8>,
    /// When it was made, which is when its public half was first published.
    pub created_on: Timestamp,
    /// From when on it signs.
    pub active_on: Timestamp,
    /// From when on it does not sign any more.
    pub retired_on: Option<Timestamp>,
    /// Until when its public half is published; a withdrawn key's moment lies in the past.
    pub published_until: Option<Timestamp>,
}

/// Signing keys.
pub trait SigningKeys: Send + Sync {
    /// All signing keys, the oldest first.
    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<StoredSigningKey>, StoreError>>;
    /// Adds a signing key, provided that the newest key is still `newest` (by `kid`; `None` for no
    /// key at all): so that two nodes rotate once. False where it is not.
    fn add_signing_key(&self, newest: Option<&str>, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// Changes the moments of a signing key, provided that the newest key is still `newest`, and that
    /// it is there and not withdrawn: what a slower node believes brings no withdrawn key back. False
    /// where nothing was changed.
    fn change_signing_key(&self, newest: &str, key: StoredSigningKey) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// Forgets signing keys whose `published_until` lies before `now`.
    fn prune_signing_keys(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>>;
    /// The secret of this name that all nodes share; `proposal` becomes it where there is none.
    fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, StoreError>>;
    /// Resolves like [`super::KeyFeed::changed`].
    fn signing_keys_changed(&self) -> BoxFuture<'_, ()>;
}
