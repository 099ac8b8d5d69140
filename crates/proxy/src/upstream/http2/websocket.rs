//! A WebSocket on a stream of its own (RFC 8441): extended CONNECT, where the other side offers it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use h2::ext::Protocol;
use http::header::{HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tollgate_core::record::{Attempt, Record};
use tollgate_core::{Body, Problem, Request, Response, reason};

use super::super::Upstream;
use super::super::handshake::{Expected, OpenTunnel, Switched, SwitchedSlot, UpgradeRequest};
use super::super::interim;
use super::super::wait::{Limits, Wait, Who, problem};
use super::exchange::{answer, from_h2, is_unprocessed};
use super::head::head;
use super::pool::{Lease, Leased, Pool};
use super::upload::Upload;
use crate::alarm::Alarm;
use crate::h2_duplex::H2Duplex;
use crate::hygiene::clean_response;

/// How often a handshake is sent at most.
const ATTEMPTS: usize = 4;

/// What became of one handshake.
enum Outcome {
    Answered(Response),
    Failed {
        problem: Problem,
        /// The other side has not begun to work on it.
        unprocessed: bool,
    },
}

impl Upstream {
    /// Asks for a WebSocket with extended CONNECT. An answer of 2xx that fits the question is given back
    /// as one of 101 with the stream in its extensions; any other is one like all.
    ///
    /// # Errors
    /// As those of an exchange; 502 where the other side takes no WebSockets over HTTP/2, or grants
    /// what was not asked for.
    #[expect(clippy::too_many_arguments, reason = "they are the exchange; it has one caller")]
    pub(in crate::upstream) async fn websocket_http2(
        &self,
        pool: &Arc<Pool>,
        record: &mut Record,
        mut request: Request,
        host: &HeaderValue,
        upgrade: &UpgradeRequest,
        open: OpenTunnel,
        limits: &Limits<'_>,
    ) -> Result<Response, Problem> {
        if !upgrade.asked.is_websocket() {
            let cause = format!("HTTP/2 has no upgrade to `{}`", upgrade.asked.protocol);
            return Err(problem(&reason::UPSTREAM_NO_WEBSOCKET).caused_by(cause));
        }
        let expected = Expected::of(&upgrade.asked, request.headers_mut());
        // The key belongs to the handshake of HTTP/1.1 (RFC 8441 §5).
        request.headers_mut().remove(SEC_WEBSOCKET_KEY);
        let (mut parts, _) = request.into_parts();
        parts.method = Method::CONNECT;
        let mut head = head(parts, &Body::empty(), host, self.connector.is_encrypted())?;
        head.extensions_mut().insert(Protocol::from_static("websocket"));

        let mut open = Some(open);
        for attempt in 1.. {
            let began = self.clock.monotonic();
            let leased = pool.lease(&self.connector, record, limits).await;
            let leased = leased.and_then(|leased| match leased {
                Leased::Stream(lease) => Ok(lease),
                Leased::Http1 => Err(problem(&reason::UPSTREAM_NO_HTTP2)),
            });
            let lease = leased.inspect_err(|problem| record.attempts.push(self.failed(problem, began, false)))?;
            let reused = lease.reused;
            match self.shake_hands(lease, &head, &expected, upgrade, &mut open, limits).await {
                Outcome::Answered(response) => {
                    let took = self.clock.monotonic().saturating_sub(began);
                    let (target, status) = (Arc::clone(&self.target), Some(response.status().as_u16()));
                    record.timings.first_byte = Some(took);
                    record.attempts.push(Attempt { target, outcome: "ok", status, took, began, reused });
                    return Ok(response);
                }
                Outcome::Failed { problem, unprocessed } => {
                    record.attempts.push(self.failed(&problem, began, reused));
                    if !unprocessed || attempt == ATTEMPTS {
                        return Err(problem);
                    }
                }
            }
        }
        Err(problem(&reason::UPSTREAM_RESET))
    }

    async fn shake_hands(
        &self,
        mut lease: Lease,
        head: &http::Request<()>,
        expected: &Expected,
        upgrade: &UpgradeRequest,
        open: &mut Option<OpenTunnel>,
        limits: &Limits<'_>,
    ) -> Outcome {
        let failed = |problem| Outcome::Failed { problem, unprocessed: false };
        // A connection is used once its settings have come.
        if !lease.sender.is_extended_connect_protocol_enabled() {
            return failed(problem(&reason::UPSTREAM_NO_WEBSOCKET));
        }
        let received = lease.connection.received();
        let (mut answered, send) = match lease.sender.send_request(head.clone(), false) {
            Ok(sent) => sent,
            Err(error) => {
                lease.connection.retire();
                return Outcome::Failed { problem: from_h2(&error), unprocessed: true };
            }
        };
        let mut wait = Wait::new(None, tokio::time::Instant::now());
        let mut alarm = Alarm::default();
        let mut said = 0;
        let answered = poll_fn(|cx| {
            if let Err(problem) = ready!(interim::poll_http2(&mut answered, &mut said, limits.beside.interim, cx)) {
                return Poll::Ready(Err(problem));
            }
            if let Poll::Ready(answered) = Pin::new(&mut answered).poll(cx) {
                return Poll::Ready(Ok(answered));
            }
            let Some((at, who)) = wait.deadline(limits) else { return Poll::Pending };
            ready!(alarm.poll_until(at, cx));
            lease.doubt(received);
            Poll::Ready(Err(match who {
                Who::Client => problem(&reason::REQUEST_TIMEOUT),
                Who::Upstream(reason) => problem(reason),
            }))
        })
        .await;
        let response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Outcome::Failed { problem: from_h2(&error), unprocessed: is_unprocessed(&error) };
            }
            Err(problem) => return failed(problem),
        };
        if !response.status().is_success() {
            // There is nothing more to be said on the stream.
            let upload = Upload::new(send, Body::empty(), true);
            return Outcome::Answered(answer(lease, response, upload, false, limits));
        }
        if let Err(what) = expected.check_choices(response.headers()) {
            let cause = format!("a grant that cannot be trusted: {what}");
            return failed(problem(&reason::UPSTREAM_MALFORMED).caused_by(cause));
        }
        let (from, receive) = response.into_parts();
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = StatusCode::SWITCHING_PROTOCOLS;
        parts.headers = from.headers;
        clean_response(&mut parts, false);
        parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
        if let Some(open) = open.take() {
            let stream = Box::new(LeasedStream { stream: H2Duplex::new(receive, send), _lease: lease });
            parts.extensions.insert(SwitchedSlot::new(Switched::new(upgrade.asked.clone(), stream, open)));
        }
        Outcome::Answered(Response::from_parts(parts, Body::empty()))
    }
}

/// A stream that counts on its connection until it ends.
struct LeasedStream {
    stream: H2Duplex,
    _lease: Lease,
}

impl AsyncRead for LeasedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for LeasedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
