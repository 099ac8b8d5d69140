//! What one line says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use tollgate_core::exchange::{Credential, User};
use tollgate_core::record::{Attempt, Record};
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
    /// Who called.
    pub user: Option<User>,
    /// The caller's address.
    pub client: IpAddr,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The trace it belongs to.
    pub trace_id: String,
    /// The gateway's span in it.
    pub span_id: String,
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

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let record = &self.record;
        map.serialize_entry("time", &self.time.rfc3339())?;
        map.serialize_entry("id", &*self.id)?;
        optional(&mut map, "method", self.method.as_ref().map(http::Method::as_str))?;
        optional(&mut map, "host", self.host.as_deref())?;
        if !self.path.is_empty() {
            map.serialize_entry("path", &self.path)?;
        }
        if let Some(query) = &self.query {
            map.serialize_entry("query", &Names(query))?;
        }
        if self.method.is_some() {
            map.serialize_entry("protocol", &format_args!("{:?}", self.version))?;
        }
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("reason", record.reason())?;
        if let Some(refusal) = &record.refusal {
            optional(&mut map, "stage", refusal.stage.map(|stage| stage.as_str()))?;
            optional(&mut map, "policy", refusal.policy.as_deref())?;
            map.serialize_entry("detail", &refusal.detail)?;
            optional(&mut map, "cause", refusal.cause.as_deref())?;
        }
        optional(&mut map, "route", self.route.as_deref())?;
        if let Some(user) = &self.user {
            map.serialize_entry("consumer", &*user.sub)?;
            if let Credential::Key { id, .. } = &user.credential {
                map.serialize_entry("keyId", &**id)?;
            }
        }
        map.serialize_entry("client", &self.client)?;
        if self.peer != self.client {
            map.serialize_entry("peer", &self.peer)?;
        }
        if let Some(session) = &self.tls {
            map.serialize_entry("tls", &Tls(session))?;
            optional(&mut map, "sni", session.server_name.as_deref())?;
            optional(&mut map, "clientCertificate", session.client.as_ref())?;
        }
        optional(&mut map, "userAgent", self.user_agent.as_deref())?;
        map.serialize_entry("bytesIn", &record.request_bytes)?;
        map.serialize_entry("bytesOut", &record.response_bytes)?;
        map.serialize_entry("ms", &Millis(self.total()))?;
        let timings = &record.timings;
        for (name, duration) in [
            ("msRouting", timings.routing),
            ("msInbound", timings.inbound),
            ("msConnect", timings.connect),
            ("msTls", timings.tls),
            ("msFirstByte", timings.first_byte),
            ("msOutbound", timings.outbound),
        ] {
            optional(&mut map, name, duration.map(Millis).as_ref())?;
        }
        if !record.attempts.is_empty() {
            map.serialize_entry("attempts", &Attempts(&record.attempts))?;
        }
        map.serialize_entry("traceId", &self.trace_id)?;
        map.serialize_entry("spanId", &self.span_id)?;
        map.serialize_entry("snapshot", &*self.snapshot)?;
        if !record.fields.is_empty() {
            map.serialize_entry("fields", &record.fields)?;
        }
        map.end()
    }
}

fn optional<M: SerializeMap, T: Serialize + ?Sized>(
    map: &mut M,
    name: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

struct Tls<'s>(&'s Session);

impl Serialize for Tls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tls = serializer.serialize_struct("Tls", 2)?;
        tls.serialize_field("version", self.0.version)?;
        tls.serialize_field("cipher", self.0.cipher)?;
        tls.end()
    }
}

/// Milliseconds with three digits behind the point.
struct Millis(Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "a request does not last for 285 years")]
        serializer.serialize_f64(self.0.as_micros() as f64 / 1000.0)
    }
}

/// The names of a query's parameters, each once.
struct Names<'q>(&'q str);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut seen: Vec<&str> = Vec::new();
        for name in self.0.split('&').map(|pair| pair.split('=').next().unwrap_or_default()) {
            // A pair without a value may be a secret that stands alone, but a name all the same:
            // it is cut, so that a long one does not reach the log whole.
            if !name.is_empty() && !seen.contains(&name) && seen.len() < 32 {
                seen.push(name);
                list.serialize_element(cut(name, 40))?;
            }
        }
        list.end()
    }
}

/// At most so many bytes of a text, at a character's boundary.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

struct Attempts<'r>(&'r [Attempt]);

impl Serialize for Attempts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(One))
    }
}

struct One<'r>(&'r Attempt);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut attempt = serializer.serialize_struct("Attempt", 4)?;
        attempt.serialize_field("target", &*self.0.target)?;
        attempt.serialize_field("outcome", self.0.outcome)?;
        attempt.serialize_field("ms", &Millis(self.0.took))?;
        attempt.serialize_field("reused", &self.0.reused)?;
        attempt.end()
    }
}
