//! HTTP/1.1 and 1.0.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::Version;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tollgate_core::Body;
use tollgate_core::interim::Interim;

use super::io::ClientIo;
use super::phase::{Answer, Phase};
use super::settings::WireSettings;
use super::{Arrived, End};
use crate::heard::cancelled;
use crate::hygiene::ConnectionInfo;
use crate::tunnel::Tunnel;
use crate::unreadable::UnreadableHead;

/// Serves requests one after the other.
pub(super) async fn serve<S, H, F>(
    io: ClientIo<S>,
    phase: Arc<Phase>,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    end: &End,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F,
    F: Future<Output = http::Response<Body>>,
{
    // The connection of the last request that asked for an upgrade, and what was answered.
    let upgrade: Mutex<Option<(OnUpgrade, Option<Tunnel>)>> = Mutex::default();
    let service = service_fn(|mut request: http::Request<Incoming>| {
        let number = phase.request_began();
        let client = request.extensions_mut().remove::<OnUpgrade>();
        // HTTP/1.0 does not know interim answers.
        let interim = (request.version() == Version::HTTP_11).then(|| Interim::new(Arc::clone(&phase) as _, number));
        let arrived = Arrived { request: request.map(Into::into), interim };
        // Boxed, so that a connection that waits for its next request does not keep room for the work of one.
        let answer = Box::pin(handler(Arc::clone(&info), arrived));
        let (phase, upgrade) = (Arc::clone(&phase), &upgrade);
        async move {
            let mut response = answer.await;
            phase.answer_begins();
            let tunnel = Tunnel::take(&mut response);
            if tunnel.is_some() {
                phase.becomes_tunnel();
            } else if end.retire.is_cancelled() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if let Some(client) = client {
                *upgrade.lock() = Some((client, tunnel));
            }
            Ok::<_, Infallible>(response.map(|body| Answer::new(body, phase)))
        }
    });
    let ended = {
        let mut connection = pin!(wire.h1.serve_connection(TokioIo::new(io), service).with_upgrades());
        tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = cancelled(&end.retire) => {
                // A request that has been read is the last one; where none has, there may be one on its way.
                let before = phase.requests();
                let mut given_up = pin!(phase.given_up(&end.retire));
                let ended = poll_fn(|cx| {
                    let ended = connection.as_mut().poll(cx);
                    if ended.is_ready() {
                        return ended.map(Some);
                    }
                    if phase.is_busy() || phase.requests() != before || given_up.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(None);
                    }
                    Poll::Pending
                })
                .await;
                match ended {
                    Some(ended) => ended,
                    None => {
                        phase.closes_now();
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                }
            }
        }
    };
    let asked = upgrade.lock().take();
    match (ended, asked) {
        // Boxed, so that a connection without a tunnel does not keep room for one.
        (Ok(()), Some((client, Some(tunnel)))) => Box::pin(tunnel.run_on(client, end.drain.clone())).await,
        // Asked for and not granted: the connection comes back unclosed, after other answers.
        (Ok(()), Some((client, None))) => {
            if let Ok(client) = client.await {
                let _ = TokioIo::new(client).shutdown().await;
            }
        }
        (Ok(()), None) => {}
        (Err(error), _) => {
            tracing::debug!(peer = %info.peer, %error, "connection ended early");
            return UnreadableHead::of_refused(&error, phase.take_answered_head());
        }
    }
    None
}
