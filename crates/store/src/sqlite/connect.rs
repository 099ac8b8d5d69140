//! Opening the file: folder and permissions, connections, migrations, and errors that say what
//! is wrong with which file.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tollgate_core::store::StoreError;

use crate::error::describe;

/// How long a statement waits for the lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long opening tries again while another process is making the same file. SQLite does not
/// wait by itself while the journal mode changes.
const OPEN_ATTEMPTS: u32 = 100;
const OPEN_PAUSE: Duration = Duration::from_millis(50);
/// Readers share the file; more of them than this only wait for the disk together.
const READERS: u32 = 4;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// The connections to one file.
pub(super) struct Connections {
    pub(super) reader: SqlitePool,
    pub(super) writer: SqlitePool,
}

pub(super) async fn open(path: &Path) -> Result<Connections, StoreError> {
    make_file(path)
        .map_err(|error| StoreError::Unavailable(format!("cannot make or open {}: {error}", path.display())))?;

    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .optimize_on_close(false, None)
        .disable_statement_logging();

    let mut attempt = 0;
    loop {
        match prepare(&options).await {
            Ok(()) => break,
            Err(Failure::Busy) if attempt < OPEN_ATTEMPTS => attempt += 1,
            Err(Failure::Busy) => return Err(failed(path, "another process holds its lock")),
            Err(Failure::Other(text)) => return Err(failed(path, &text)),
            Err(Failure::Newer { found, known }) => return Err(StoreError::Newer { found, known }),
        }
        tokio::time::sleep(OPEN_PAUSE).await;
    }

    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(0)
            .acquire_timeout(BUSY_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // Where SQLite itself rolled back (a full disk, an error of the file system), the
            // library's own rollback fails, and it goes on counting a transaction that is none: a
            // writer would never write again, a reader would see one state for ever.
            .before_acquire(|connection, _| {
                let sound = !connection.is_in_transaction();
                Box::pin(async move { Ok(sound) })
            })
            .connect_lazy_with(options.clone())
    };
    Ok(Connections { reader: pool(READERS), writer: pool(1) })
}

fn failed(path: &Path, text: &str) -> StoreError {
    StoreError::Unavailable(format!("{}: {text}", path.display()))
}

/// Makes folder and file with their permissions, before SQLite would make them with others. The
/// journal and its index inherit the file's.
///
/// An existing file is not opened here: closing it would drop the locks that SQLite holds on it
/// in this process.
fn make_file(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

enum Failure {
    Busy,
    Newer { found: i64, known: i64 },
    Other(String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let busy = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| matches!(code & 0xff, 5 | 6));
        if busy { Self::Busy } else { Self::Other(describe(&error)) }
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Other(format!("its schema is not one of Tollgate's ({other})")),
        }
    }
}

/// Checks the file and brings its schema up to date.
async fn prepare(options: &SqliteConnectOptions) -> Result<(), Failure> {
    let mut connection = options.connect().await?;
    let outcome = migrate(&mut connection).await;
    // An error while closing says nothing that matters beside the outcome.
    let _ = connection.close().await;
    outcome
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), Failure> {
    // One transaction around everything: two processes that open a new file at the same moment
    // take turns, and a migration that fails leaves nothing behind.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let migrated: bool =
        sqlx::query_scalar("SELECT COUNT(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'")
            .fetch_one(&mut *transaction)
            .await?;
    if migrated {
        let found: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
            .fetch_one(&mut *transaction)
            .await?;
        if found > known {
            return Err(Failure::Newer { found, known });
        }
    }
    MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}
