//! Connections and their settings, and the schema: made, brought up to date, or refused.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use tokio::time::timeout;
use tollgate_core::store::StoreError;

use crate::error::{describe, unavailable};

/// Connections of one node for questions; one more listens.
const CONNECTIONS: u32 = 8;
/// How long a connection is waited for.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long the first connection may take, and how long migrations may wait for those of others.
const CONNECT: Duration = Duration::from_secs(5);
const MIGRATE: Duration = Duration::from_secs(60);
/// Slowness is told by whoever meets it.
const NEVER: Duration = Duration::from_secs(86_400);
/// Taken while the schema is looked at, so that nodes that start together take turns.
const MIGRATORS: i64 = 0x746f_6c6c_6d69_6772;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// What holds on every connection. A node that hangs must not hold up the others for ever; and
/// what is acknowledged is on the disk, whatever the server's default is.
const SETTINGS: &str = "
    SET statement_timeout = '120s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

pub(super) fn pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .acquire_slow_threshold(NEVER)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }))
        .connect_lazy_with(quiet(options))
}

/// For one connection that listens, as long as it holds.
pub(super) fn listener_pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .acquire_slow_threshold(NEVER)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(quiet(options))
}

/// What goes wrong is an error for whoever asked, and needs no line in the log of its own.
fn quiet(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().application_name("tollgate").disable_statement_logging()
}

/// Looks at the schema, and makes it or brings it up to date where that is needed.
pub(super) async fn prepare(options: &PgConnectOptions) -> Result<(), StoreError> {
    // A connection of its own: a pool would try again and say only that time was up.
    let mut connection = timeout(CONNECT, quiet(options).connect())
        .await
        .map_err(|_| StoreError::Unavailable(format!("it did not answer within {} s", CONNECT.as_secs())))?
        .map_err(unavailable)?;
    let outcome = timeout(MIGRATE, migrate(&mut connection)).await.unwrap_or_else(|_| {
        Err(StoreError::Unavailable("another node has been bringing the schema up to date for a minute".to_owned()))
    });
    // An error while closing says nothing that matters beside the outcome.
    let _ = timeout(CONNECT, connection.close()).await;
    outcome
}

async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    // Whoever may only read and write needs no lock, and no right to make tables.
    if version(&mut *connection).await? == Some(known) {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(unavailable)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATORS)
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
    let found = version(&mut transaction).await?.unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found < known {
        MIGRATIONS.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                StoreError::Unavailable(format!("its schema cannot be made: {}", describe(&error)))
            }
            other => StoreError::Unavailable(format!("its schema is not one of Tollgate's ({other})")),
        })?;
    }
    transaction.commit().await.map_err(unavailable)
}

/// The version of the schema; `None` where there is none.
async fn version(connection: &mut PgConnection) -> Result<Option<i64>, StoreError> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(unavailable)?;
    if !there {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut *connection)
        .await
        .map_err(unavailable)
}
