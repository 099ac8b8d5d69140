//! What the database says, in the words of [`StoreError`].

use sqlx::postgres::PgDatabaseError;
use tollgate_core::store::StoreError;

/// Anything that is nobody's mistake: the store is away.
pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(describe(&error))
}

/// A row that this version cannot read: it was changed by hand, or is damaged.
pub(crate) fn unreadable(what: &str, error: &impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{what} in the store cannot be read: {error}"))
}

/// Tells the violation of a UNIQUE rule from everything else.
pub(crate) fn exists(error: sqlx::Error, kind: &'static str, name: &str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Exists { kind, name: name.to_owned() },
        _ => unavailable(error),
    }
}

/// The error in words that name the likely cause.
pub(crate) fn describe(error: &sqlx::Error) -> String {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return "no connection came in time: the server is away, or has none left".to_owned();
    }
    let text = error.to_string();
    let Some(code) = error.as_database_error().and_then(sqlx::error::DatabaseError::code) else { return text };
    // PostgreSQL's codes have five characters, SQLite's are numbers.
    if code.len() == 5 && error.as_database_error().is_some_and(|e| e.try_downcast_ref::<PgDatabaseError>().is_some()) {
        return postgres(&code, text);
    }
    // SQLite's primary result codes; the extended ones hold them in their low byte.
    match code.parse::<u32>().ok().map(|code| code & 0xff) {
        Some(5 | 6) => format!("another process holds its lock ({text})"),
        Some(8) => format!("it is read-only ({text})"),
        Some(11) => format!("the file is damaged ({text})"),
        Some(13) => format!("the disk is full ({text})"),
        Some(14) => format!("the file cannot be opened ({text})"),
        Some(26) => format!("the file is not a database, or is damaged ({text})"),
        _ => text,
    }
}

/// What a SQLSTATE means for whoever runs a gateway.
fn postgres(code: &str, text: String) -> String {
    match code {
        "28P01" | "28000" => format!("the server refuses the user or the password ({text})"),
        "3D000" => format!("there is no such database: make it with `createdb` ({text})"),
        "42501" => format!("the user may not do that: make it the owner of the database ({text})"),
        "25006" => format!("it is read-only, a standby perhaps: name the primary ({text})"),
        "53300" => format!("the server has no connection left: raise `max_connections` ({text})"),
        "53100" => format!("the disk of the server is full ({text})"),
        "57P01" | "57P02" | "57P03" => format!("the server is starting or stopping ({text})"),
        "55P03" => format!("another node holds the lock of writers ({text})"),
        "57014" => format!("it took too long ({text})"),
        _ => text,
    }
}
