//! What a gateway does about its store while it serves: metrics of how it is, and the reserve on
//! the disk for a start while it is away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_core::time::Clock;
use tollgate_identity::{KeyringStatus, Reserve, ReserveFile};

use super::Serving;

/// How often it is looked after.
const TICK: Duration = Duration::from_secs(1);
/// How often the disk is told at most that the store still confirms what is known.
const CONFIRM: Duration = Duration::from_secs(30);
/// A reserve that took long to write is written less often: so many times as long lies between two.
const PAUSES: u32 = 20;
/// The least time between two.
const LEAST_PAUSE: Duration = Duration::from_secs(3);

/// What was last written, and when.
struct Written {
    file: ReserveFile,
    sequence: i64,
    signing_keys: Vec<tollgate_core::store::StoredSigningKey>,
    confirmed: Duration,
    next: Duration,
    failing: bool,
}

impl Serving {
    /// Follows how the store is. Never ends.
    pub(super) async fn follow_store(self: Arc<Self>) {
        let shared = self.rooms.store.is_shared();
        let clock = Arc::clone(&self.rooms.services.clock);
        let mut written = Written {
            file: ReserveFile::new(self.data.path()),
            sequence: -1,
            signing_keys: Vec::new(),
            confirmed: Duration::ZERO,
            next: Duration::ZERO,
            failing: false,
        };
        let mut was_up = true;
        loop {
            let status = self.rooms.keyring.status();
            let up = status.error.is_none();
            self.rooms.metrics.store_up.set(i64::from(up));
            if was_up && !up {
                self.rooms.metrics.store_outages.inc();
            }
            was_up = up;
            if shared && up {
                written = self.keep(written, &status, &*clock).await;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Writes the reserve where something changed, or confirms it.
    async fn keep(&self, mut written: Written, status: &KeyringStatus, clock: &dyn Clock) -> Written {
        let now = clock.monotonic();
        let signing_keys = self.rooms.issuer.stored();
        let changed = status.sequence != written.sequence || signing_keys != written.signing_keys;
        if changed && now >= written.next {
            let reserve = Reserve { keys: self.rooms.keyring.held(), signing_keys, synced_on: status.synced_on };
            let write = tokio::task::spawn_blocking(move || {
                let outcome = written.file.write(&reserve);
                written.sequence = reserve.keys.sequence;
                written.signing_keys = reserve.signing_keys;
                (written, outcome)
            });
            let (mut done, outcome) = match write.await {
                Ok(done) => done,
                // Only where the process is ending.
                Err(_) => std::future::pending().await,
            };
            let took = clock.monotonic().saturating_sub(now);
            done.next = clock.monotonic() + (took * PAUSES).max(LEAST_PAUSE);
            done.confirmed = now;
            if outcome.is_ok() {
                self.kept.store(done.sequence, Ordering::Release);
            }
            tell(&mut done.failing, outcome);
            return done;
        }
        if !changed && now.saturating_sub(written.confirmed) >= CONFIRM {
            written.confirmed = now;
            let outcome = written.file.confirm(status.synced_on);
            tell(&mut written.failing, outcome);
        }
        written
    }
}

impl Serving {
    /// Writes the reserve once more where a process ends that has heard of something since: a key
    /// that was revoked a second ago must not serve after a restart without the store.
    pub(super) async fn keep_once_more(&self) {
        let status = self.rooms.keyring.status();
        let known = self.kept.load(Ordering::Acquire) == status.sequence;
        if known || self.place.is_handed_over() || status.error.is_some() || !self.rooms.store.is_shared() {
            return;
        }
        let signing_keys = self.rooms.issuer.stored();
        let reserve = Reserve { keys: self.rooms.keyring.held(), signing_keys, synced_on: status.synced_on };
        let mut file = ReserveFile::new(self.data.path());
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || file.write(&reserve)).await {
            tracing::warn!(%error, "the keys cannot be kept for a start while the store is away");
        }
    }
}

/// Says once that the disk does not take it.
fn tell(failing: &mut bool, outcome: Result<(), tollgate_identity::ReserveError>) {
    match outcome {
        Ok(()) => *failing = false,
        Err(error) if !*failing => {
            *failing = true;
            tracing::warn!(%error, "the keys cannot be kept for a start while the store is away");
        }
        Err(_) => {}
    }
}
