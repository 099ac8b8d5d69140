//! One stream: its request, what is said before the answer, and the answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_LENGTH, DATE};
use http::{Method, StatusCode};
use http_body::Body as _;
use tokio_util::sync::CancellationToken;
use tollgate_core::{Body, Response};

use super::super::Arrived;
use super::super::arrived::IncomingBody;
use super::answer::{StreamAnswer, StreamClock};
use super::line::StreamLine;
use super::load::OpenStream;
use super::request::StreamBody;
use super::sending::send;
use crate::date;
use crate::h2_duplex::H2Duplex;
use crate::hygiene::clean_connection_fields;
use crate::tunnel::Tunnel;

/// What a request is answered with, and what its stream is counted by.
pub(super) struct Reply {
    respond: SendResponse<Bytes>,
    line: Arc<StreamLine>,
    /// What an extended CONNECT brings, which is no body.
    tunnel: Option<RecvStream>,
    is_head: bool,
    clock: Arc<StreamClock>,
    open: OpenStream,
    drain: CancellationToken,
}

impl Reply {
    /// Takes a request apart into what is handled and what answers it.
    pub(super) fn to(
        request: http::Request<RecvStream>,
        respond: SendResponse<Bytes>,
        clock: Arc<StreamClock>,
        open: OpenStream,
        drain: CancellationToken,
    ) -> (Arrived, Self) {
        let (parts, stream) = request.into_parts();
        let line = Arc::new(StreamLine::default());
        let interim = line.interim();
        let is_head = parts.method == Method::HEAD;
        let (body, tunnel) = match parts.method {
            Method::CONNECT => (IncomingBody::none(), Some(stream)),
            _ => (IncomingBody::from(StreamBody::new(stream, &parts.headers, &interim)), None),
        };
        let arrived = Arrived { request: http::Request::from_parts(parts, body), interim: Some(interim) };
        (arrived, Self { respond, line, tunnel, is_head, clock, open, drain })
    }

    /// Waits for the answer, and sends it to its end. A client that resets the stream ends the wait;
    /// dropping the future resets it.
    pub(super) async fn answer(mut self, mut answer: Pin<Box<impl Future<Output = Response>>>) {
        let mut response = {
            let answered = poll_fn(|cx| {
                let polled = answer.as_mut().poll(cx);
                let is_reset = self.respond.poll_reset(cx).is_ready();
                for (status, headers) in self.line.waiting(cx.waker()) {
                    if !is_reset {
                        self.inform(status, headers);
                    }
                }
                match polled {
                    Poll::Ready(response) => Poll::Ready(Some(response)),
                    Poll::Pending if is_reset => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            });
            let Some(response) = answered.await else { return };
            response
        };
        drop(answer);
        self.line.close();
        if let Some(tunnel) = Tunnel::take(&mut response) {
            return self.open_tunnel(response, tunnel).await;
        }
        let (mut head, body) = without_body(response, self.is_head).into_parts();
        clean_connection_fields(&mut head.headers);
        head.headers.entry(DATE).or_insert_with(date::field);
        let is_whole = body.is_end_stream();
        if !is_whole && let Some(length) = body.size_hint().exact() {
            head.headers.entry(CONTENT_LENGTH).or_insert(length.into());
        }
        let body = StreamAnswer::new(body, self.clock, self.open);
        match self.respond.send_response(http::Response::from_parts(head, ()), is_whole) {
            Ok(stream) if !is_whole => send(body, stream).await,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "an answer cannot be sent");
                self.respond.send_reset(h2::Reason::INTERNAL_ERROR);
            }
        }
    }

    fn inform(&mut self, status: StatusCode, headers: http::HeaderMap) {
        let mut response = http::Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        if let Err(error) = self.respond.send_informational(response) {
            tracing::debug!(%error, "an interim answer cannot be sent");
        }
    }

    /// The stream goes on as a tunnel; it ends with its connection, like every stream.
    async fn open_tunnel(mut self, response: Response, tunnel: Tunnel) {
        let Some(receive) = self.tunnel else { return };
        let (mut head, _) = response.into_parts();
        clean_connection_fields(&mut head.headers);
        head.headers.remove(CONTENT_LENGTH);
        head.headers.entry(DATE).or_insert_with(date::field);
        if let Ok(send) = self.respond.send_response(http::Response::from_parts(head, ()), false) {
            tunnel.run(H2Duplex::new(receive, send), self.drain).await;
        }
    }
}

/// Takes the body from an answer that has none on the wire (RFC 9110 §6.4.1): the library, which
/// would send it, does not know the request. What a GET would bring is still told of.
fn without_body(mut response: http::Response<Body>, is_head: bool) -> http::Response<Body> {
    let bodyless = is_head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodyless || response.body().is_end_stream() {
        return response;
    }
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|_| is_head) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    *response.body_mut() = Body::empty();
    response
}
