//! An upstream that speaks HTTP/2 as it should, and tells what it was asked.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::support::{Gate, Setup};
use tollgate_core::settings::UpstreamProtocol;

/// A request, and what it is answered with.
pub(crate) struct Call {
    pub(crate) request: Request<RecvStream>,
    pub(crate) answer: SendResponse<Bytes>,
}

impl Call {
    /// The body, and the trailers if there are any.
    pub(crate) async fn body(&mut self) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
        let stream = self.request.body_mut();
        let mut all = Vec::new();
        while let Some(data) = stream.data().await {
            let data = data?;
            stream.flow_control().release_capacity(data.len())?;
            all.extend_from_slice(&data);
        }
        Ok((all, stream.trailers().await?))
    }

    /// The next piece of the body.
    pub(crate) async fn piece(&mut self) -> Option<Bytes> {
        let stream = self.request.body_mut();
        let data = stream.data().await?.unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        Some(data)
    }

    /// An answer of 200 with a body.
    pub(crate) fn answer(&mut self, body: &'static str) {
        let head = Response::builder().header("content-length", body.len()).body(()).unwrap();
        let mut stream = self.answer.send_response(head, false).unwrap();
        stream.send_data(Bytes::from_static(body.as_bytes()), true).unwrap();
    }
}

/// A server on a free port.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start<F>(handler: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::with(Builder::new(), handler).await
    }

    pub(crate) async fn with<F>(builder: Builder, handler: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handler = Arc::new(handler);
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, builder.clone(), Arc::clone(&handler)));
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Serves one connection.
pub(crate) async fn serve<S, F>(socket: S, builder: Builder, handler: Arc<impl Fn(Call) -> F + Send + Sync + 'static>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(mut connection) = builder.handshake::<_, Bytes>(socket).await else { return };
    while let Some(Ok((request, answer))) = connection.accept().await {
        tokio::spawn(handler(Call { request, answer }));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A gateway that speaks HTTP/2 to its upstream by prior knowledge.
pub(crate) fn setup(url: String) -> Setup {
    let mut setup = Setup::to(url);
    setup.upstream.protocol = UpstreamProtocol::Http2;
    setup
}

pub(crate) async fn gate(url: String) -> Gate {
    setup(url).start().await
}

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Sends a request and reads its answer, on a connection of its own.
pub(crate) async fn ask(gate: &Gate, request: &str) -> String {
    let mut client = gate.client().await;
    client.send(request).await;
    client.answer().await
}
