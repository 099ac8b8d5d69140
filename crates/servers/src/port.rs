//! Ports for servers that cannot be told to take any.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below those that Linux gives to whoever asks for any, or connects: nobody comes by one of these by chance.
const PORTS: Range<u64> = 10_240..32_768;
/// So many are tried.
const TRIES: usize = 1_000;

/// A port of loopback that was free a moment ago. Prefer port 0 wherever the program can tell
/// which one it took.
///
/// # Errors
/// Where no port can be opened.
pub fn free_port() -> std::io::Result<u16> {
    let mut opened = Err(std::io::Error::other("no port is free"));
    for _ in 0..TRIES {
        // Every state has random keys of its own.
        let random = RandomState::new().hash_one(());
        let port = PORTS.start + random % (PORTS.end - PORTS.start);
        let Ok(port) = u16::try_from(port) else { continue };
        opened = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|_| port);
        if opened.is_ok() {
            break;
        }
    }
    opened
}
