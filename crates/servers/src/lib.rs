//! Servers that tests run against, and a proxy that makes faults. Never part of the product, and
//! knows nothing of it.
//!
//! - [`postgres`]: a PostgreSQL server of a test's own: on a free port of loopback, in a folder
//!   that vanishes, stopped by its process id.
//! - [`free_port`]: a port for a server that cannot be told to take any.
//! - [`fault`]: a TCP proxy that passes, cuts or stalls what goes through it.

pub mod fault;
mod port;
pub mod postgres;

pub use fault::{Fault, FaultProxy};
pub use port::free_port;
pub use postgres::PostgresServer;
