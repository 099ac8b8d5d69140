//! A connection for the time of a transaction. Where that neither ended nor was rolled back (its
//! time was over, the task was dropped), nobody knows in which state it is: it is closed then,
//! and the server rolls back.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{Executor, Postgres};

use super::watch::CHANNEL;
use crate::sql::Intent;

/// Taken by everybody who changes something, for as long as their transaction lasts: "tollgate"
/// in ASCII, so that it stands out in `pg_locks`.
const WRITERS: i64 = 0x746f_6c6c_6761_7465;

/// A connection on which a transaction is open.
#[derive(Debug)]
pub(crate) struct Session(Option<PoolConnection<Postgres>>);

impl Session {
    pub(super) async fn begin(connection: PoolConnection<Postgres>, intent: Intent) -> Result<Self, sqlx::Error> {
        let mut session = Self(Some(connection));
        let link = session.connection()?;
        match intent {
            Intent::Read => link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            Intent::Add => link.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?,
            Intent::Change => {
                link.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
                // A statement of its own: what comes after it sees what the last holder committed.
                sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITERS).execute(link).await?
            }
        };
        Ok(session)
    }

    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Tells all nodes that there is something to read, as soon as this is committed.
    pub(crate) async fn notify(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(self.connection()?).await.map(drop)
    }

    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.connection()?.execute("COMMIT").await?;
        // Back to the pool.
        drop(self.0.take());
        Ok(())
    }

    pub(crate) async fn roll_back(mut self) {
        if let Ok(link) = self.connection()
            && link.execute("ROLLBACK").await.is_ok()
        {
            drop(self.0.take());
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
