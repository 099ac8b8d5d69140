//! One line of JSON for one entry.
//!
//! Written member by member and not through `Serialize`: it happens once for every request, and a
//! third of the work would be the machinery around it. Texts with something to escape go through `serde_json`.

use std::time::Duration;

use http::Version;
use serde::Serialize;
use tollgate_core::exchange::Credential;
use tollgate_core::record::Attempt;
use tollgate_core::time::Timestamp;

use super::entry::{Entry, cut};
use super::schema::VERSION;

/// A member's name, which needs no escapes, with what stands around it.
macro_rules! name {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// Appends the line of an entry.
pub(super) fn line(entry: &Entry, sample: Option<f64>, moment: &mut Moment, line: &mut Vec<u8>) {
    let record = &entry.record;
    let mut out = Object::begin(line);
    out.number(name!("v"), u64::from(VERSION));
    moment.write(entry.time, out.member(name!("time")));
    out.text(name!("id"), &entry.id);
    out.optional(name!("method"), entry.method.as_ref().map(http::Method::as_str));
    out.optional(name!("host"), entry.host.as_deref());
    out.optional(name!("path"), Some(entry.path.as_str()).filter(|path| !path.is_empty()));
    if let Some(query) = &entry.query {
        names(query, out.member(name!("query")));
    }
    if entry.method.is_some() {
        out.bare(name!("protocol"), protocol(entry.version));
    }
    out.number(name!("status"), u64::from(entry.status));
    out.bare(name!("reason"), record.reason());
    if let Some(refusal) = &record.refusal {
        out.optional(name!("stage"), refusal.stage.map(|stage| stage.as_str()));
        out.optional(name!("policy"), refusal.policy.as_deref());
        out.text(name!("detail"), &refusal.detail);
        out.optional(name!("cause"), refusal.cause.as_deref());
    }
    out.optional(name!("route"), entry.route.as_deref());
    if let Some(user) = &entry.user {
        out.text(name!("consumer"), &user.sub);
        if let Credential::Key { id, .. } = &user.credential {
            out.text(name!("keyId"), id);
        }
    }
    out.value(name!("client"), &entry.client);
    if entry.peer != entry.client {
        out.value(name!("peer"), &entry.peer);
    }
    if let Some(session) = &entry.tls {
        let mut tls = Object::begin(out.member(name!("tls")));
        tls.text(name!("version"), session.version);
        tls.text(name!("cipher"), session.cipher);
        tls.end();
        out.optional(name!("sni"), session.server_name.as_deref());
        if let Some(client) = &session.client {
            out.value(name!("clientCertificate"), client);
        }
    }
    out.optional(name!("userAgent"), entry.user_agent.as_deref());
    out.number(name!("bytesIn"), record.request_bytes);
    out.number(name!("bytesOut"), record.response_bytes);
    out.millis(name!("ms"), entry.total());
    let timings = &record.timings;
    for (name, duration) in [
        (name!("msRouting"), timings.routing),
        (name!("msInbound"), timings.inbound),
        (name!("msConnect"), timings.connect),
        (name!("msTls"), timings.tls),
        (name!("msFirstByte"), timings.first_byte),
        (name!("msOutbound"), timings.outbound),
    ] {
        if let Some(duration) = duration {
            out.millis(name, duration);
        }
    }
    if !record.attempts.is_empty() {
        attempts(&record.attempts, out.member(name!("attempts")));
    }
    out.bare(name!("traceId"), entry.trace_id.as_str());
    out.bare(name!("spanId"), entry.span_id.as_str());
    out.text(name!("snapshot"), &entry.snapshot);
    if let Some(sample) = sample {
        out.value(name!("sample"), &sample);
    }
    if !record.fields.is_empty() {
        out.value(name!("fields"), &record.fields);
    }
    out.end();
    line.push(b'\n');
}

/// An object that is being written.
struct Object<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
}

