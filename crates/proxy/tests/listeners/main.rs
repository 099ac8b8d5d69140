//! What stands between an accepted connection and its first request: TLS, client certificates,
//! the PROXY protocol, caps. Raw sockets and rustls on the client's side; the handler under test
//! makes the request unambiguous, as every route does, and answers with what it was told.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod announced;
mod authority;
mod caps;
mod clients;
mod names;
mod reload;
mod stage;
mod stalls;
