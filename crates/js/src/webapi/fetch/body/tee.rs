//! Two bodies of one, which may be read at different speeds.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use tollgate_core::{Body, BoxError};

use crate::webapi::fetch::ledger::{Charge, Ledger};

/// Two bodies with the bytes of one. What one of them has read and the other has not is kept, until it is
/// more than `most` bytes: the one that lags more ends with an error.
pub(super) fn tee(body: Body, most: usize, ledger: &Arc<Ledger>) -> (Body, Body) {
    if let Some(bytes) = body.bytes() {
        return (body, Body::full(bytes));
    }
    let shared = Arc::new(Mutex::new(Inner {
        from: Some(body),
        ended: None,
        branches: [Lag::default(), Lag::default()],
        most,
        charge: ledger.open(),
    }));
    let first = Branch { shared: Arc::clone(&shared), index: 0 };
    (Body::stream(first), Body::stream(Branch { shared, index: 1 }))
}

struct Inner {
    /// `None` behind the end.
    from: Option<Body>,
    ended: Option<Result<(), Failed>>,
    branches: [Lag; 2],
    most: usize,
    /// For what is kept.
    charge: Charge,
}

/// What a branch has not read.
#[derive(Default)]
struct Lag {
    gone: bool,
    late: bool,
    kept: VecDeque<Bytes>,
    bytes: usize,
    waker: Option<Waker>,
}

