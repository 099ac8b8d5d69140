//! Noticing changes: those of this process at once, those of other processes by asking SQLite
//! for its `data_version` ten times a second.

use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex, watch};
use tokio::time::{MissedTickBehavior, interval};
use tollgate_core::later::BoxFuture;

const POLL: Duration = Duration::from_millis(100);

/// Wakes those who wait for a change. Nothing is polled while nobody waits, and only one of
/// those who wait polls for all.
#[derive(Debug)]
pub(super) struct Watch {
    pool: SqlitePool,
    changes: watch::Sender<u64>,
    poller: Mutex<Poller>,
}

/// The connection that asks. It must always be the same one: `data_version` tells what other
/// connections did since this one last looked.
#[derive(Debug, Default)]
struct Poller(Option<Looking>);

/// A connection and what it last saw. The number means nothing to any other connection, so both
/// come and go together.
#[derive(Debug)]
struct Looking {
    connection: SqliteConnection,
    version: Option<i64>,
}

impl Watch {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool, changes: watch::Sender::new(0), poller: Mutex::default() }
    }

    /// Something was committed by this process.
    pub(super) fn wake(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Resolves when something changed since this call.
    pub(super) fn changed(&self) -> BoxFuture<'_, ()> {
        // Here, not in the future: what happens between this call and the first poll counts.
        let mut changes = self.changes.subscribe();
        Box::pin(async move {
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                () = self.poll() => {}
            }
        })
    }

    /// Asks until something changed.
    async fn poll(&self) {
        let mut poller = self.poller.lock().await;
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match poller.look(&self.pool).await {
                Ok(true) => {
                    self.wake();
                    return;
                }
                Ok(false) => {}
                // The file cannot be read at the moment. The next tick takes a new connection;
                // whoever reads the store meets the error itself.
                Err(_) => *poller = Poller::default(),
            }
        }
    }
}

impl Poller {
    /// Whether something was committed since the last look. The first look with a connection
    /// says yes, because nobody knows what happened before it.
    async fn look(&mut self, pool: &SqlitePool) -> Result<bool, sqlx::Error> {
        // Taken out for the time of the query: where the waiting is given up in the middle of
        // it, the connection goes with it, and the next look begins anew.
        let mut looking = match self.0.take() {
            Some(looking) => looking,
            None => Looking { connection: pool.acquire().await?.detach(), version: None },
        };
        let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut looking.connection).await?;
        let changed = looking.version.replace(version) != Some(version);
        self.0 = Some(looking);
        Ok(changed)
    }
}
