//! Hearing of changes: those of this process at once, those of other nodes by `LISTEN`. A notice
//! only wakes; what happened is read from the list of changes. Whenever the listening begins anew,
//! everybody is woken, because nobody knows what was said meanwhile.

use std::sync::OnceLock;
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tollgate_core::later::BoxFuture;

use super::connect;
use crate::url::Server;

/// The channel of the notices.
pub(super) const CHANNEL: &str = "tollgate_changes";
/// A connection that has been silent for so long is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// How long it has to answer.
const ANSWER: Duration = Duration::from_secs(3);
/// How soon a lost connection is made anew.
const AGAIN: Duration = Duration::from_millis(500);

/// Wakes those who wait for a change. Nothing listens until somebody has waited once.
#[derive(Debug)]
pub(super) struct Watch {
    server: Server,
    changes: watch::Sender<u64>,
    listening: OnceLock<Listening>,
}

/// The task that listens; it ends with the store.
#[derive(Debug)]
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watch {
    pub(super) fn new(server: Server) -> Self {
        Self { server, changes: watch::Sender::new(0), listening: OnceLock::new() }
    }

    /// Something was committed by this process.
    pub(super) fn wake(&self) {
        wake(&self.changes);
    }

    /// Resolves when something changed since this call.
    pub(super) fn changed(&self) -> BoxFuture<'_, ()> {
        // Here, not in the future: what happens between this call and the first poll counts.
        let mut changes = self.changes.subscribe();
        Box::pin(async move {
            self.listening.get_or_init(|| Listening(tokio::spawn(listen(self.server.clone(), self.changes.clone()))));
            let _ = changes.changed().await;
        })
    }
}

fn wake(changes: &watch::Sender<u64>) {
    changes.send_modify(|count| *count = count.wrapping_add(1));
}

/// Listens for ever; whoever reads the store meets its errors itself.
async fn listen(server: Server, changes: watch::Sender<u64>) {
    loop {
        // Ends where the connection does.
        let _ = listen_once(&server, &changes).await;
        sleep(AGAIN).await;
    }
}

async fn listen_once(server: &Server, changes: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let late = |_| sqlx::Error::PoolTimedOut;
    // A new one every time: a connection that hangs would keep the only place in an old one.
    let pool = connect::listener_pool(server.options());
    let mut listener = timeout(ANSWER, PgListener::connect_with(&pool)).await.map_err(late)??;
    listener.eager_reconnect(false);
    timeout(ANSWER, listener.listen(CHANNEL)).await.map_err(late)??;
    wake(changes);
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => wake(changes),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                // Notices that come meanwhile wait in the listener.
                timeout(ANSWER, sqlx::query("SELECT 1").execute(&mut listener)).await.map_err(late)??;
            }
        }
    }
}
