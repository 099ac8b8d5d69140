//! What one line says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::exchange::{SpanId, TraceId, User};
use tollgate_core::record::Record;
use tollgate_core::time::Timestamp;

use crate::tls::Session;

/// The entry of one exchange: its record, and what is known of request and answer.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When the head of the request had arrived.
    pub time: Timestamp,
    /// The request id.
    pub id: Arc<str>,
    /// The method; `None` where the head could not be read.
    pub method: Option<http::Method>,
    /// The host that was asked for.
    pub host: Option<Arc<str>>,
    /// The match path; where the target was refused, the path as it was sent; empty where the head
    /// could not be read.
    pub path: String,
    /// The query, of which only the names are written.
    pub query: Option<String>,
    /// The protocol's version.
    pub version: http::Version,
    /// The status of the answer.
    pub status: u16,
    /// The id of the route.
    pub route: Option<Arc<str>>,
    /// Its path as it is written.
    pub template: Option<Arc<str>>,
    /// Who called.
    pub user: Option<User>,
    /// The caller's address.
    pub client: IpAddr,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The gateway's span in it.
    pub span_id: SpanId,
    /// The caller's span, where there was one.
    pub parent_id: Option<SpanId>,
    /// Whether its spans are sent, where spans are.
    pub sampled: bool,
    /// The digest of the project in force.
    pub snapshot: Arc<str>,
    /// The TLS session, where there is one.
    pub tls: Option<Arc<Session>>,
    /// Everything else.
    pub record: Record,
}

impl Entry {
    /// The whole time.
    pub fn total(&self) -> Duration {
        self.record.timings.total.unwrap_or_default()
    }
}

/// At most so many bytes of a text, at a character's boundary.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}
