//! A thin layer over the two databases: values for parameters, rows, and transactions that take
//! either. What is done in them ([`crate::operations`]) is written once.

mod places;
mod transaction;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Postgres, Row as _, SqlSafeStr, Sqlite};

pub(crate) use places::Places;
pub(crate) use transaction::{Intent, Link, Tx};

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($from:ty => $variant:ident($value:ident) $convert:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$variant($convert)
            }
        })*
    };
}

values! {
    i64 => Int(value) Some(value);
    Option<i64> => Int(value) value;
    u64 => Int(value) Some(i64::try_from(value).unwrap_or(i64::MAX));
    bool => Int(value) Some(i64::from(value));
    tollgate_core::time::Timestamp => Int(value) Some(value.0);
    Option<tollgate_core::time::Timestamp> => Int(value) value.map(|moment| moment.0);
    &str => Text(value) Some(value.to_owned());
    &String => Text(value) Some(value.clone());
    String => Text(value) Some(value);
    &std::sync::Arc<str> => Text(value) Some(value.to_string());
    Option<String> => Text(value) value;
    &Option<String> => Text(value) value.clone();
    Vec<u8> => Bytes(value) Some(value);
    &[u8; 32] => Bytes(value) Some(value.to_vec());
    tollgate_core::keys::KeyDigest => Bytes(value) Some(value.0.to_vec());
}

/// The parameters of a statement, in order: `args![id, moment]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::sql::Value::from($value)),*]
    };
}
pub(crate) use args;

/// What can be read from a row of either database.
pub(crate) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
}

macro_rules! binding {
    ($name:ident, $rows:ident, $read:ident, $database:ty, $arguments:ty, $row:ty) => {
        fn $name(statement: impl SqlSafeStr, values: Vec<Value>) -> Query<'static, $database, $arguments> {
            values.into_iter().fold(sqlx::query(statement), |query, value| match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            })
        }

        fn $read(row: &$row, kinds: &[Kind]) -> Result<Vec<Value>, sqlx::Error> {
            let value = |(index, kind): (usize, &Kind)| match kind {
                Kind::Int => row.try_get(index).map(Value::Int),
                Kind::Text => row.try_get(index).map(Value::Text),
                Kind::Bytes => row.try_get(index).map(Value::Bytes),
            };
            kinds.iter().enumerate().map(value).collect()
        }

        fn $rows<T: Row>(statement: &'static str, values: Vec<Value>) -> QueryAs<'static, $database, T, $arguments> {
            values.into_iter().fold(sqlx::query_as(statement), |query, value| match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            })
        }
    };
}

binding!(sqlite_query, sqlite_rows, sqlite_values, Sqlite, SqliteArguments, SqliteRow);
binding!(postgres_query, postgres_rows, postgres_values, Postgres, PgArguments, PgRow);
