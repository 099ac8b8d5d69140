//! The gateway before upstreams that speak HTTP/2, or that listen on a Unix socket.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]
#[path = "../wire/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of the wire use all of it")]
mod support;

#[path = "../application/support.rs"]
#[allow(dead_code, reason = "the tests of the application use all of it")]
mod application;

mod answers;
mod buffering;
mod choice;
mod faults;
mod grpc;
mod peer;
mod retries;
mod server;
mod streams;
mod timeouts;
mod unix;
