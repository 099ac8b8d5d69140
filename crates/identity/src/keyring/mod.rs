//! Every live key in memory, kept current by following the store's changes.
//!
//! A lookup is a hash and a map hit. Only a well-formed key that nobody knows looks at the store
//! before it is refused, because it may have been made a moment ago; those looks run one at a
//! time, and an address that keeps guessing loses them. While the store is away, known keys are
//! served for a while; then nobody is let in.

mod declared;
mod looks;
mod tombstones;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::time::timeout;
use tollgate_core::MaybeLater;
use tollgate_core::keys::{Consumer, DEFAULT_BUCKET, DeclaredConsumer, KeyDigest, KeyGrant};
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{self, ConsumersAway, KeyVerdict};
use tollgate_core::store::{Directory, KeyChange, KeyFeed, KeySet, StoreError};
use tollgate_core::time::{Clock, Timestamp};

use crate::finder::{IMPORTED_PREFIX, KeyFinder};
use crate::key_format::{Form, MAX_LENGTH, MIN_LENGTH, digest, form, is_compact_jws};
use declared::Declared;
use looks::Looks;
use tombstones::Tombstones;

pub use declared::DeclaredError;

/// A quiet store is asked this often, so that its going away is noticed, and no change is missed
/// even if a notice is.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// A store that is away is asked again after this long.
const RETRY: Duration = Duration::from_millis(500);
/// How long a request waits for a look at the store. A store that hangs must not hold up requests
/// with keys that nobody knows.
const LOOK: Duration = Duration::from_secs(1);

/// Whoever waits for the end of a key looks at the wall clock this often: it may have been set.
const CLOCK_CHECK: Duration = Duration::from_secs(60);

/// How a keyring behaves.
#[derive(Debug, Clone)]
pub struct KeyringOptions {
    /// The prefix of this gateway's own keys, which are held to their checksum.
    pub prefix: String,
    /// For how long known keys are served while the store is away.
    pub max_stale: Duration,
    /// Whether the development key is accepted.
    pub dev: bool,
}

/// How a keyring is, for `/readyz` and the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringStatus {
    /// Keys held from the store.
    pub keys: usize,
    /// Keys declared in the project.
    pub declared: usize,
    /// The last change of the store that is known.
    pub sequence: i64,
    /// When the store last answered.
    pub synced_on: Timestamp,
    /// For how long the store has not answered; zero where the last try succeeded.
    pub away_for: Duration,
    /// What the store said when it last failed; `None` where the last try succeeded.
    pub error: Option<String>,
}

type Listener = Box<dyn Fn(&KeyChange) + Send + Sync>;

/// Knows every live key.
pub struct Keyring {
    store: Arc<dyn KeyFeed>,
    directory: OnceLock<Arc<dyn Directory>>,
    clock: Arc<dyn Clock>,
    options: KeyringOptions,
    finder: KeyFinder,
    held: papaya::HashMap<KeyDigest, KeyGrant>,
    tombstones: Tombstones,
    declared: ArcSwap<Declared>,
    looks: Looks,
    sequence: AtomicI64,
    /// The monotonic moment, in milliseconds, at which the last successful sync began; before
    /// this process began, where that was in another.
    synced: AtomicI64,
    /// Whether what is held comes from another process, so that all of it must be read anew.
    restored: AtomicBool,
    state: Mutex<SyncState>,
    /// One sync at a time; inside: how many have begun.
    syncing: tokio::sync::Mutex<()>,
    begun: AtomicU64,
    /// The number of the last sync that succeeded.
    finished: AtomicU64,
    listeners: RwLock<Vec<Listener>>,
    /// Told whenever a key has changed.
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct SyncState {
    synced_on: Timestamp,
    error: Option<String>,
    /// When the store was last asked in vain, by the monotonic clock.
    failed: Duration,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("options", &self.options)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// Loads every live key.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn load(
        store: Arc<dyn KeyFeed>,
        clock: Arc<dyn Clock>,
        options: KeyringOptions,
    ) -> Result<Arc<Self>, StoreError> {
        let keyring = Self::empty(store, clock, options);
        let began = keyring.moment();
        keyring.reload().await?;
        keyring.synced.store(began, Ordering::Release);
        Ok(Arc::new(keyring))
    }

