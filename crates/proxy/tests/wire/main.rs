//! What the gateway does with bytes: raw sockets on both sides of a real listener.
//!
//! The application half is left out: the handler under test makes a request unambiguous and sends
//! it on, as every route does.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod absolute_form;
mod answers;
mod bodies;
mod broken_answers;
mod client_gone;
mod early_answers;
mod fields;
mod framing;
mod host;
mod http2;
mod interim;
mod limits;
mod lines;
mod outbound;
mod pipelining;
mod pool;
mod refused_heads;
mod server_timeouts;
mod shutdown;
#[allow(dead_code, unused_imports, reason = "shared with the tests of streams, each of which takes what it needs")]
mod support;
mod tls;
mod upstream_timeouts;
