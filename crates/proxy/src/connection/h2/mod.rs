//! HTTP/2 (RFC 9113): the streams of one connection.

mod io;
mod streams;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tollgate_core::Body;

pub(super) use self::streams::StreamSpawner;

use self::io::FrameIo;
use self::streams::Streams;
use super::io::ClientIo;
use super::settings::WireSettings;
use crate::hygiene::ConnectionInfo;
use crate::tunnel::Tunnel;
use crate::unreadable::UnreadableHead;

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
    H: Fn(Arc<ConnectionInfo>, http::Request<Incoming>) -> F,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let spawner = StreamSpawner::default();
    let tunnels = spawner.clone();
    let service = service_fn(|mut request| {
        let client = request.extensions_mut().remove::<OnUpgrade>();
        let answer = handler(Arc::clone(&info), request);
        let (tunnels, drain) = (tunnels.clone(), drain.clone());
        async move {
            let mut response = answer.await;
            if let (Some(client), Some(tunnel)) = (client, Tunnel::take(&mut response)) {
                // It ends with the connection, like every stream.
                tunnels.execute(tunnel.run_on(client, drain));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let io = TokioIo::new(FrameIo::new(io, wire));
    let mut connection = pin!(wire.h2.builder(spawner.clone()).serve_connection(io, service));
    let mut streams = Streams::new(spawner);
    let mut drained = pin!(drain.cancelled());
    let mut draining = false;
    let ended = poll_fn(|cx| {
        let ended = connection.as_mut().poll(cx);
        // Also once it has ended: the streams must see that.
        streams.poll(cx);
        if ended.is_pending() && !draining && drained.as_mut().poll(cx).is_ready() {
            draining = true;
            connection.as_mut().graceful_shutdown();
            return connection.as_mut().poll(cx);
        }
        ended
    })
    .await;
    let error = ended.err()?;
    tracing::debug!(peer = %info.peer, %error, "connection ended early");
    UnreadableHead::of(&error)
}
