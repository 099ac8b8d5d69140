//! Interim answers on their way to a stream.

use std::sync::Arc;
use std::task::Waker;

use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use tollgate_core::interim::{Interim, InterimLine};

use super::super::MOST_INTERIM;

/// What was said of a request, until its stream writes it. It is closed once the answer has begun.
#[derive(Debug, Default)]
pub(super) struct StreamLine(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    closed: bool,
    waiting: Vec<(StatusCode, HeaderMap)>,
    /// How many bytes there have been.
    taken: usize,
    /// Of the stream, for those that come from elsewhere than its own task.
    waker: Option<Waker>,
}

impl StreamLine {
    /// Where the interim answers of this stream go.
    pub(super) fn interim(self: &Arc<Self>) -> Interim {
        // A line belongs to one request.
        Interim::new(Arc::clone(self) as _, 0)
    }

    /// What is to be written now. `waker` is told when there is more.
    pub(super) fn waiting(&self, waker: &Waker) -> Vec<(StatusCode, HeaderMap)> {
        let mut line = self.0.lock();
        if !line.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            line.waker = Some(waker.clone());
        }
        std::mem::take(&mut line.waiting)
    }

    /// From now on everything comes too late.
    pub(super) fn close(&self) {
        *self.0.lock() = Line { closed: true, ..Line::default() };
    }
}

impl InterimLine for StreamLine {
    fn take(&self, _: u32, status: StatusCode, headers: &HeaderMap) -> bool {
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let mut line = self.0.lock();
        if line.closed || line.taken + size > MOST_INTERIM {
            return false;
        }
        line.taken += size;
        line.waiting.push((status, headers.clone()));
        if let Some(waker) = &line.waker {
            waker.wake_by_ref();
        }
        true
    }
}
