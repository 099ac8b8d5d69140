//! The connection itself: the library keeps the protocol, and is asked for what comes next.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, Handshake, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::super::settings::H2Wire;
use super::io::FrameIo;
use super::load::Load;
use crate::alarm::{Alarm, after};

/// A request whose head has come, and how it is answered.
pub(super) type Asked = (http::Request<RecvStream>, SendResponse<Bytes>);

/// One connection.
pub(super) struct Server<S> {
    state: State<S>,
    /// The client is to be told of the end as soon as that can be said.
    closing: bool,
    pings: (Duration, Duration),
    load: Arc<Load>,
}

enum State<S> {
    Greeting(Handshake<FrameIo<S>, Bytes>),
    Serving(Connection<FrameIo<S>, Bytes>, Option<Pings>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Server<S> {
    pub(super) fn new(io: FrameIo<S>, wire: &H2Wire, load: Arc<Load>) -> Self {
        let state = State::Greeting(wire.builder().handshake(io));
        Self { state, closing: false, pings: wire.pings(), load }
    }

    /// The next request; `None` once the connection has ended in order.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Asked, h2::Error>>> {
        loop {
            match &mut self.state {
                State::Greeting(greeting) => {
                    let mut connection = ready!(Pin::new(greeting).poll(cx))?;
                    if self.closing {
                        connection.graceful_shutdown();
                    }
                    let pings = connection.ping_pong().and_then(|pings| Pings::new(pings, self.pings));
                    self.state = State::Serving(connection, pings);
                }
                State::Serving(connection, pings) => {
                    if let Some(asking) = pings
                        && asking.poll_silent(&self.load, cx).is_ready()
                    {
                        *pings = None;
                        tracing::debug!("an HTTP/2 client answers no PING and is closed");
                        connection.abrupt_shutdown(Reason::NO_ERROR);
                    }
                    return connection.poll_accept(cx);
                }
            }
        }
    }

    /// Tells the client that this is the end; what is under way is answered.
    pub(super) fn close(&mut self) {
        self.closing = true;
        if let State::Serving(connection, _) = &mut self.state {
            connection.graceful_shutdown();
        }
    }
}

/// Asks whether the other end is still there.
struct Pings {
    pings: PingPong,
    interval: Duration,
    timeout: Duration,
    /// What had been received when the time below began.
    received: u64,
    since: Instant,
    /// Whether an answer is waited for.
    asked: bool,
    alarm: Alarm,
}

impl Pings {
    /// `None` where the settings want none.
    fn new(pings: PingPong, (interval, timeout): (Duration, Duration)) -> Option<Self> {
        let since = Instant::now();
        (!interval.is_zero()).then(|| Self {
            pings,
            interval,
            timeout,
            received: 0,
            since,
            asked: false,
            alarm: Alarm::default(),
        })
    }

    /// Ready once the other end has been silent for too long. Whatever comes from it shows that it lives.
    fn poll_silent(&mut self, load: &Load, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.asked && self.pings.poll_pong(cx).is_ready() {
                self.rest(load);
            }
            let wait = if self.asked { self.timeout } else { self.interval };
            ready!(self.alarm.poll_until(after(self.since, wait), cx));
            if load.received() != self.received {
                self.rest(load);
            } else if self.asked {
                return Poll::Ready(());
            } else if self.pings.send_ping(Ping::opaque()).is_ok() {
                self.asked = true;
                self.since = Instant::now();
            } else {
                // The last answer is still on its way: what was asked then counts.
                self.rest(load);
            }
        }
    }

    fn rest(&mut self, load: &Load) {
        self.asked = false;
        self.received = load.received();
        self.since = Instant::now();
    }
}
