//! Whole requests through a real listener to a real upstream: what the application half of the
//! proxy guarantees.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod cors;
mod handlers;
mod introduction;
mod mcp;
mod records;
mod routing;
mod snapshots;
#[allow(dead_code, reason = "shared with the tests of streams, each of which takes what it needs")]
mod support;
mod system;