/// The source's error, which both are told. Its cause says more: a body that is too long, or too late.
#[derive(Debug, Clone)]
struct Failed(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// One of both has too much of the body waiting for it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("one of the two that `clone()` makes of a body lags more than {0} bytes behind the other")]
struct Late(usize);

struct Branch {
    shared: Arc<Mutex<Inner>>,
    index: usize,
}

impl Branch {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// This branch, and the other.
    fn split(&mut self, index: usize) -> (&mut Lag, &mut Lag) {
        let [first, second] = &mut self.branches;
        if index == 0 { (first, second) } else { (second, first) }
    }

    fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let most = self.most;
        let (mine, _) = self.split(index);
        if mine.late {
            return Poll::Ready(Some(Err(Late(most).into())));
        }
        if let Some(bytes) = mine.kept.pop_front() {
            mine.bytes -= bytes.len();
            self.charge.give_back(bytes.len());
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        loop {
            let Some(from) = &mut self.from else {
                return Poll::Ready(match &self.ended {
                    Some(Err(failed)) => Some(Err(failed.clone().into())),
                    _ => None,
                });
            };
            let Poll::Ready(frame) = Pin::new(from).poll_frame(cx) else {
                // The source knows the one that asked last: it wakes the other.
                self.split(index).0.waker = Some(cx.waker().clone());
                return Poll::Pending;
            };
            let data = match frame {
                None => {
                    self.end(index, Ok(()));
                    continue;
                }
                Some(Err(error)) => {
                    self.end(index, Err(Failed(error.into())));
                    continue;
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    // Trailers are the wire's.
                    Err(_) => continue,
                },
            };
            self.split(index).0.waker = None;
            self.keep(index, &data);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    /// Keeps what one branch has read for the other.
    fn keep(&mut self, index: usize, data: &Bytes) {
        let most = self.most;
        let [first, second] = &mut self.branches;
        let other = if index == 0 { second } else { first };
        if other.gone || other.late {
            return;
        }
        // What passes the limit is kept as well: whoever reads no further than that is going to give up
        // now, and the other has lost nothing.
        if other.bytes > most || self.charge.add(data.len()).is_err() {
            self.charge.give_back(other.bytes);
            *other = Lag { late: true, waker: other.waker.take(), ..Lag::default() };
        } else {
            other.bytes += data.len();
            other.kept.push_back(data.clone());
        }
        other.wake();
    }

    fn end(&mut self, index: usize, ended: Result<(), Failed>) {
        self.from = None;
        self.ended = Some(ended);
        self.split(index).1.wake();
    }
}

impl Lag {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl HttpBody for Branch {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.lock().poll(self.index, cx)
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        let mut inner = self.lock();
        let (mine, other) = inner.split(self.index);
        let kept = std::mem::replace(mine, Lag { gone: true, ..Lag::default() }).bytes;
        // The source may know this one alone.
        other.wake();
        if other.gone {
            inner.from = None;
        }
        inner.charge.give_back(kept);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use http_body_util::{BodyExt, StreamBody};
    use tokio::sync::mpsc;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll(body: &mut Body, count: &Arc<Count>) -> Poll<Option<Result<Bytes, String>>> {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(body)
            .poll_frame(&mut Context::from_waker(&waker))
            .map(|frame| frame.map(|frame| frame.map(|it| it.into_data().unwrap()).map_err(|error| error.to_string())))
    }

    type Sender = mpsc::Sender<Result<Frame<Bytes>, BoxError>>;

    fn tee(body: Body, most: usize) -> (Body, Body) {
        super::tee(body, most, &Ledger::new(1_000))
    }

    fn channel() -> (Sender, Body) {
        let (sender, mut frames) = mpsc::channel(8);
        (sender, Body::stream(StreamBody::new(futures_util::stream::poll_fn(move |cx| frames.poll_recv(cx)))))
    }

    fn send(sender: &Sender, text: &'static str) -> bool {
        sender.try_send(Ok(Frame::data(Bytes::from_static(text.as_bytes())))).is_ok()
    }

    fn ready(text: &'static str) -> Poll<Option<Result<Bytes, String>>> {
        Poll::Ready(Some(Ok(Bytes::from_static(text.as_bytes()))))
    }

    #[test]
    fn both_get_every_byte_and_the_end_and_each_is_woken() {
        let (sender, body) = channel();
        let (mut a, mut b) = tee(body, 100);
        let (wa, wb) = (Arc::<Count>::default(), Arc::<Count>::default());
        assert!(poll(&mut a, &wa).is_pending());
        assert!(poll(&mut b, &wb).is_pending());
        assert!(send(&sender, "one"));
        assert_eq!(wb.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut b, &wb), ready("one"));
        assert_eq!(wa.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut a, &wa), ready("one"));
        drop(sender);
        assert_eq!(poll(&mut a, &wa), Poll::Ready(None));
        assert_eq!(poll(&mut b, &wb), Poll::Ready(None));
    }

    #[test]
    fn one_that_goes_away_wakes_the_other() {
        let (sender, body) = channel();
        let (mut a, mut b) = tee(body, 100);
        let (wa, wb) = (Arc::<Count>::default(), Arc::<Count>::default());
        assert!(poll(&mut a, &wa).is_pending());
        assert!(poll(&mut b, &wb).is_pending());
        drop(b);
        assert_eq!(wa.0.load(Ordering::SeqCst), 1);
        assert!(poll(&mut a, &wa).is_pending());
        assert!(send(&sender, "one"));
        assert_eq!(poll(&mut a, &wa), ready("one"));
    }

    #[test]
    fn one_that_lags_too_far_fails_and_the_other_does_not() {
        let (sender, body) = channel();
        let (mut a, mut b) = tee(body, 4);
        let count = Arc::<Count>::default();
        for text in ["one", "two", "six"] {
            assert!(send(&sender, text));
            assert_eq!(poll(&mut a, &count), ready(text));
        }
        let Poll::Ready(Some(Err(error))) = poll(&mut b, &count) else { panic!() };
        assert!(error.contains("4 bytes"), "{error}");
        drop(sender);
        assert_eq!(poll(&mut a, &count), Poll::Ready(None));
    }

    #[test]
    fn what_is_kept_counts_and_is_given_back() {
        let ledger = Ledger::new(6);
        let (sender, body) = channel();
        let (mut a, b) = super::tee(body, 100, &ledger);
        let count = Arc::<Count>::default();
        for text in ["one", "two"] {
            assert!(send(&sender, text));
            assert_eq!(poll(&mut a, &count), ready(text));
        }
        assert!(ledger.open().add(1).is_err());
        drop(b);
        assert!(ledger.open().add(6).is_ok());
    }

    #[test]
    fn an_error_reaches_both_with_its_cause() {
        let (sender, body) = channel();
        let (mut a, b) = tee(body.limited_to(2), 100);
        let count = Arc::<Count>::default();
        assert!(send(&sender, "one"));
        assert!(matches!(poll(&mut a, &count), Poll::Ready(Some(Err(_)))));
        let error = futures_util::FutureExt::now_or_never(b.collect()).unwrap().unwrap_err();
        assert!(tollgate_core::body::BodyTooLarge::in_chain(&*error).is_some());
    }

    #[test]
    fn the_source_goes_when_nobody_reads() {
        let (sender, body) = channel();
        let (a, b) = tee(body, 100);
        drop(a);
        drop(b);
        assert!(!send(&sender, "one"));
    }
}
