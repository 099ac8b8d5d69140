//! How a store is named.

use std::path::PathBuf;

use tollgate_core::store::StoreError;

/// A store's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file.
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// Reads `sqlite://PATH`, `sqlite:PATH`, or a path alone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] for every other kind of URL. The URL is not repeated in it,
    /// because it may hold a password.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let path = match text.split_once(':') {
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            Some(("postgres" | "postgresql", _)) => {
                return Err(StoreError::Unavailable(
                    "PostgreSQL is not available in this version: use `sqlite://PATH`".to_owned(),
                ));
            }
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(StoreError::Unavailable(format!(
                    "`{scheme}://` is not a kind of store: use `sqlite://PATH`"
                )));
            }
            _ => text,
        };
        // SQLite would take these for databases in memory, which lose every key at the end.
        if path.is_empty() || path == ":memory:" {
            return Err(StoreError::Unavailable("a store needs a file: `sqlite://PATH`".to_owned()));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        match (StoreUrl::parse(text), expected) {
            (Ok(StoreUrl::Sqlite(path)), Ok(expected)) => assert_eq!(path, PathBuf::from(expected)),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, expected) => panic!("{text}: got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_store_is_named_by_url_or_path() {
        check("sqlite:///var/lib/tollgate/tollgate.db", Ok("/var/lib/tollgate/tollgate.db"));
        check("sqlite://data/tollgate.db", Ok("data/tollgate.db"));
        check("sqlite:tollgate.db", Ok("tollgate.db"));
        check("/tmp/a b/tollgate.db", Ok("/tmp/a b/tollgate.db"));
        check("postgres://u:p@h/db", Err("PostgreSQL is not available in this version"));
        check("postgresql://h/db", Err("PostgreSQL is not available in this version"));
        check("mysql://h/db", Err("`mysql://` is not a kind of store"));
        check("", Err("needs a file"));
        check("sqlite://", Err("needs a file"));
        check("sqlite::memory:", Err("needs a file"));
    }

    #[test]
    fn a_password_in_a_refused_url_is_not_repeated() {
        for url in ["postgres://u:hunter2@h/db", "mysql://u:hunter2@h/db"] {
            let error = StoreUrl::parse(url).expect_err("refused");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
