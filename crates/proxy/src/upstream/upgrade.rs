//! Leaving HTTP: a connection that becomes a tunnel for another protocol (RFC 9110 §7.8).
//!
//! A request that asks for it goes on a connection of its own, which is never kept: what becomes of
//! it is the upstream's word, and a word that is misunderstood must not reach another request.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::StatusCode;
use http::header::{HeaderValue, SEC_WEBSOCKET_ACCEPT};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tollgate_core::project::Timeouts;
use tollgate_core::record::Record;
use tollgate_core::{Body, Exchange, Problem, Request, Response, reason};
use tollgate_http1::Framing;

use super::Upstream;
use super::beside::Beside;
use super::handshake::{Expected, Switched, SwitchedSlot, UpgradeRequest};
use super::http1::{Ask, encode};
use super::stream::Stream;
use super::wait::{Limits, problem};
use crate::hygiene::clean_response;
use crate::turn::Turn;

impl Upstream {
    /// Sends a request that asks for another protocol, without a body and on a connection of its own;
    /// on a stream of its own where the upstream speaks nothing but HTTP/2. An answer of 101 that fits the question carries the
    /// connection in its extensions; any other answer is one like all.
    ///
    /// The other fields are sent as they are, as [`send`](Self::send) does. Until the answer the
    /// same timeouts hold; none of them holds for the tunnel.
    ///
    /// # Errors
    /// As those of [`send`](Self::send); 503 where there are too many tunnels, 502 where the
    /// upstream switches in a way that was not asked for.
    pub(super) async fn upgrade(
        &self,
        exchange: &mut Exchange,
        request: Request,
        upgrade: &UpgradeRequest,
        timeouts: &Timeouts,
    ) -> Result<Response, Problem> {
        let host = self.host_for(exchange);
        let started = exchange.record.started;
        let Exchange { record, interim, .. } = exchange;
        let beside = Beside { interim: interim.as_ref(), late: None, now: None };
        self.switch(record, request, host, upgrade, timeouts, Some(started), beside).await
    }

    /// The same for requests of the gateway itself. `started` as for [`exchange`](Self::exchange).
    ///
    /// # Errors
    /// As above.
    #[expect(clippy::too_many_arguments, reason = "they are the exchange, as it is before its answer")]
    pub(crate) async fn switch(
        &self,
        record: &mut Record,
        mut request: Request,
        host: HeaderValue,
        upgrade: &UpgradeRequest,
        timeouts: &Timeouts,
        started: Option<Duration>,
        beside: Beside<'_>,
    ) -> Result<Response, Problem> {
        let open = upgrade.begin()?;
        self.note_url(record, &request);
        let limits = Limits { beside, ..self.moment().limits(timeouts, started) };
        *request.body_mut() = Body::empty();
        if let Some(pool) = self.http2.as_ref().filter(|pool| pool.is_only_http2()) {
            let waiting = self.tally.begin();
            let asked = self.websocket_http2(pool, record, request, &host, upgrade, open, &limits).await;
            if let Err(problem) = &asked {
                waiting.failed(problem.reason.name);
            }
            return asked;
        }
        let expected = Expected::of(&upgrade.asked, request.headers_mut());
        let wanted = HeaderValue::from_str(&upgrade.asked.protocol)
            .map_err(|error| problem(&reason::INTERNAL).caused_by(error))?;
        let (upload, method) = encode(&mut request, &host, Some(&wanted), None)?;
        let mut ask = Ask { upload, method, upgrades: true, meter: None, limits: &limits, turn: Turn::at_once() };
        let waiting = self.tally.begin();
        let asked = self.ask_http1(record, &mut ask, None, limits.from.instant).await;
        if let Err(problem) = &asked {
            waiting.failed(problem.reason.name);
        }
        let answered = asked?;
        drop(waiting);
        if answered.head.framing != Framing::Tunnel {
            return Ok(self.answer(answered, ask));
        }
        if let Err(what) = expected.check(&upgrade.asked, &answered.head.headers) {
            let cause = format!("an answer 101 that cannot be trusted: {what}");
            return Err(problem(&reason::UPSTREAM_MALFORMED).caused_by(cause));
        }
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = StatusCode::SWITCHING_PROTOCOLS;
        parts.headers = answered.head.headers;
        clean_response(&mut parts, false);
        // The client has a proof of its own to see.
        parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
        let (stream, early) = answered.link.into_tunnel();
        let stream = Box::new(SwitchedStream { stream, early });
        parts.extensions.insert(SwitchedSlot::new(Switched::new(upgrade.asked.clone(), stream, open)));
        Ok(Response::from_parts(parts, Body::empty()))
    }
}

/// A connection to an upstream that does not speak HTTP any more. What came behind the answer is
/// read first.
struct SwitchedStream {
    stream: Stream,
    early: Bytes,
}

impl AsyncRead for SwitchedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let count = this.early.len().min(buf.remaining());
        buf.put_slice(&this.early[..count]);
        this.early.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SwitchedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for SwitchedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwitchedStream").finish_non_exhaustive()
    }
}
