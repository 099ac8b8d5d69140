//! What the database says, in the words of [`StoreError`].

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
    let text = error.to_string();
    // SQLite's primary result codes; the extended ones hold them in their low byte.
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<u32>().ok())
        .map(|code| code & 0xff);
    match code {
        Some(5 | 6) => format!("another process holds its lock ({text})"),
        Some(8) => format!("it is read-only ({text})"),
        Some(11) => format!("the file is damaged ({text})"),
        Some(13) => format!("the disk is full ({text})"),
        Some(14) => format!("the file cannot be opened ({text})"),
        Some(26) => format!("the file is not a database, or is damaged ({text})"),
        _ => text,
    }
}
