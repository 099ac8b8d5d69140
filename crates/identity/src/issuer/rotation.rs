//! The life of the signing keys: which one signs, which are published, and what there is to do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_core::settings::SigningAlgorithm;
use tollgate_core::store::StoredSigningKey;
use tollgate_core::time::Timestamp;

use super::signing_key::KeyMaterial;
use super::{Issuer, IssuerError, Rotation, SigningKeyInfo, SigningKeyState};

/// How long after the last token's end a key stays published, for backends whose clocks are slow.
const LEEWAY: Duration = Duration::from_secs(60);
/// How often a rotation begins anew because another node was faster.
const ATTEMPTS: usize = 5;

/// A key as the store has it, and ready to sign.
#[derive(Debug, Clone)]
struct Entry {
    stored: StoredSigningKey,
    material: Arc<KeyMaterial>,
}

impl Entry {
    fn state(&self, now: Timestamp) -> SigningKeyState {
        let key = &self.stored;
        if key.published_until.is_some_and(|moment| moment <= now) {
            SigningKeyState::Withdrawn
        } else if key.retired_on.is_some_and(|moment| moment <= now) {
            SigningKeyState::Retired
        } else if key.active_on <= now {
            SigningKeyState::Active
        } else {
            SigningKeyState::Pending
        }
    }
}

/// All keys that the store has, the oldest first.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Entry>);

impl KeySet {
    /// The key that signs: the newest that may. Where the clock stands before the first moment of
    /// all keys, as after a jump backwards, the oldest one that is published.
    pub(super) fn active(&self, now: Timestamp) -> Option<&KeyMaterial> {
        let newest = self.0.iter().rev().find(|entry| entry.state(now) == SigningKeyState::Active);
        newest
            .or_else(|| self.0.iter().find(|entry| entry.state(now) != SigningKeyState::Withdrawn))
            .map(|entry| &*entry.material)
    }

    /// The keys that backends may meet: the one that signs first, then the newest.
    pub(super) fn published(&self, now: Timestamp) -> Vec<&KeyMaterial> {
        let active = self.active(now).map(KeyMaterial::kid);
        let mut published: Vec<&KeyMaterial> = self
            .0
            .iter()
            .rev()
            .filter(|entry| entry.state(now) != SigningKeyState::Withdrawn)
            .map(|entry| &*entry.material)
            .collect();
        published.sort_by_key(|key| Some(key.kid()) != active);
        published
    }

    pub(super) fn list(&self, now: Timestamp) -> Vec<SigningKeyInfo> {
        self.0
            .iter()
            .map(|entry| SigningKeyInfo {
                kid: entry.stored.kid.clone(),
                algorithm: entry.stored.algorithm.clone(),
                state: entry.state(now),
                created_on: entry.stored.created_on,
                active_on: entry.stored.active_on,
                retired_on: entry.stored.retired_on,
                published_until: entry.stored.published_until,
            })
            .collect()
    }

    /// As they are kept.
    pub(super) fn stored(&self) -> Vec<StoredSigningKey> {
        self.0.iter().map(|entry| entry.stored.clone()).collect()
    }

    fn newest(&self) -> Option<&Entry> {
        self.0.last()
    }

    fn newest_kid(&self) -> Option<&str> {
        self.newest().map(|entry| entry.stored.kid.as_str())
    }
}

impl Issuer {
    /// Reads the keys from the store. Those that are known are not opened again.
    pub(super) async fn refresh(&self) -> Result<(), IssuerError> {
        self.take(self.store.signing_keys().await?)
    }

    /// Uses these keys, and no others.
    pub(super) fn take(&self, stored: Vec<StoredSigningKey>) -> Result<(), IssuerError> {
        let known = self.keys.load_full();
        let mut entries = Vec::with_capacity(stored.len());
        for stored in stored {
            let material = match known.0.iter().find(|entry| entry.stored.kid == stored.kid) {
                Some(entry) => Arc::clone(&entry.material),
                None => Arc::new(KeyMaterial::open(&stored, &self.master_key)?),
            };
            entries.push(Entry { stored, material });
        }
        self.keys.store(Arc::new(KeySet(entries)));
        self.publish();
        Ok(())
    }

