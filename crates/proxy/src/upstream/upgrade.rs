//! Leaving HTTP: a connection that becomes a tunnel for another protocol (RFC 9110 §7.8).

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::UPGRADE;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tollgate_core::project::Timeouts;
use tollgate_core::{Body, Exchange, Problem, Request, Response, reason};
use tollgate_http1::Framing;

use super::Upstream;
use super::http1::{Ask, encode};
use super::stream::Stream;
use super::wait::problem;
use crate::hygiene::clean_response;

/// How an upstream answered the wish for another protocol.
#[derive(Debug)]
pub enum Upgraded {
    /// With 101: the fields of that answer, Upgrade among them, and the connection.
    Switched(HeaderMap, Tunnel),
    /// With any other answer, which is an answer like all.
    Refused(Response),
}

impl Upstream {
    /// Sends a request that asks for the protocols in its Upgrade field, without a body and on a
    /// connection of its own. Only HTTP/1.1 knows this.
    ///
    /// The other fields are sent as they are, as [`send`](Self::send) does. Until the answer the
    /// same timeouts hold; none of them holds for the tunnel.
    ///
    /// # Errors
    /// As those of [`send`](Self::send); also where the upstream switches to a protocol that was
    /// not asked for.
    pub async fn upgrade(
        &self,
        exchange: &mut Exchange,
        mut request: Request,
        timeouts: &Timeouts,
    ) -> Result<Upgraded, Problem> {
        let host = self.host_for(exchange);
        let limits = self.limits(timeouts, Some(exchange.record.started));
        *request.body_mut() = Body::empty();
        let Some(wanted) = request.headers().get(UPGRADE).cloned() else {
            return self.send(exchange, request, timeouts).await.map(Upgraded::Refused);
        };
        let (upload, method) = encode(request, &host, Some(&wanted))?;
        let mut ask = Ask { upload, method, upgrades: true, meter: None, limits: &limits };
        let answered = self.ask_http1(&mut exchange.record, &mut ask, None, Instant::now()).await?;
        if answered.head.framing != Framing::Tunnel {
            return Ok(Upgraded::Refused(self.answer(answered, ask)));
        }
        let chosen = answered.head.headers.get(UPGRADE).cloned();
        let Some(chosen) = chosen.filter(|chosen| {
            names(wanted.as_bytes()).any(|one| one.eq_ignore_ascii_case(chosen.as_bytes().trim_ascii()))
        }) else {
            return Err(problem(&reason::UPSTREAM_MALFORMED).caused_by("a switch to a protocol that nobody asked for"));
        };
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.headers = answered.head.headers;
        clean_response(&mut parts, false);
        parts.headers.insert(UPGRADE, chosen);
        let (stream, early) = answered.link.into_tunnel();
        Ok(Upgraded::Switched(parts.headers, Tunnel { stream, early }))
    }
}

/// The members of an Upgrade field.
fn names(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}

/// A connection to an upstream that does not speak HTTP any more. What came behind the answer is
/// read first.
pub struct Tunnel {
    stream: Stream,
    early: Bytes,
}

impl AsyncRead for Tunnel {
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

impl AsyncWrite for Tunnel {
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

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}
