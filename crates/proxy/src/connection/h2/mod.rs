//! HTTP/2 (RFC 9113): the streams of one connection.
//!
//! The library keeps the protocol. What is kept here is the connection: [`streams`] run in its
//! task, [`frames`] that bring no request are held to a [`budget`], and no client makes it wait
//! for ever, be it for a head ([`io`]), for the next request (the driver below), for room on the
//! line ([`io`]) or for a window ([`answer`]).

mod answer;
mod budget;
mod frames;
mod io;
mod line;
mod load;
mod request;
mod sending;
mod server;
mod stream;
mod streams;

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tollgate_core::Body;
use tollgate_core::reason::{CLIENT_FLOOD, REQUEST_MALFORMED};

pub(super) use self::request::StreamBody;

use self::answer::StreamClock;
use self::io::FrameIo;
use self::load::{Ending, Load};
use self::server::Server;
use self::stream::Reply;
use self::streams::Streams;
use super::settings::WireSettings;
use super::{Arrived, End, Opened, boxed};
use crate::alarm::{Alarm, after};
use crate::heard::Heard;
use crate::hygiene::ConnectionInfo;
use crate::unreadable::UnreadableHead;

/// How long a client that was told of the end has to say that it has heard it.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the streams of a connection, as many at once as the settings allow.
pub(super) async fn serve<S, H, F>(
    opened: Opened<S>,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    end: &End,
    tell: &(dyn Fn(&UnreadableHead) + Sync),
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let load = Arc::new(Load::new());
    let mut server = Server::new(FrameIo::new(opened, wire, Arc::clone(&load)), &wire.h2, Arc::clone(&load));
    let mut streams = Streams::default();
    let drains = pin!(end.retire.cancelled());
    let mut drained = Heard::through(drains);
    let mut alarm = Alarm::default();
    // Since when the client knows that this is the end.
    let mut closing: Option<Instant> = None;
    let mut known = KnownStreams::default();
    let ended = poll_fn(|cx| {
        loop {
            let ended = loop {
                match server.poll(cx) {
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        known.note(respond.stream_id().as_u32());
                        let clock = Arc::new(StreamClock::new(wire.taking_pace()));
                        let (open, drain) = (load.stream(), end.drain.clone());
                        let (arrived, reply) = Reply::to(request, respond, Arc::clone(&clock), open, drain);
                        let answering = boxed(|| handler(Arc::clone(&info), arrived));
                        streams.push(boxed(|| reply.answer(answering)), clock, &info);
                    }
                    Poll::Ready(Some(Err(error))) => break Poll::Ready(Err(error)),
                    Poll::Ready(None) => break Poll::Ready(Ok(())),
                    Poll::Pending => break Poll::Pending,
                }
            };
            for (stream, code) in load.reset() {
                let code = h2::Reason::from(code);
                // A request tells of itself, and one that was refused may be sent again.
                if !known.has(stream) && code != h2::Reason::REFUSED_STREAM {
                    let cause = format!("a request was reset: {}", code.description());
                    tell(&UnreadableHead::new(&REQUEST_MALFORMED, cause));
                }
            }
            // Also once it has ended: the streams must see that.
            streams.poll(cx);
            if ended.is_ready() {
                return ended.map(Some);
            }
            if closing.is_none() && drained.poll(cx).is_ready() {
                closing = Some(Instant::now());
                load.closes();
                server.close();
                continue;
            }
            if !load.is_idle() {
                return Poll::Pending;
            }
            let (idle_since, fresh) = load.idle_since();
            let (since, most) = match closing {
                Some(told) if load.is_behind() => (told.max(idle_since), wire.take),
                Some(told) => (told.max(idle_since), FAREWELL),
                None if fresh => (idle_since, wire.head),
                None => (idle_since, wire.keep_alive),
            };
            if most.is_zero() || alarm.poll_until(after(since, most), cx).is_pending() {
                return Poll::Pending;
            }
            if closing.is_some() {
                return Poll::Ready(None);
            }
            closing = Some(Instant::now());
            load.closes();
            server.close();
        }
    })
    .await;
    let error = ended?.err()?;
    tracing::debug!(peer = %info.peer, %error, "connection ended early");
    match load.ending() {
        Some(Ending::HeadTooSlow) => Some(UnreadableHead::too_slow()),
        Some(Ending::Flood(flood)) => Some(UnreadableHead::new(&CLIENT_FLOOD, flood.to_string())),
        None => UnreadableHead::of_frames(&error),
    }
}

/// The streams whose requests were handed over, as far back as one may be reset.
#[derive(Default)]
struct KnownStreams(VecDeque<u32>);

impl KnownStreams {
    const MOST: usize = 1024;

    fn note(&mut self, stream: u32) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(stream);
    }

    /// Whether it is one of them; what is older than all of them may have been.
    fn has(&self, stream: u32) -> bool {
        let forgotten = self.0.len() == Self::MOST && self.0.front().is_some_and(|oldest| stream < *oldest);
        forgotten || self.0.contains(&stream)
    }
}