    /// Begins with what another process knew when the store last answered it, at `synced_on`: for
    /// a start while the store is away. `maxStale` counts from that moment.
    pub fn restore(
        store: Arc<dyn KeyFeed>,
        clock: Arc<dyn Clock>,
        options: KeyringOptions,
        keys: KeySet,
        synced_on: Timestamp,
    ) -> Arc<Self> {
        let keyring = Self::empty(store, clock, options);
        let age = i64::try_from(keyring.clock.now().since(synced_on).as_millis()).unwrap_or(i64::MAX);
        keyring.synced.store(keyring.moment().saturating_sub(age), Ordering::Release);
        keyring.restored.store(true, Ordering::Release);
        {
            let mut state = keyring.state.lock();
            state.synced_on = synced_on;
            state.error = Some("it has not answered since the start".to_owned());
        }
        keyring.take(keys);
        Arc::new(keyring)
    }

    fn empty(store: Arc<dyn KeyFeed>, clock: Arc<dyn Clock>, options: KeyringOptions) -> Self {
        Self {
            finder: KeyFinder::new([options.prefix.as_str(), IMPORTED_PREFIX]),
            state: Mutex::new(SyncState { synced_on: clock.now(), error: None, failed: Duration::ZERO }),
            store,
            directory: OnceLock::new(),
            clock,
            options,
            held: papaya::HashMap::new(),
            tombstones: Tombstones::default(),
            declared: ArcSwap::default(),
            looks: Looks::default(),
            sequence: AtomicI64::new(0),
            synced: AtomicI64::new(0),
            restored: AtomicBool::new(false),
            syncing: tokio::sync::Mutex::new(()),
            begun: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            listeners: RwLock::default(),
            changed: watch::Sender::default(),
        }
    }

    /// From now on, consumers are looked up in `directory` when somebody asks for one by name. Only the first
    /// time counts.
    pub fn look_up_in(&self, directory: Arc<dyn Directory>) {
        let _ = self.directory.set(directory);
    }

    /// What is held, as a store would give it.
    pub fn held(&self) -> KeySet {
        let sequence = self.sequence.load(Ordering::Acquire);
        let grants = self.held.pin().values().cloned().collect();
        KeySet { grants, revoked: self.tombstones.all(), sequence }
    }

