//! What only the running gateway can do, as the binary hands it in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::keys::KeyDigest;
use tollgate_core::later::BoxFuture;
use tollgate_core::services::DebugGrant;
use tollgate_core::store::{Actor, LeakReport, NewKey, Store, StoreError};
use tollgate_core::time::Timestamp;

use crate::views::{
    LeakView, LiveView, LogLevelView, LogSubject, PinView, ProjectDescription, RecorderView, ReloadReport,
    RequestFilter, RequestSummary, RequestView, RouteView, SigningKeyView, SnapshotDetail, SnapshotDiff, SnapshotView,
    Status,
};

/// A key that was just made, and will never be seen again.
pub struct MintedKey {
    /// The key itself: shown once.
    pub key: String,
    /// What is stored of it.
    pub stored: NewKey,
}

impl fmt::Debug for MintedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedKey").field("stored", &self.stored).finish_non_exhaustive()
    }
}

/// Whether the gateway can do its work, part by part. `None` is good, `Some` says what is wrong.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The snapshot in force.
    pub snapshot: String,
    /// Why the project in force is not the one on disk.
    pub project: Option<String>,
    /// Why the repository that the project comes from cannot be fetched.
    pub source: Option<String>,
    /// Why no other project is put into force.
    pub pinned: Option<String>,
    /// Why the certificates in force are not those on disk.
    pub certificates: Option<String>,
    /// What is wrong with the store.
    pub store: Option<String>,
    /// Why keys cannot be trusted any more.
    pub keys: Option<String>,
    /// Why nothing can be signed.
    pub issuer: Option<String>,
    /// The process is about to end, so no new work should come.
    pub stopping: bool,
}

/// Why nothing was rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackRefused {
    /// No snapshot of this id is kept, or none before the one in force.
    NotKept(String),
    /// It cannot be read, or not be written down that it is pinned.
    Failed(String),
}

/// The running gateway, as the management API needs it.
pub trait Control: Send + Sync + fmt::Debug {
    /// Looks after everything that `/readyz` tells.
    fn health(&self) -> BoxFuture<'_, Health>;
    /// What runs here, and since when.
    fn status(&self) -> Status;
    /// The routes in force.
    fn routes(&self) -> Vec<RouteView>;
    /// The project in force, as it can be compared with another.
    fn describe(&self) -> ProjectDescription;
    /// Reads the project again and puts it into force if it is good and nothing is pinned. With `canary`,
    /// errors are watched for so long.
    fn reload(&self, by: &Actor, canary: Option<Duration>) -> BoxFuture<'_, ReloadReport>;
    /// The projects that were applied and are kept, the latest first.
    ///
    /// # Errors
    /// Where the disk does not give them.
    fn snapshots(&self) -> Result<Vec<SnapshotView>, String>;
    /// One of them, where it is there.
    ///
    /// # Errors
    /// Where the disk does not give it.
    fn snapshot(&self, id: u32) -> Result<Option<SnapshotDetail>, String>;
    /// Two of them compared, where both are there.
    ///
    /// # Errors
    /// Where the disk does not give them.
    fn compare_snapshots(&self, from: u32, to: u32) -> Result<Option<SnapshotDiff>, String>;
    /// Puts a snapshot into force again and pins it; the one before that in force where none is named.
    fn roll_back(&self, to: Option<u32>, by: &Actor) -> BoxFuture<'_, Result<ReloadReport, RollbackRefused>>;
    /// Lets projects be put into force again. `None` where nothing was pinned.
    ///
    /// # Errors
    /// Where the disk does not take it.
    fn unpin(&self, by: &Actor) -> BoxFuture<'_, Result<Option<PinView>, String>>;
    /// Makes a key.
    ///
    /// # Errors
    /// Where the machine has no randomness to give.
    fn mint_key(&self, description: Option<String>, expires_on: Option<Timestamp>) -> Result<MintedKey, String>;
    /// Does about leaked keys what is to be done, through a store that knows on whose behalf. It is in
    /// force here when this returns.
    ///
    /// # Errors
    /// Where the store is away.
    fn report_leaks(
        &self,
        store: Arc<dyn Store>,
        keys: Vec<KeyDigest>,
        report: LeakReport,
    ) -> BoxFuture<'_, Result<Vec<LeakView>, StoreError>>;
    /// Takes over a key that was made elsewhere.
    ///
    /// # Errors
    /// Where it cannot be a key.
    fn adopt_key(
        &self,
        key: &str,
        description: Option<String>,
        expires_on: Option<Timestamp>,
    ) -> Result<MintedKey, String>;
    /// Makes the token of an operator.
    ///
    /// # Errors
    /// Where the machine has no randomness to give.
    fn mint_token(&self) -> Result<MintedKey, String>;
    /// The SHA-256 of something.
    fn digest(&self, of: &[u8]) -> KeyDigest;
    /// Seals what must not be kept in clear.
    ///
    /// # Errors
    /// Where the cipher fails.
    fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, String>;
    /// Opens what was sealed, here or on another node.
    ///
    /// # Errors
    /// Where it was sealed with another key.
    fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, String>;
    /// Lets the gateway take note of changes to keys and consumers that the store has just
    /// acknowledged, so that they are in force here before they are answered. Other nodes follow
    /// by themselves; where the store is away again, so does this one.
    fn follow_keys(&self) -> BoxFuture<'_, ()>;
    /// Replaces the signing key: after the announcement that backends need, or at once.
    ///
    /// # Errors
    /// Where the store refuses.
    fn rotate_signing_key(&self, now: bool) -> BoxFuture<'_, Result<Vec<SigningKeyView>, String>>;
    /// The signing keys that are published.
    ///
    /// # Errors
    /// Where the store is away.
    fn signing_keys(&self) -> BoxFuture<'_, Result<Vec<SigningKeyView>, String>>;
    /// Makes a debug token.
    fn debug_token(&self, grant: &DebugGrant) -> String;
    /// The latest request with this id that is remembered.
    fn request(&self, id: &str) -> Option<RequestView>;
    /// Requests that are remembered, the latest first.
    fn requests(&self, filter: &RequestFilter) -> Vec<RequestSummary>;
    /// What runs at this moment.
    fn live(&self) -> LiveView;
    /// What is remembered of requests.
    fn recorder(&self) -> RecorderView;
    /// The levels of the log that are others for a time.
    fn log_levels(&self) -> Vec<LogLevelView>;
    /// Sets a level until a moment; it then goes back by itself.
    ///
    /// # Errors
    /// Where it is no level, or nothing can be set in this process.
    fn set_log_level(&self, level: LogLevelView, until: Timestamp) -> Result<(), String>;
    /// Puts a level back; false where none was set.
    fn reset_log_level(&self, subject: LogSubject, name: &str) -> bool;
    /// All metrics in the OpenMetrics text format.
    fn metrics(&self) -> String;
    /// The moment, for expiries.
    fn now(&self) -> Timestamp;
    /// How long the old key lives on after a roll, unless told otherwise.
    fn default_overlap(&self) -> Duration {
        Duration::from_secs(86_400)
    }
}