impl<'b> Object<'b> {
    fn begin(out: &'b mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    fn end(self) {
        // Before each member stands a comma; before the first, the brace.
        match self.out.get_mut(self.start) {
            Some(first) => *first = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    /// Writes a member's name; what is written next is its value.
    fn member(&mut self, name: &'static str) -> &mut Vec<u8> {
        self.out.extend_from_slice(name.as_bytes());
        self.out
    }

    fn value<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        write(value, self.member(name));
    }

    fn number(&mut self, name: &'static str, number: u64) {
        digits(number, self.member(name));
    }

    fn text(&mut self, name: &'static str, text: &str) {
        if needs_no_escapes(text) { self.bare(name, text) } else { self.value(name, text) }
    }

    /// A text in which nothing is to be escaped, as in the gateway's own: digits, or the name of a reason.
    fn bare(&mut self, name: &'static str, text: &str) {
        let out = self.member(name);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }

    fn optional(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Milliseconds with three digits behind the point.
    fn millis(&mut self, name: &'static str, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let out = self.member(name);
        digits(micros / 1000, out);
        out.push(b'.');
        three_digits(micros % 1000, out);
    }
}

/// Whether a text stands in JSON as it is (RFC 8259 §7), as nearly all do. Eight bytes are looked at in one go.
fn needs_no_escapes(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let last = match text.as_bytes().last_chunk::<8>() {
        // Some of it a second time: cheaper than byte by byte.
        Some(last) => *last,
        None => {
            let mut last = [b' '; 8];
            last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
            last
        }
    };
    words.iter().chain([&last]).all(|word| !has_to_escape(u64::from_ne_bytes(*word)))
}

/// Whether one of eight bytes is a control character, a quotation mark or a backslash.
fn has_to_escape(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of a byte that is less than another which is at most 128, and of none where no byte is.
    let less = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word & HIGH;
    let is = |byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    less(word, b' ') | is(b'"') | is(b'\\') != 0
}

fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    // What is written here are texts, numbers and trees of JSON, none of which fails; a line must be
    // one of JSON all the same.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

fn digits(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn three_digits(number: u64, out: &mut Vec<u8>) {
    out.extend([number / 100 % 10, number / 10 % 10, number % 10].map(|digit| b"0123456789"[digit as usize]));
}

/// As logs name it: `HTTP/1.1`.
fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// The names of a query's parameters, each once.
fn names(query: &str, out: &mut Vec<u8>) {
    let mut seen: Vec<&str> = Vec::new();
    for name in query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()) {
        if !name.is_empty() && !seen.contains(&name) && seen.len() < 32 {
            seen.push(name);
        }
    }
    out.push(b'[');
    for (index, name) in seen.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // A pair without a value may be a secret that stands alone, but a name all the same: it is
        // cut, so that a long one does not reach the log whole.
        write(cut(name, 40), out);
    }
    out.push(b']');
}

fn attempts(attempts: &[Attempt], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, attempt) in attempts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut one = Object::begin(out);
        one.text(name!("target"), &attempt.target);
        one.bare(name!("outcome"), attempt.outcome);
        one.millis(name!("ms"), attempt.took);
        one.member(name!("reused")).extend_from_slice(if attempt.reused { b"true" } else { b"false" });
        one.end();
    }
    out.push(b']');
}

/// Writes moments. Those of one second have all but the last digits in common.
#[derive(Debug, Default)]
pub(super) struct Moment {
    second: i64,
    /// Up to the seconds.
    text: String,
}

impl Moment {
    /// RFC 3339 in UTC with milliseconds, in quotes.
    fn write(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        if self.text.is_empty() || self.second != time.seconds() {
            self.second = time.seconds();
            self.text = Timestamp::from_seconds(self.second).rfc3339();
            if let Some(end) = self.text.find('.') {
                self.text.truncate(end);
            }
        }
        out.push(b'"');
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'.');
        three_digits(time.0.rem_euclid(1000).unsigned_abs(), out);
        out.extend_from_slice(b"Z\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_bare_needs_no_escapes() {
        let reasons = tollgate_core::reason::CORE.iter().map(|reason| reason.name);
        let versions = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
        for text in reasons.chain(versions.map(protocol)).chain(["ok"]) {
            assert_eq!(serde_json::to_string(text).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_text_is_written_as_it_is_only_where_that_is_what_json_says() {
        for character in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{ffff}', '😀']) {
            let text = format!("a long enough text with {character} in it");
            let written = serde_json::to_string(&text).unwrap();
            assert_eq!(needs_no_escapes(&text), written == format!("\"{text}\""), "{text:?}");
            // Wherever it stands, alone as well.
            for at in 0..20 {
                let text = format!("{}{character}", "x".repeat(at));
                let written = serde_json::to_string(&text).unwrap();
                assert_eq!(needs_no_escapes(&text), written == format!("\"{text}\""), "{text:?}");
            }
        }
        assert!(needs_no_escapes(""));
    }

    #[test]
    fn moments_are_those_of_the_standard_formatter_in_whatever_order_they_come() {
        let mut moment = Moment::default();
        for millis in [0, 1, 999, 1000, 1_767_225_600_123, 1_767_225_600_007, 1_767_225_601_000, 1_767_225_600_123, -1]
        {
            let mut out = Vec::new();
            moment.write(Timestamp(millis), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{}\"", Timestamp(millis).rfc3339()));
        }
    }
}
