//! How a store is named.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tollgate_core::store::StoreError;

/// A store's name, taken apart.
#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A database on a server.
    Postgres(Box<PostgresUrl>),
}

/// A database on a server.
#[derive(Debug, Clone)]
pub struct PostgresUrl {
    pub(crate) server: Server,
    pub(crate) place: String,
}

/// How to connect to a server. There is a password in it, which the library's own type prints.
#[derive(Clone)]
pub(crate) struct Server(PgConnectOptions);

impl Server {
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("host", &self.0.get_host()).finish_non_exhaustive()
    }
}

impl StoreUrl {
    /// Reads `sqlite://PATH`, `sqlite:PATH`, a path alone, or `postgres://USER@HOST/DATABASE`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] for everything else. The URL is not repeated in it, because it
    /// may hold a password.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let path = match text.split_once(':') {
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            Some(("postgres" | "postgresql", _)) => return postgres(text),
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(StoreError::Unavailable(format!(
                    "`{scheme}://` is not a kind of store: use `sqlite://PATH` or `postgres://USER@HOST/DATABASE`"
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

    /// Its name for people: never with a password in it.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(url) => url.place.clone(),
        }
    }

    /// Whether other machines share it.
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

fn postgres(text: &str) -> Result<StoreUrl, StoreError> {
    // What the library says of a URL that it cannot read may repeat a part of it.
    let options = PgConnectOptions::from_str(text).map_err(|_| {
        StoreError::Unavailable(
            "the URL of the store cannot be read: it has the form `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with \
             every special character in the password percent-encoded"
                .to_owned(),
        )
    })?;
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    let place = match options.get_socket() {
        Some(socket) => format!("postgres:///{database} at {}", socket.display()),
        None => format!("postgres://{}:{}/{database}", options.get_host(), options.get_port()),
    };
    Ok(StoreUrl::Postgres(Box::new(PostgresUrl { server: Server(options), place })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        match (StoreUrl::parse(text), expected) {
            (Ok(url), Ok(expected)) => assert_eq!(url.place(), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, expected) => panic!("{text}: got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_store_is_named_by_url_or_path() {
        check("sqlite:///var/lib/tollgate/tollgate.db", Ok("sqlite:///var/lib/tollgate/tollgate.db"));
        check("sqlite://data/tollgate.db", Ok("sqlite://data/tollgate.db"));
        check("sqlite:tollgate.db", Ok("sqlite://tollgate.db"));
        check("/tmp/a b/tollgate.db", Ok("sqlite:///tmp/a b/tollgate.db"));
        check("postgres://u:hunter2@db.example:6432/keys", Ok("postgres://db.example:6432/keys"));
        check("postgresql://u@h", Ok("postgres://h:5432/u"));
        check("postgres:///keys?host=/run/postgresql", Ok("postgres:///keys at /run/postgresql"));
        check("postgres://h:port/db", Err("percent-encoded"));
        check("mysql://h/db", Err("`mysql://` is not a kind of store"));
        check("", Err("needs a file"));
        check("sqlite://", Err("needs a file"));
        check("sqlite::memory:", Err("needs a file"));
    }

    #[test]
    fn a_password_in_a_refused_url_is_not_repeated() {
        for url in ["postgres://u:hunter2@h:port/db", "postgres://u:hunter2/3@h/db", "mysql://u:hunter2@h/db"] {
            let error = StoreUrl::parse(url).expect_err("refused");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn debugging_a_url_shows_no_password() {
        let url = StoreUrl::parse("postgres://u:hunter2@h/db").expect("a URL");
        assert!(!format!("{url:?}").contains("hunter2"), "{url:?}");
    }
}
