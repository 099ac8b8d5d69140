//! Interim answers, as bytes that wait until nothing stands before them.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use http::{HeaderMap, StatusCode, Version};
use parking_lot::Mutex;
use tollgate_core::interim::InterimLine;
use tollgate_http1::{AnswerHead, AnswerLength, Persistence};

use super::super::MOST_INTERIM;

/// Shared by the connection and whoever speaks to its upstream, within one task: nothing here needs more than
/// relaxed order.
#[derive(Debug, Default)]
pub(super) struct Line {
    requests: AtomicU32,
    /// Whether the answer to the last request has begun: an interim one would come too late.
    answered: AtomicBool,
    /// Whether any wait, so that nobody locks to see that none does.
    waits: AtomicBool,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    /// The request that they are said of.
    request: u32,
    bytes: Vec<u8>,
    /// How many bytes there have been of that request.
    taken: usize,
}

impl Line {
    /// A request begins; gives back its number.
    pub(super) fn begin(&self) -> u32 {
        self.answered.store(false, Ordering::Relaxed);
        // Only the connection counts, one request after the other.
        let number = self.requests.load(Ordering::Relaxed).wrapping_add(1);
        self.requests.store(number, Ordering::Relaxed);
        number
    }

    /// Its answer begins.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether an interim answer to this request has a place still.
    fn awaits_answer(&self, request: u32) -> bool {
        self.requests.load(Ordering::Relaxed) == request && !self.answered.load(Ordering::Relaxed)
    }

    /// Those that wait.
    pub(super) fn waiting(&self) -> Vec<u8> {
        if !self.waits.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut said = self.said.lock();
        self.waits.store(false, Ordering::Relaxed);
        let bytes = std::mem::take(&mut said.bytes);
        if self.awaits_answer(said.request) { bytes } else { Vec::new() }
    }
}

impl InterimLine for Line {
    fn take(&self, request: u32, status: StatusCode, headers: &HeaderMap) -> bool {
        if !self.awaits_answer(request) {
            return false;
        }
        let head = AnswerHead {
            version: Version::HTTP_11,
            status,
            reason: None,
            headers,
            length: AnswerLength::Unsaid,
            persistence: Persistence::Unsaid,
            date: None,
        };
        let mut bytes = Vec::with_capacity(256);
        head.encode(&mut bytes);
        let mut said = self.said.lock();
        if said.request != request {
            *said = Said { request, ..Said::default() };
        }
        if said.taken + bytes.len() > MOST_INTERIM {
            return false;
        }
        said.taken += bytes.len();
        said.bytes.append(&mut bytes);
        self.waits.store(true, Ordering::Relaxed);
        true
    }
}
