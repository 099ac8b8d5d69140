//! Heads that the HTTP library refuses: what it says of them by itself is a bare status, and a problem
//! is said in its place.
//!
//! It has no switch for that, but its words can be told from answers. It flushes after each answer, and
//! once it has handed over the last byte (or found the socket full, so that what is left of the answer is
//! known) everything that it writes before the next request is its own.

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, Version};
use tollgate_core::Reason;
use tollgate_core::reason::{REQUEST_HEADERS_TOO_LARGE, REQUEST_MALFORMED, REQUEST_URI_TOO_LONG};

use super::head;
use super::phase::Phase;
use crate::date;
use crate::hygiene::ConnectionInfo;
use crate::observer::Observer;
use crate::unreadable::AnsweredHead;

/// Tells the library's own words from answers, on one connection.
pub(super) struct Refusals {
    observer: Arc<dyn Observer>,
    info: Arc<ConnectionInfo>,
    /// How many requests there had been when it was last clear what is left of their answers.
    settled: u32,
    /// How much that is.
    owed: usize,
    /// How many requests stood before one whose head began with the method HEAD.
    before_head: Option<u32>,
}

impl Refusals {
    pub(super) fn new(observer: Arc<dyn Observer>, info: Arc<ConnectionInfo>) -> Self {
        Self { observer, info, settled: 0, owed: 0, before_head: None }
    }

    /// Whose words these are.
    pub(super) fn connection(&self) -> Arc<ConnectionInfo> {
        Arc::clone(&self.info)
    }

    /// The first bytes of a head have come.
    pub(super) fn head_begins(&mut self, phase: &Phase, bytes: &[u8]) {
        if bytes.starts_with(b"HEAD ") {
            self.before_head = Some(phase.requests());
        }
    }

    /// So many bytes are left of what the library has to write.
    pub(super) fn settle(&mut self, phase: &Phase, left: usize) {
        // Those of a tunnel are none of its words, and an answer that goes on will bring more.
        if !phase.is_busy() && !phase.is_tunnel() {
            (self.settled, self.owed) = (phase.requests(), left);
        }
    }

    /// Whether bytes that are written now may be a refusal.
    pub(super) fn are_possible(&self, phase: &Phase) -> bool {
        self.settled == phase.requests()
    }

    /// The socket has taken so many bytes.
    pub(super) fn taken(&mut self, bytes: usize) {
        self.owed = self.owed.saturating_sub(bytes);
    }

    /// What is said in place of these bytes; `None` where they are to be written as they are.
    pub(super) fn replace(&mut self, phase: &Phase, bytes: &[IoSlice<'_>]) -> io::Result<Option<Bytes>> {
        let length = bytes.iter().map(|part| part.len()).sum();
        if length <= self.owed {
            return Ok(None);
        }
        if self.owed > 0 {
            // The library does not keep the two in their order here.
            return Err(io::Error::other("a head that cannot be read, behind an answer that was not taken"));
        }
        let words = bytes.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
        let Some(refusal) = self.refusal(phase, words) else {
            self.owed = length;
            return Ok(None);
        };
        Ok(Some(refusal))
    }

    /// The problem in place of the library's words.
    fn refusal(&self, phase: &Phase, words: &[u8]) -> Option<Bytes> {
        let reason = reason(words)?;
        let refused = self.observer.refuse(&self.info, reason)?;
        let (mut parts, body) = refused.response.into_parts();
        let body = body.bytes()?;
        let length = body.len();
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        parts.headers.insert(DATE, date::field());
        let version = if words.starts_with(b"HTTP/1.0") { Version::HTTP_10 } else { Version::HTTP_11 };
        let mut answer = head::bytes(version, parts.status, &parts.headers);
        let bodyless = self.before_head == Some(phase.requests());
        if !bodyless {
            answer.extend_from_slice(&body);
        }
        let bytes = if bodyless { 0 } else { length as u64 };
        phase.head_answered(AnsweredHead { reason, identity: refused.identity, bytes });
        Some(answer.into())
    }
}

/// Why the library refuses a head, by its status line.
fn reason(words: &[u8]) -> Option<&'static Reason> {
    match words.get(b"HTTP/1.1 ".len()..)?.get(..3)? {
        b"400" => Some(&REQUEST_MALFORMED),
        b"414" => Some(&REQUEST_URI_TOO_LONG),
        b"431" => Some(&REQUEST_HEADERS_TOO_LARGE),
        _ => None,
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusals").field("settled", &self.settled).field("owed", &self.owed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::{Body, Response};

    use super::*;
    use crate::unreadable::RefusedHead;

    const WORDS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    struct Says(&'static str);

    impl Observer for Says {
        fn refuse(&self, _: &ConnectionInfo, reason: &'static Reason) -> Option<RefusedHead> {
            let mut response = Response::new(Body::full(self.0));
            *response.status_mut() = http::StatusCode::from_u16(reason.status).ok()?;
            Some(RefusedHead::new(response))
        }
    }

    fn refusals(observer: impl Observer) -> (Refusals, Phase) {
        let anywhere = ([127, 0, 0, 1], 1).into();
        (Refusals::new(Arc::new(observer), Arc::new(ConnectionInfo::plain(anywhere, anywhere))), Phase::new())
    }

    fn replaced(refusals: &mut Refusals, phase: &Phase, parts: &[&[u8]]) -> io::Result<Option<String>> {
        let parts: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let bytes = refusals.replace(phase, &parts)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    #[test]
    fn what_is_left_of_an_answer_is_no_refusal_and_what_follows_is() {
        let (mut refusals, phase) = refusals(Says("sorry"));
        phase.request_began();
        assert!(!refusals.are_possible(&phase), "the request may still be asked for its body");
        refusals.settle(&phase, 3);
        assert!(!refusals.are_possible(&phase), "its answer goes on");
        phase.answer_ended();
        refusals.settle(&phase, WORDS.len() + 5);
        assert!(refusals.are_possible(&phase));
        // Even where it reads like one.
        assert_eq!(replaced(&mut refusals, &phase, &[b"rest:", WORDS]).unwrap(), None);
        refusals.taken(5);
        assert_eq!(replaced(&mut refusals, &phase, &[b"", WORDS]).unwrap(), None);
        refusals.taken(WORDS.len());
        let said = replaced(&mut refusals, &phase, &[WORDS]).unwrap().unwrap();
        assert!(said.starts_with("HTTP/1.1 400 ") && said.ends_with("\r\n\r\nsorry"), "{said}");
        assert_eq!(phase.take_answered_head().unwrap().bytes, 5);
    }

    /// The library would write it into the middle of the answer.
    #[test]
    fn a_refusal_behind_an_answer_that_was_not_taken_ends_the_connection() {
        let (mut refusals, phase) = refusals(Says("sorry"));
        refusals.settle(&phase, 3);
        assert!(replaced(&mut refusals, &phase, &[WORDS, b"abc"]).is_err());
    }

    #[test]
    fn without_anything_better_to_say_the_librarys_words_stand_in_however_many_pieces() {
        let (mut refusals, phase) = refusals(());
        assert_eq!(replaced(&mut refusals, &phase, &[WORDS]).unwrap(), None);
        refusals.taken(10);
        assert_eq!(replaced(&mut refusals, &phase, &[&WORDS[10..]]).unwrap(), None);
    }
}
