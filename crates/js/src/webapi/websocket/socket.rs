//! What the host provides: a connection over which messages go both ways.

use std::fmt;

use bytes::Bytes;

use crate::Failure;
use crate::host::LocalBoxFuture;

/// What goes over a connection, either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The end (RFC 6455 §5.5.1). Nothing comes after it.
    Close(Option<Closing>),
}

/// Why a connection ends (RFC 6455 §7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The status code: 1000 where all is well.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: String,
}

/// An open connection. It ends when it is dropped. `send` and `next` may be under way at the same time,
/// but each of them only once.
pub trait Socket: fmt::Debug {
    /// The subprotocol that the server chose, or nothing.
    fn protocol(&self) -> &str;
    /// Sends a message. One that closes is the last one, and what comes from then on is still read.
    ///
    /// # Errors
    /// Where the connection is lost.
    fn send(&self, message: Message) -> LocalBoxFuture<'_, Result<(), Failure>>;
    /// The next message of the server; nothing where the connection ended without one that closes it. Pings
    /// and the answer to a closing message are the socket's own business.
    ///
    /// # Errors
    /// Where the server broke the protocol, or the connection is lost.
    fn next(&self) -> LocalBoxFuture<'_, Option<Result<Message, Failure>>>;
}
