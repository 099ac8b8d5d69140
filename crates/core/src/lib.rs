//! The nouns of Tollgate, and nothing that does I/O.
//!
//! Every other crate speaks in these types: an [`Exchange`] travels through a [`Pipeline`] of
//! [`Policy`]s to a [`Handler`]; whoever refuses it says so with a [`Problem`] that names a
//! [`Reason`]. A [`project::Project`] is what a folder of documents means once it was checked.
//! What a policy needs from another room (look up a key, count a hit, sign a token, read the
//! time) is a small trait under [`services`].
//!
//! *Invariants.* This crate opens no socket and no file, reads no clock but in [`time`], and knows no policy by
//! name. Only [`problem`] writes an error body.

pub mod body;
pub mod byte_cache;
pub mod catalog;
pub mod coding;
pub mod cors;
pub mod egress;
pub mod exchange;
pub mod handler;
pub mod interim;
pub mod json_schema;
pub mod keeper;
pub mod keys;
pub mod later;
pub mod ledger;
pub mod mcp;
pub mod pipeline;
pub mod policy;
pub mod problem;
pub mod project;
pub mod reason;
pub mod record;
pub mod route;
pub mod series;
pub mod services;
pub mod settings;
pub mod store;
pub mod stored_json;
pub mod time;
pub mod trace;
pub mod units;
pub mod unix_socket;

pub use body::Body;
pub use byte_cache::ByteCache;
pub use catalog::{Catalog, HandlerKind, PolicyKind};
pub use exchange::{Exchange, User};
pub use handler::Handler;
pub use later::MaybeLater;
pub use pipeline::Pipeline;
pub use policy::{Flow, Policy, Step};
pub use problem::Problem;
pub use reason::{Fault, Reason};
pub use route::Route;
pub use services::Services;
pub use stored_json::StoredJson;

/// A request on its way through the gateway.
pub type Request = http::Request<Body>;
/// A response on its way back.
pub type Response = http::Response<Body>;
/// Words of a response's own beside its status, as HTTP/1.1 sends them (RFC 9112 §4): an extension of it.
pub use hyper::ext::ReasonPhrase;

/// The error type of bodies and of other things whose cause only the log sees.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