    /// Reads the keys, and makes one that signs at once where none is usable.
    pub(super) async fn ensure_key(&self) -> Result<(), IssuerError> {
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let now = self.clock.now();
            let keys = self.keys.load_full();
            if keys.active(now).is_some() {
                return Ok(());
            }
            let algorithm = self.config.load().algorithm;
            if let Some(kid) = self.add(keys.newest_kid(), algorithm, now, now).await? {
                tracing::info!(%kid, algorithm = algorithm.as_str(), "made the first signing key");
            }
        }
        Err(IssuerError::Contended)
    }

    /// Everything that is due.
    pub(super) async fn look_after(&self) -> Result<(), IssuerError> {
        self.ensure_key().await?;
        let now = self.clock.now();
        let config = self.config.load_full();
        let keys = self.keys.load_full();
        let Some(newest) = keys.newest() else { return Ok(()) };

        if self.algorithm_unchecked.swap(false, Ordering::AcqRel) && newest.material.algorithm() != config.algorithm {
            tracing::info!(algorithm = config.algorithm.as_str(), "the signing algorithm changed: rotating");
            self.replace_later(Some(config.algorithm)).await?;
        } else if !config.rotate_every.is_zero()
            && newest.state(now) != SigningKeyState::Pending
            && newest.stored.active_on.plus(config.rotate_every) <= now.plus(config.publish_before_use)
        {
            let rotation = self.replace_later(None).await?;
            tracing::info!(kid = %rotation.kid, active_on = ?rotation.active_on, "rotating the signing key, as scheduled");
        }
        self.settle().await?;

        let now = self.clock.now();
        if self.keys.load().0.iter().any(|entry| entry.stored.published_until.is_some_and(|moment| moment < now)) {
            self.store.prune_signing_keys(now).await?;
            self.refresh().await?;
        }
        Ok(())
    }

    /// Publishes a successor that signs `publishBeforeUse` later, or finds the one that waits
    /// already. It has the algorithm of its predecessor unless another is asked for.
    pub(super) async fn replace_later(&self, algorithm: Option<SigningAlgorithm>) -> Result<Rotation, IssuerError> {
        for _ in 0..ATTEMPTS {
            self.ensure_key().await?;
            let keys = self.keys.load_full();
            let Some(newest) = keys.newest() else { continue };
            let now = self.clock.now();
            let wanted = algorithm.unwrap_or_else(|| newest.material.algorithm());
            if newest.state(now) == SigningKeyState::Pending && newest.material.algorithm() == wanted {
                let (kid, active_on) = (newest.stored.kid.clone(), newest.stored.active_on);
                self.settle().await?;
                return Ok(Rotation { kid, active_on, withdrawn: Vec::new() });
            }
            let active_on = now.plus(self.config.load().publish_before_use);
            if let Some(kid) = self.add(Some(&newest.stored.kid), wanted, now, active_on).await? {
                self.settle().await?;
                return Ok(Rotation { kid, active_on, withdrawn: Vec::new() });
            }
        }
        Err(IssuerError::Contended)
    }

    /// Makes a successor that signs at once, and withdraws all others. The successor comes first,
    /// so that there is a key at every moment.
    pub(super) async fn replace_now(&self) -> Result<Rotation, IssuerError> {
        for _ in 0..ATTEMPTS {
            self.ensure_key().await?;
            let keys = self.keys.load_full();
            let Some(newest) = keys.newest() else { continue };
            let now = self.clock.now();
            let Some(kid) = self.add(Some(&newest.stored.kid), newest.material.algorithm(), now, now).await? else {
                continue;
            };
            let mut withdrawn = Vec::new();
            for entry in keys.0.iter().filter(|entry| entry.state(now) != SigningKeyState::Withdrawn) {
                let mut stored = entry.stored.clone();
                stored.retired_on = Some(stored.retired_on.map_or(now, |moment| moment.min(now)));
                stored.published_until = Some(now);
                withdrawn.push(stored.kid.clone());
                if !self.store.change_signing_key(&kid, stored).await? {
                    return Err(IssuerError::Contended);
                }
            }
            self.refresh().await?;
            return Ok(Rotation { kid, active_on: now, withdrawn });
        }
        Err(IssuerError::Contended)
    }

    /// Adds a key to the store; `None` where another node was faster.
    async fn add(
        &self,
        newest: Option<&str>,
        algorithm: SigningAlgorithm,
        created_on: Timestamp,
        active_on: Timestamp,
    ) -> Result<Option<String>, IssuerError> {
        let master_key = self.master_key.clone();
        let made =
            tokio::task::spawn_blocking(move || KeyMaterial::generate(algorithm, &master_key, created_on, active_on));
        let (_, stored) = made.await.map_err(|error| IssuerError::Generate(error.to_string()))??;
        let kid = stored.kid.clone();
        let added = self.store.add_signing_key(newest, stored).await?;
        self.refresh().await?;
        Ok(added.then_some(kid))
    }

    /// Retires each key that has a successor, and lets it be published for as long as tokens
    /// that it signed may be met. Also mends what a node that stopped halfway left behind.
    async fn settle(&self) -> Result<(), IssuerError> {
        let keys = self.keys.load_full();
        let now = self.clock.now();
        let longest = Duration::from_secs(self.longest.load(Ordering::Acquire));
        let Some(newest) = keys.newest_kid() else { return Ok(()) };
        let mut changed = false;
        for pair in keys.0.windows(2) {
            let [entry, successor] = pair else { continue };
            if entry.state(now) == SigningKeyState::Withdrawn {
                continue;
            }
            let mut stored = entry.stored.clone();
            let retired_on = stored.retired_on.unwrap_or(successor.stored.active_on);
            stored.retired_on = Some(retired_on);
            let signed = entry.material.last_expiry().plus(LEEWAY);
            // Until it is retired it may still sign tokens of any length seen so far.
            let may_sign = if retired_on > now || stored.published_until.is_none() {
                retired_on.plus(longest).plus(LEEWAY)
            } else {
                signed
            };
            stored.published_until = stored.published_until.max(Some(signed)).max(Some(may_sign));
            if stored.retired_on != entry.stored.retired_on || stored.published_until != entry.stored.published_until {
                // False where another node added a key or withdrew this one: its view is newer.
                changed |= self.store.change_signing_key(newest, stored).await?;
            }
        }
        if changed {
            self.refresh().await?;
        }
        Ok(())
    }
}
