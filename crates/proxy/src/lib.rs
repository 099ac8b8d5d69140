//! The data plane: from a connection to an answer.
//!
//! *The way of a request.* [`listener`] accepts a connection, [`connection`] serves HTTP on it,
//! [`exchange::handle`] tells the story of each request: [`hygiene`] makes it unambiguous,
//! [`system`] and [`preflight`] answer what is the gateway's own, [`router`] finds the route, the
//! route's pipeline (in `core`) runs its policies and one of the [`handlers`], and [`upstream`]
//! talks to the backend. Whatever happens, one record goes to [`access_log`] and [`metrics`], and where
//! it is one to remember, to the [`recorder`].
//!
//! Where client and upstream agree to speak another protocol, a [`tunnel`] joins their connections.
//!
//! A [`snapshot`] is everything that one project compiles to. A [`Gateway`] holds the one in force
//! and everything that outlives it: counters, pools, metrics, the log.
//!
//! *Invariants.* This crate knows no policy by name but `api-key` in published documents. It reads no file: the
//! project comes checked and lowered; the log alone writes some. No snapshot is changed once it is built.

pub mod access_log;
mod alarm;
mod answer;
mod answer_fields;
pub mod connection;
mod date;
pub mod debugged;
mod delivery;
pub mod exchange;
mod failed_auth;
pub mod gateway;
mod grpc;
mod h2_duplex;
pub mod handlers;
mod heard;
pub mod http_client;
pub mod hygiene;
pub mod inquiry;
mod inside;
pub mod listener;
pub mod live;
pub mod metrics;
mod metrics_export;
mod named;
mod observer;
mod otlp;
mod pace;
pub mod preflight;
pub mod proxy_protocol;
pub mod recorder;
pub mod router;
pub mod routing;
pub mod snapshot;
mod spans;
mod story;
pub mod system;
pub mod template;
pub mod tls;
mod trace;
pub mod tunnel;
mod turn;
mod unread;
pub mod unreadable;
pub mod upstream;
pub mod usage;

pub use gateway::Gateway;
pub use snapshot::Snapshot;
pub use turn::thread_rests;
