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
mod load;
mod streams;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::Body;
use tollgate_core::reason::CLIENT_FLOOD;

pub(super) use self::streams::StreamSpawner;

use self::answer::{StreamAnswer, StreamClock};
use self::io::FrameIo;
use self::load::{Ending, Load};
use self::streams::Streams;
use super::Arrived;
use super::io::ClientIo;
use super::settings::WireSettings;
use crate::alarm::{Alarm, after};
use crate::hygiene::ConnectionInfo;
use crate::tunnel::Tunnel;
use crate::unreadable::UnreadableHead;

/// How long a client that was told of the end has to say that it has heard it.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the streams of a connection, as many at once as the settings allow.
pub(super) async fn serve<S, H, F>(
    io: ClientIo<S>,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    drain: CancellationToken,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let (load, spawner) = (Arc::new(Load::new()), StreamSpawner::default());
    let tunnels = spawner.clone();
    let service = service_fn(|mut request: http::Request<Incoming>| {
        let client = request.extensions_mut().remove::<OnUpgrade>();
        let open = load.stream();
        let clock = Arc::new(StreamClock::new(wire.taking_pace()));
        spawner.announce(Arc::clone(&clock));
        let is_head = request.method() == Method::HEAD;
        let answer = handler(Arc::clone(&info), Arrived { request: request.map(Into::into), interim: None });
        let (tunnels, drain, load) = (tunnels.clone(), drain.clone(), Arc::clone(&load));
        async move {
            let mut response = answer.await;
            if let (Some(client), Some(tunnel)) = (client, Tunnel::take(&mut response)) {
                let open = load.stream();
                // It ends with the connection, like every stream.
                tunnels.execute(async move {
                    tunnel.run_on(client, drain).await;
                    drop(open);
                });
            }
            let response = without_body(response, is_head);
            Ok::<_, Infallible>(response.map(|body| StreamAnswer::new(body, clock, open)))
        }
    });
    let io = TokioIo::new(FrameIo::new(io, wire, Arc::clone(&load)));
    let mut connection = pin!(wire.h2.builder(spawner.clone()).serve_connection(io, service));
    let mut streams = Streams::new(spawner.clone());
    let mut drained = pin!(drain.cancelled());
    let mut alarm = Alarm::default();
    // Since when the client knows that this is the end.
    let mut closing: Option<Instant> = None;
    let ended = poll_fn(|cx| {
        loop {
            let ended = connection.as_mut().poll(cx);
            // Also once it has ended: the streams must see that.
            streams.poll(cx);
            if ended.is_ready() {
                return ended.map(Some);
            }
            if closing.is_none() && drained.as_mut().poll(cx).is_ready() {
                closing = Some(Instant::now());
                load.closes();
                connection.as_mut().graceful_shutdown();
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
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
    let error = ended?.err()?;
    tracing::debug!(peer = %info.peer, %error, "connection ended early");
    match load.ending() {
        Some(Ending::HeadTooSlow) => Some(UnreadableHead::too_slow()),
        Some(Ending::Flood(flood)) => Some(UnreadableHead { reason: &CLIENT_FLOOD, cause: flood.to_string() }),
        None => UnreadableHead::of(&error),
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
