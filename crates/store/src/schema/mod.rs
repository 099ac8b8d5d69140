//! What the databases share: the statements, the rows, and how a list of changes is read.
//!
//! The statements keep to the SQL that SQLite and PostgreSQL have in common (`$1` for
//! parameters, `ON CONFLICT`, `RETURNING`), so that a second database is a second folder of
//! connections and transactions, not a second set of statements. Only the migrations differ.

pub(crate) mod changes;
pub(crate) mod rows;
pub(crate) mod statements;
