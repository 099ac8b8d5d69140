//! The store over SQL, on either database.

use std::sync::Arc;
use std::time::Duration;

use tollgate_core::later::BoxFuture;
use tollgate_core::store::{Actor, KeyFeed, Store, StoreError};
use tollgate_core::time::Clock;

use crate::ids::Ids;
use crate::operations::feed;
use crate::postgres::PostgresBackend;
use crate::sql::{Intent, Link, Tx};
use crate::sqlite::SqliteBackend;

/// How long reading or adding a great deal may take.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// The database.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(SqliteBackend),
    Postgres(Box<PostgresBackend>),
}

/// A store in a database, for whoever acts through it.
#[derive(Debug, Clone)]
pub(crate) struct SqlStore {
    pub(crate) backend: Arc<Backend>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    actor: Actor,
}

impl SqlStore {
    pub(crate) fn new(backend: Backend, clock: Arc<dyn Clock>) -> Self {
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        Self { backend: Arc::new(backend), clock, ids, actor: Actor::gateway() }
    }

    /// Makes sure that it can be used now.
    pub(crate) async fn prepare(&self) -> Result<(), StoreError> {
        match &*self.backend {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(postgres) => postgres.prepare().await,
        }
    }

    /// Reads in one state of the database.
    pub(crate) async fn read<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Read, None, question).await
    }

    /// The same, for what is long.
    pub(crate) async fn read_much<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Read, Some(LONG), question).await
    }

    /// Changes something, one after the other among all nodes.
    pub(crate) async fn change<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Change, None, change).await
    }

    /// The same, for what is long.
    pub(crate) async fn change_much<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Change, Some(LONG), change).await
    }

    /// Adds what nobody follows.
    pub(crate) async fn add<T, F>(&self, addition: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Add, None, addition).await
    }

    /// The same, for what is long.
    pub(crate) async fn add_much<T, F>(&self, addition: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        self.transact(Intent::Add, Some(LONG), addition).await
    }

    async fn transact<T, F>(&self, intent: Intent, patience: Option<Duration>, work: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        match &*self.backend {
            Backend::Sqlite(sqlite) => self.attempt(sqlite.begin(intent), work).await,
            Backend::Postgres(postgres) => postgres.within(patience, self.attempt(postgres.begin(intent), work)).await,
        }
    }

    async fn attempt<T, F>(
        &self,
        begin: impl Future<Output = Result<Link, StoreError>> + Send,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send,
    {
        let link = begin.await?;
        let mut tx = Tx::new(link, self.actor.clone(), self.clock.now(), Arc::clone(&self.ids));
        match work(&mut tx).await {
            Ok(done) => {
                if tx.commit().await? {
                    self.wake();
                }
                Ok(done)
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// Begins a transaction that its caller ends, in its own time.
    pub(crate) async fn begin(&self, intent: Intent) -> Result<Tx, StoreError> {
        let link = match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.begin(intent).await?,
            Backend::Postgres(postgres) => postgres.begin(intent).await?,
        };
        Ok(Tx::new(link, self.actor.clone(), self.clock.now(), Arc::clone(&self.ids)))
    }

    /// Ends all connections, so that a file is whole when this returns.
    pub(crate) async fn close(self) {
        if let Backend::Sqlite(sqlite) = &*self.backend {
            sqlite.close().await;
        }
    }

    pub(crate) fn for_actor(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    pub(crate) fn wake(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.wake(),
            Backend::Postgres(postgres) => postgres.wake(),
        }
    }

    pub(crate) fn wait(&self) -> BoxFuture<'_, ()> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.changed(),
            Backend::Postgres(postgres) => postgres.changed(),
        }
    }
}

impl Store for SqlStore {
    fn on_behalf_of(&self, actor: Actor) -> Arc<dyn Store> {
        Arc::new(Self { actor, ..self.clone() })
    }

    fn is_shared(&self) -> bool {
        matches!(&*self.backend, Backend::Postgres(_))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.read(|tx| Box::pin(feed::ping(tx))))
    }
}

impl KeyFeed for SqlStore {
    fn key_set(&self) -> BoxFuture<'_, Result<tollgate_core::store::KeySet, StoreError>> {
        Box::pin(self.read_much(|tx| Box::pin(feed::key_set(tx))))
    }

    fn key_changes(&self, sequence: i64) -> BoxFuture<'_, Result<tollgate_core::store::KeyChanges, StoreError>> {
        Box::pin(self.read(move |tx| Box::pin(feed::key_changes(tx, sequence))))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.wait()
    }
}
