//! The time between two requests: until the head of the next has come, or nobody waits for one any more.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tollgate_core::time::coarse;
use tollgate_http1::{ReceivedHead, RequestDecoder};

use super::super::settings::WireSettings;
use super::super::{FIRST_REQUEST, NEXT_REQUEST};
use super::client::{Client, MESSAGE};
use crate::alarm::after;
use crate::heard::Heard;
use crate::unreadable::UnreadableHead;

/// What comes next on a connection.
pub(super) enum Next {
    /// The head of a request.
    Head(Box<ReceivedHead>),
    /// One that cannot be read, or did not come in time.
    Unreadable(UnreadableHead),
    /// Nothing, and nothing has begun.
    Over,
    /// The connection broke.
    Gone,
}

/// Waits for requests.
pub(super) struct Waiting {
    heads: RequestDecoder,
    head: Duration,
    keep_alive: Duration,
    born: Instant,
    has_served: bool,
    /// Since when nothing has come.
    idle_since: Option<Instant>,
    /// Since when the rest of a head is waited for: mostly it has come whole, and nobody asks for the time.
    head_since: Option<Instant>,
    /// Until when the next request may come, once the connection takes no more.
    retires_at: Option<Instant>,
}

impl Waiting {
    pub(super) fn new(wire: &WireSettings, born: Instant) -> Self {
        Self {
            heads: RequestDecoder::new(wire.heads),
            head: wire.head,
            keep_alive: wire.keep_alive,
            born,
            has_served: false,
            idle_since: None,
            head_since: None,
            retires_at: None,
        }
    }

    /// What comes next; `retiring` tells that the connection is to end.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        client: &mut Client<S>,
        retiring: &mut Heard<'_, '_>,
        cx: &mut Context<'_>,
    ) -> Poll<Next> {
        loop {
            match self.next_head(client) {
                Ok(Some(head)) => return Poll::Ready(Next::Head(head)),
                Ok(None) => {}
                Err(unreadable) => return Poll::Ready(Next::Unreadable(unreadable)),
            }
            let read = match client.unread.bytes.is_empty() {
                true => client.poll_look(MESSAGE, cx),
                false => client.unread.poll_read(&mut client.stream, cx),
            };
            match read {
                Poll::Ready(Ok(0)) => return Poll::Ready(Next::Over),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    tracing::debug!(%error, "a connection ended early");
                    return Poll::Ready(Next::Gone);
                }
                Poll::Pending => break,
            }
        }
        self.poll_patience(client, retiring, cx)
    }

    /// The next head, if it has come.
    fn next_head<S>(&mut self, client: &mut Client<S>) -> Result<Option<Box<ReceivedHead>>, UnreadableHead> {
        let unread = &mut client.unread.bytes;
        let Some(end) = self.heads.end(unread).map_err(UnreadableHead::of_head)? else { return Ok(None) };
        let bytes = if end == unread.len() {
            // As it is, where nothing follows: then nothing has to be shared.
            std::mem::take(unread).freeze()
        } else {
            // A piece of its own, so that whoever keeps a field of it does not keep the body.
            let bytes = Bytes::copy_from_slice(unread.get(..end).unwrap_or_default());
            unread.advance(end);
            bytes
        };
        match self.heads.read(&bytes) {
            Ok(head) => {
                self.has_served = true;
                self.idle_since = None;
                self.head_since = None;
                Ok(Some(Box::new(head)))
            }
            Err(error) => {
                // Whoever answers looks at how it began.
                *unread = bytes.into();
                Err(UnreadableHead::of_head(error))
            }
        }
    }

    /// Ready once nothing is waited for any more.
    fn poll_patience<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        client: &mut Client<S>,
        retiring: &mut Heard<'_, '_>,
        cx: &mut Context<'_>,
    ) -> Poll<Next> {
        if self.retires_at.is_none() && retiring.poll(cx).is_ready() {
            self.retires_at = Some(match self.has_served {
                false => self.born + FIRST_REQUEST,
                true => Instant::now() + NEXT_REQUEST,
            });
        }
        let has_begun = !client.unread.bytes.is_empty();
        let (since, most) = match has_begun {
            true => (*self.head_since.get_or_insert_with(Instant::now), self.head),
            false if self.has_served => {
                (*self.idle_since.get_or_insert_with(|| Instant::from_std(coarse::instant())), self.keep_alive)
            }
            false => (self.born, self.head),
        };
        let patience = (!most.is_zero()).then(|| after(since, most));
        let Some(until) = self.retires_at.into_iter().chain(patience).min() else { return Poll::Pending };
        ready!(client.alarm.poll_until(until, cx));
        Poll::Ready(match has_begun && patience == Some(until) {
            true => Next::Unreadable(UnreadableHead::too_slow()),
            false => Next::Over,
        })
    }
}