    /// Follows the store's changes. Never ends: run it beside the gateway.
    pub async fn run(self: Arc<Self>) {
        loop {
            // Called before the read, so that what happens between read and wait is not missed.
            let changed = self.store.changed();
            match self.catch_up().await {
                Ok(()) => drop(timeout(HEARTBEAT, changed).await),
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    /// Replaces the consumers that the project declares.
    ///
    /// # Errors
    /// Where a hash is not one, or two consumers share one; nothing is replaced then.
    pub fn set_declared(&self, consumers: &[DeclaredConsumer]) -> Result<(), DeclaredError> {
        self.declared.store(Arc::new(Declared::new(consumers, self.clock.now())?));
        self.changed.send_replace(());
        Ok(())
    }

    /// Calls `listener` with every change, after it took effect here. Caches that hold something
    /// for a key listen, and drop it.
    pub fn on_change(&self, listener: impl Fn(&KeyChange) + Send + Sync + 'static) {
        self.listeners.write().push(Box::new(listener));
    }

    /// How it is.
    pub fn status(&self) -> KeyringStatus {
        let state = self.state.lock();
        let away = state.error.is_some();
        KeyringStatus {
            keys: self.held.len(),
            declared: self.declared.load().len(),
            sequence: self.sequence.load(Ordering::Acquire),
            synced_on: state.synced_on,
            away_for: if away { self.since_sync() } else { Duration::ZERO },
            error: state.error.clone(),
        }
    }

    /// Reads what changed in the store. Calls that come while one reads share the next read.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let asked = self.begun.load(Ordering::Acquire);
        let _one = self.syncing.lock().await;
        // A read that began after the question answers it.
        if self.finished.load(Ordering::Acquire) > asked {
            return Ok(());
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let (moment, now) = (self.moment(), self.clock.now());
        let outcome = self.read_changes().await;
        let mut state = self.state.lock();
        match &outcome {
            Ok(()) => {
                if state.error.take().is_some() {
                    tracing::info!("the store answers again");
                }
                state.synced_on = now;
                self.synced.store(moment, Ordering::Release);
                self.finished.store(number, Ordering::Release);
            }
            Err(error) => {
                if state.error.is_none() {
                    tracing::error!(%error, "the store is away; known keys are served for `keys.maxStale`");
                }
                state.error = Some(error.to_string());
                state.failed = self.clock.monotonic();
            }
        }
        outcome
    }

    async fn read_changes(&self) -> Result<(), StoreError> {
        if self.restored.load(Ordering::Acquire) {
            self.reload().await?;
            self.restored.store(false, Ordering::Release);
            return Ok(());
        }
        let since = self.sequence.load(Ordering::Acquire);
        let read = self.store.key_changes(since).await?;
        if read.incomplete {
            tracing::info!(since, found = read.sequence, "the store has moved on too far: reading it anew");
            return self.reload().await;
        }
        if read.sequence < since {
            // The store was replaced by an older one, as `store restore` does.
            tracing::warn!(
                since,
                found = read.sequence,
                "the store is older than what is known of it: reading it anew"
            );
            return self.reload().await;
        }
        for change in &read.changes {
            self.apply(change);
        }
        self.sequence.store(read.sequence, Ordering::Release);
        Ok(())
    }

    /// Reads everything. Keys that are not in the store any more are forgotten.
    async fn reload(&self) -> Result<(), StoreError> {
        self.take(self.store.key_set().await?);
        Ok(())
    }

    /// Holds this, and nothing else.
    fn take(&self, set: KeySet) {
        let live: std::collections::HashSet<KeyDigest> = set.grants.iter().map(|grant| grant.digest).collect();
        let gone: Vec<KeyChange> = self
            .held
            .pin()
            .iter()
            .filter(|(digest, _)| !live.contains(*digest))
            .map(|(digest, grant)| KeyChange::Withdrawn {
                digest: *digest,
                key: Arc::clone(&grant.key.id),
                revoked: false,
            })
            .collect();
        for change in gone.into_iter().chain(set.grants.into_iter().map(KeyChange::Granted)) {
            self.apply(&change);
        }
        for digest in set.revoked.into_iter().rev() {
            self.tombstones.add(digest);
        }
        self.sequence.store(set.sequence, Ordering::Release);
    }

    fn apply(&self, change: &KeyChange) {
        match change {
            KeyChange::Granted(grant) => {
                self.tombstones.remove(&grant.digest);
                self.held.pin().insert(grant.digest, grant.clone());
            }
            KeyChange::Withdrawn { digest, revoked, .. } => {
                // The tombstone first: nobody shall meet neither.
                if *revoked {
                    self.tombstones.add(*digest);
                }
                self.held.pin().remove(digest);
            }
        }
        for listener in self.listeners.read().iter() {
            listener(change);
        }
        self.changed.send_replace(());
    }

    fn moment(&self) -> i64 {
        i64::try_from(self.clock.lately().as_millis()).unwrap_or(i64::MAX)
    }

    fn since_sync(&self) -> Duration {
        let since = self.moment().saturating_sub(self.synced.load(Ordering::Acquire));
        Duration::from_millis(u64::try_from(since).unwrap_or(0))
    }

    fn is_stale(&self) -> bool {
        self.since_sync() > self.options.max_stale
    }

    /// What is known of a digest without asking anybody; `None` where it is not known.
    fn known(&self, digest: &KeyDigest, bucket: &str) -> Option<KeyVerdict> {
        if let Some(grant) = self.held.pin().get(digest) {
            return Some(self.judge(grant, bucket));
        }
        if self.tombstones.contains(digest) {
            return Some(KeyVerdict::Revoked);
        }
        self.declared.load().get(digest).map(|grant| self.judge(grant, bucket))
    }

    /// The same in whatever bucket it is.
    fn known_anywhere(&self, digest: &KeyDigest) -> KeyVerdict {
        let held = self.held.pin().get(digest).cloned().or_else(|| self.declared.load().get(digest).cloned());
        match held {
            Some(grant) => self.judge_anywhere(&grant),
            None if self.tombstones.contains(digest) => KeyVerdict::Revoked,
            None => KeyVerdict::Unknown,
        }
    }

    fn judge(&self, grant: &KeyGrant, bucket: &str) -> KeyVerdict {
        if &*grant.consumer.bucket != bucket {
            // A key of another bucket does not exist here.
            return KeyVerdict::Unknown;
        }
        self.judge_anywhere(grant)
    }

    fn judge_anywhere(&self, grant: &KeyGrant) -> KeyVerdict {
        if grant.key.revoked_on.is_some() {
            return KeyVerdict::Revoked;
        }
        if grant.key.expires_on.is_some_and(|moment| moment <= self.clock.now()) {
            return KeyVerdict::Expired;
        }
        if grant.key.development && !self.options.dev {
            return KeyVerdict::DevelopmentOnly;
        }
        KeyVerdict::Good(grant.clone())
    }

    /// Reads what changed, for one request: false where that failed, or did not come in time.
    async fn look_at_store(&self) -> bool {
        !self.was_just_away() && matches!(timeout(LOOK, self.catch_up()).await, Ok(Ok(())))
    }

    /// Whether the store was away a moment ago, or is away and being asked again at this moment:
    /// then no request waits for it.
    fn was_just_away(&self) -> bool {
        let (away, failed) = {
            let state = self.state.lock();
            (state.error.is_some(), state.failed)
        };
        away && (self.clock.monotonic().saturating_sub(failed) < RETRY || self.syncing.try_lock().is_err())
    }

    /// Looks at the store before the verdict.
    async fn look(&self, digest: KeyDigest, bucket: &str, client: IpAddr) -> KeyVerdict {
        if !self.look_at_store().await {
            // Nobody can say whether such a key was made while the store is away. Known keys are
            // judged by how old the knowledge is.
            return match self.known(&digest, bucket) {
                Some(verdict) if !self.is_stale() => verdict,
                _ => KeyVerdict::Unavailable,
            };
        }
        match self.known(&digest, bucket) {
            Some(verdict) => {
                // A look that found something was no guess.
                self.looks.give_back(client);
                verdict
            }
            None => KeyVerdict::Unknown,
        }
    }
}

impl services::Keyring for Keyring {
    fn sightings(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.finder.find(text).into_iter().map(|sighting| sighting.range).collect()
    }

    fn ended(&self, key: KeyDigest) -> BoxFuture<'_, KeyVerdict> {
        Box::pin(async move {
            let mut changed = self.changed.subscribe();
            loop {
                let expires_on = match self.known_anywhere(&key) {
                    KeyVerdict::Good(grant) => grant.key.expires_on,
                    verdict => return verdict,
                };
                let left = expires_on.map_or(CLOCK_CHECK, |moment| moment.since(self.clock.now()).min(CLOCK_CHECK));
                // The sender lives as long as this.
                let _ = timeout(left, changed.changed()).await;
            }
        })
    }

    fn find<'a>(&'a self, presented: &str, bucket: Option<&'a str>, client: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&presented.len()) {
            return MaybeLater::Now(KeyVerdict::Malformed);
        }
        let bucket = bucket.unwrap_or(DEFAULT_BUCKET);
        let digest = digest(presented);
        let stale = self.is_stale();
        match self.known(&digest, bucket) {
            // Nobody is let in on knowledge that is too old, unless the store confirms it now.
            Some(KeyVerdict::Good(_)) if stale => {}
            Some(verdict) => return MaybeLater::Now(verdict),
            // A key whose digest is known is one, whatever it looks like.
            None if form(&self.options.prefix, presented) != Form::Good => {
                return MaybeLater::Now(KeyVerdict::Malformed);
            }
            // A token for another policy: where both are accepted, every request of a client with
            // a token comes by here.
            None if is_compact_jws(presented) => return MaybeLater::Now(KeyVerdict::Unknown),
            None => {}
        }
        if self.was_just_away() {
            return MaybeLater::Now(KeyVerdict::Unavailable);
        }
        if !self.looks.take(client, self.clock.monotonic()) {
            return MaybeLater::Now(if stale { KeyVerdict::Unavailable } else { KeyVerdict::Unknown });
        }
        MaybeLater::later(self.look(digest, bucket, client))
    }

    fn consumer<'a>(
        &'a self,
        bucket: Option<&'a str>,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Consumer>, ConsumersAway>> {
        Box::pin(async move {
            let bucket = bucket.unwrap_or(DEFAULT_BUCKET);
            let Some(directory) = self.directory.get() else {
                return Err(ConsumersAway("there is no store of consumers here".to_owned()));
            };
            match directory.consumer(bucket, name).await {
                Ok(consumer) => Ok(Some(consumer)),
                // Declared ones are the project's, and in no store.
                Err(StoreError::NotFound { .. }) => Ok(self.declared.load().consumer(bucket, name)),
                Err(error) => Err(ConsumersAway(error.to_string())),
            }
        })
    }
}
