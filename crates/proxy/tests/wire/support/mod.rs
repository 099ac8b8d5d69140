//! A gateway without an application, a client that speaks bytes, an upstream that plays a script.

mod client;
pub(crate) mod frames;
mod gate;
mod h2;
mod services;
mod upstream;

use std::future::Future;
use std::time::Duration;

pub(crate) use self::h2::{H2Client, h2_client, h2_client_with, rest, whole};
pub(crate) use client::{Client, End, header};
pub(crate) use gate::{Gate, Setup};
pub(crate) use upstream::{Conn, Upstream};

/// How long a test waits for something that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen in time"),
    }
}

/// An answer of 200 whose body is `ok`.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
