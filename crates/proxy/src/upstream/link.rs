//! One connection to an upstream.
//!
//! No task stands behind it: whoever uses it drives it, from the same task that serves the
//! client. So an exchange costs no hop between threads, dropping the exchange closes the
//! connection at once, and a look at an idle connection tells whether the other side has closed
//! it or sent something nobody asked for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tollgate_core::Body;

use super::connect::{Stream, Watched};
use crate::alarm::Alarm;

/// What an answer's head may weigh at most, in bytes.
const HEAD_BYTES: usize = 256 * 1024;

/// One connection to an upstream.
pub(super) struct Link {
    sender: SendRequest<Body>,
    driver: Driver,
    received: Arc<AtomicBool>,
    pub(super) alarm: Alarm,
    pub(super) idle_since: Instant,
}

#[expect(clippy::large_enum_variant, reason = "a link is in a box, and nearly always drives itself")]
enum Driver {
    /// Driven by whoever holds the link.
    Own(Connection<TokioIo<Watched>, Body>),
    /// Driven by a task of its own.
    Task { _ends_with_link: AbortOnDrop },
    /// Over.
    Done,
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    pub(super) async fn over(stream: Stream) -> hyper::Result<Box<Self>> {
        let received = Arc::new(AtomicBool::new(false));
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&received)));
        let (sender, connection) = Builder::new().max_buf_size(HEAD_BYTES).handshake(io).await?;
        Ok(Box::new(Self {
            sender,
            driver: Driver::Own(connection),
            received,
            alarm: Alarm::default(),
            idle_since: Instant::now(),
        }))
    }

    /// Hands a request over. The answer comes while the link is driven.
    pub(super) fn send(
        &mut self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Incoming>, TrySendError<http::Request<Body>>>> + use<> {
        self.received.store(false, Ordering::Relaxed);
        self.sender.try_send_request(request)
    }

    /// Whether any byte has come since the last request was handed over.
    pub(super) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    /// Lets the connection do what it can: write, read, notice the end.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Driver::Own(connection) = &mut self.driver
            && Pin::new(connection).poll(cx).is_ready()
        {
            // How it ended is told to whoever waits for an answer or a body.
            self.driver = Driver::Done;
        }
    }

    /// Polls something that this connection makes ready, and drives the connection for it.
    ///
    /// Both live in the task that is running, so wake-ups between them would only run that task
    /// once more for nothing. They are polled with a waker that does nothing until there is
    /// really nothing to do, and only then with the real one.
    pub(super) fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if matches!(self.driver, Driver::Own(_)) {
            let mut quiet = Context::from_waker(Waker::noop());
            if let Poll::Ready(value) = poll(&mut quiet) {
                return Poll::Ready(value);
            }
            self.drive(&mut quiet);
            if let Poll::Ready(value) = poll(&mut quiet) {
                return Poll::Ready(value);
            }
            self.drive(cx);
        }
        poll(cx)
    }

    /// After an answer: whether another request can follow on this connection. It cannot where
    /// the other side has closed it, has sent surplus bytes, or has not taken the whole request.
    pub(super) fn is_ready(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        matches!(self.driver, Driver::Own(_)) && self.sender.is_ready()
    }

    /// Goes on in a task of its own: while the client still sends, the upload must not depend on
    /// how fast the client takes the answer.
    pub(super) fn detach(&mut self) {
        match std::mem::replace(&mut self.driver, Driver::Done) {
            Driver::Own(connection) => {
                let task = tokio::spawn(async move {
                    // How it ended is told to whoever reads the body.
                    let _ = connection.await;
                });
                self.driver = Driver::Task { _ends_with_link: AbortOnDrop(task) };
            }
            other => self.driver = other,
        }
    }
}
