//! The store on PostgreSQL, shared by any number of nodes.
//!
//! Writers take one advisory lock, so that the order of the list of changes is the order of
//! commits, and a reader that resumes from its last number misses nothing. The server is a
//! machine away: every wait has an end, and a connection whose fate is unknown is closed and not
//! given back.

mod connect;
mod session;
mod watch;

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tollgate_core::later::BoxFuture;
use tollgate_core::store::StoreError;

use crate::error::unavailable;
use crate::sql::{Intent, Link};
use crate::url::{PostgresUrl, Server};
pub(crate) use session::Session;
use watch::Watch;

/// How long an ordinary question may take altogether.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections to one database.
#[derive(Debug)]
pub(crate) struct PostgresBackend {
    server: Server,
    /// Host, port and database: for messages, never with a password.
    place: String,
    pool: PgPool,
    /// Whether the schema has been looked at, which may have to wait for the server.
    prepared: OnceCell<()>,
    watch: Watch,
}

impl PostgresBackend {
    /// Describes the connections, and makes none yet.
    pub(crate) fn new(url: &PostgresUrl) -> Self {
        Self {
            pool: connect::pool(url.server.options()),
            watch: Watch::new(url.server.clone()),
            server: url.server.clone(),
            place: url.place.clone(),
            prepared: OnceCell::new(),
        }
    }

    /// Looks at the schema and brings it up to date, once.
    pub(crate) async fn prepare(&self) -> Result<(), StoreError> {
        self.prepared
            .get_or_try_init(|| connect::prepare(self.server.options()))
            .await
            .map(drop)
            .map_err(|error| self.named(error))
    }

    /// Says which store an error is about.
    fn named(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Unavailable(text) => StoreError::Unavailable(format!("{}: {text}", self.place)),
            other => other,
        }
    }

    pub(crate) async fn begin(&self, intent: Intent) -> Result<Link, StoreError> {
        self.prepare().await?;
        let connection = self.pool.acquire().await.map_err(unavailable)?;
        Session::begin(connection, intent).await.map(Link::Postgres).map_err(unavailable)
    }

    /// Gives something an end: what has not answered by then counts as away.
    pub(crate) async fn within<T>(
        &self,
        patience: Option<Duration>,
        question: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let patience = patience.unwrap_or(PATIENCE);
        match timeout(patience, question).await {
            Ok(answer) => answer.map_err(|error| match &error {
                // What `prepare` says names it already.
                StoreError::Unavailable(text) if text.starts_with(&self.place) => error,
                _ => self.named(error),
            }),
            Err(_) => {
                Err(self.named(StoreError::Unavailable(format!("it did not answer within {} s", patience.as_secs()))))
            }
        }
    }

    pub(crate) fn wake(&self) {
        self.watch.wake();
    }

    pub(crate) fn changed(&self) -> BoxFuture<'_, ()> {
        self.watch.changed()
    }
}
