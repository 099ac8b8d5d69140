//! One transaction on either database, and what belongs to every change: who made it, when, and
//! that readers hear of it.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Sqlite};
use tollgate_core::store::{Actor, StoreError};
use tollgate_core::time::Timestamp;

use super::{
    Kind, Places, Row, Value, args, postgres_query, postgres_rows, postgres_values, sqlite_query, sqlite_rows,
    sqlite_values,
};
use crate::error::unavailable;
use crate::ids::Ids;
use crate::postgres::Session;
use crate::schema::statements as sql;

/// How many changes are kept. A gateway reads each within a second; one that was stopped, or lost
/// its disk, for longer than this reads everything anew.
const KEPT_CHANGES: i64 = 10_000;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Reading: everything in it sees one state.
    Read,
    /// Changing something that others follow, one after the other.
    Change,
    /// Adding what nobody follows: usage, claims of calls.
    Add,
}

/// The connection of a transaction.
#[derive(Debug)]
pub(crate) enum Link {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(Session),
}

/// A transaction. Dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Tx {
    link: Link,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) ids: Arc<Ids>,
    /// Whether something was added to the list of changes.
    noted: bool,
}

impl Tx {
    pub(crate) fn new(link: Link, actor: Actor, now: Timestamp, ids: Arc<Ids>) -> Self {
        Self { link, actor, now, ids, noted: false }
    }

    /// All rows.
    pub(crate) async fn all<T: Row>(
        &mut self,
        statement: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, sqlx::Error> {
        match &mut self.link {
            Link::Sqlite(link) => sqlite_rows(statement, values).fetch_all(&mut **link).await,
            Link::Postgres(link) => postgres_rows(statement, values).fetch_all(link.connection()?).await,
        }
    }

    /// The first row, where there is one.
    pub(crate) async fn first<T: Row>(
        &mut self,
        statement: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<T>, sqlx::Error> {
        match &mut self.link {
            Link::Sqlite(link) => sqlite_rows(statement, values).fetch_optional(&mut **link).await,
            Link::Postgres(link) => postgres_rows(statement, values).fetch_optional(link.connection()?).await,
        }
    }

    /// The only row.
    pub(crate) async fn one<T: Row>(&mut self, statement: &'static str, values: Vec<Value>) -> Result<T, sqlx::Error> {
        self.first(statement, values).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn run(&mut self, statement: &'static str, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        match &mut self.link {
            Link::Sqlite(link) => {
                sqlite_query(statement, values).execute(&mut **link).await.map(|done| done.rows_affected())
            }
            Link::Postgres(link) => {
                postgres_query(statement, values).execute(link.connection()?).await.map(|done| done.rows_affected())
            }
        }
    }

    /// Runs a statement that was made of names of tables and columns.
    pub(crate) async fn run_made(&mut self, statement: String, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        let statement = AssertSqlSafe(statement);
        match &mut self.link {
            Link::Sqlite(link) => {
                sqlite_query(statement, values).execute(&mut **link).await.map(|done| done.rows_affected())
            }
            Link::Postgres(link) => {
                postgres_query(statement, values).execute(link.connection()?).await.map(|done| done.rows_affected())
            }
        }
    }

    /// The rows of such a statement, as values.
    pub(crate) async fn rows_made(
        &mut self,
        statement: String,
        values: Vec<Value>,
        kinds: &[Kind],
    ) -> Result<Vec<Vec<Value>>, sqlx::Error> {
        let statement = AssertSqlSafe(statement);
        match &mut self.link {
            Link::Sqlite(link) => {
                let rows = sqlite_query(statement, values).fetch_all(&mut **link).await?;
                rows.iter().map(|row| sqlite_values(row, kinds)).collect()
            }
            Link::Postgres(link) => {
                let rows = postgres_query(statement, values).fetch_all(link.connection()?).await?;
                rows.iter().map(|row| postgres_values(row, kinds)).collect()
            }
        }
    }

    /// Whether this is PostgreSQL, for the few statements that only it needs.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// How its statements name the places of values.
    pub(crate) fn places(&self) -> Places {
        if self.is_postgres() { Places::Numbered } else { Places::Next }
    }

    /// Adds to the list of changes.
    pub(crate) async fn note(&mut self, statement: &'static str, values: Vec<Value>) -> Result<(), StoreError> {
        self.noted = true;
        self.run(statement, values).await.map_err(unavailable)?;
        Ok(())
    }

    /// Adds to the list of changes by a statement that was made.
    pub(crate) async fn note_made(&mut self, statement: String, values: Vec<Value>) -> Result<(), StoreError> {
        self.noted = true;
        self.run_made(statement, values).await.map_err(unavailable)?;
        Ok(())
    }

    /// Makes what was done durable; true where readers are to be woken.
    pub(crate) async fn commit(mut self) -> Result<bool, StoreError> {
        if self.noted {
            self.run(sql::PRUNE_CHANGES, args![KEPT_CHANGES]).await.map_err(unavailable)?;
            if let Link::Postgres(link) = &mut self.link {
                link.notify().await.map_err(unavailable)?;
            }
        }
        let noted = self.noted;
        match self.link {
            Link::Sqlite(link) => link.commit().await.map_err(unavailable)?,
            Link::Postgres(link) => link.commit().await.map_err(unavailable)?,
        }
        Ok(noted)
    }

    /// Takes back what was done.
    pub(crate) async fn roll_back(self) {
        match self.link {
            // An error here says nothing that matters beside what made it necessary.
            Link::Sqlite(link) => drop(link.rollback().await),
            Link::Postgres(link) => link.roll_back().await,
        }
    }
}
