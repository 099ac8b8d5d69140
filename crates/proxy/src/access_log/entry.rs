//! What one line says.

use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};
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
    pub record: Lendable,
}

/// A record that an exchange can be given while its pipeline runs. Meanwhile there is an empty one in its place.
#[derive(Debug, Clone)]
pub struct Lendable(Option<Box<Record>>);

impl Lendable {
    /// Lends it.
    pub(crate) fn take(&mut self) -> Box<Record> {
        self.0.take().unwrap_or_default()
    }
}

impl From<Box<Record>> for Lendable {
    fn from(record: Box<Record>) -> Self {
        Self(Some(record))
    }
}

impl From<Record> for Lendable {
    fn from(record: Record) -> Self {
        Box::new(record).into()
    }
}

impl Deref for Lendable {
    type Target = Record;

    fn deref(&self) -> &Record {
        static EMPTY: LazyLock<Record> = LazyLock::new(Record::default);
        self.0.as_deref().unwrap_or_else(|| &EMPTY)
    }
}

impl DerefMut for Lendable {
    fn deref_mut(&mut self) -> &mut Record {
        self.0.get_or_insert_default()
    }
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
