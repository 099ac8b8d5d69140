//! HTTP/1.1 and 1.0.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use http::StatusCode;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tollgate_core::Body;

use super::io::ClientIo;
use super::phase::{Answer, Phase};
use super::settings::WireSettings;
use crate::hygiene::ConnectionInfo;
use crate::unreadable::UnreadableHead;

/// Serves requests one after the other.
pub(super) async fn serve<S, H, F>(
    io: ClientIo<S>,
    phase: Arc<Phase>,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    handler: H,
    drain: CancellationToken,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, http::Request<Incoming>) -> F,
    F: Future<Output = http::Response<Body>>,
{
    let service = service_fn(|request| {
        phase.request_began();
        let answer = handler(Arc::clone(&info), request);
        let phase = Arc::clone(&phase);
        async move {
            let response = answer.await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                phase.becomes_tunnel();
            }
            Ok::<_, Infallible>(response.map(|body| Answer::new(body, phase)))
        }
    });
    let mut connection = pin!(wire.h1.serve_connection(TokioIo::new(io), service).with_upgrades());
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            phase.closes_now();
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    let error = ended.err()?;
    tracing::debug!(peer = %info.peer, %error, "connection ended early");
    UnreadableHead::of(&error)
}
