use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::soon;

/// A client that speaks HTTP/2 from its first byte.
pub(crate) struct H2Client {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    _connection: JoinHandle<Result<(), h2::Error>>,
}

pub(crate) async fn h2_client(address: SocketAddr) -> H2Client {
    h2_client_with(address, h2::client::Builder::new()).await
}

pub(crate) async fn h2_client_with(address: SocketAddr, builder: h2::client::Builder) -> H2Client {
    let socket = TcpStream::connect(address).await.unwrap();
    let (send, connection) = soon("the handshake", builder.handshake(socket)).await.unwrap();
    H2Client { send, address, _connection: tokio::spawn(connection) }
}

impl H2Client {
    /// Goes away without a word.
    pub(crate) async fn close(self) {
        self._connection.abort();
        let _ = self._connection.await;
    }

    /// A request for a path of the gateway.
    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("http://{}{path}", self.address))
    }

    /// Begins a request; without a body it is whole.
    pub(crate) async fn begin(
        &mut self,
        request: http::request::Builder,
        with_body: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut ready = soon("room for a stream", self.send.clone().ready()).await.unwrap();
        ready.send_request(request.body(()).unwrap(), !with_body).unwrap()
    }

    pub(crate) async fn get(&mut self, path: &str) -> (response::Parts, Vec<u8>) {
        let request = self.request("GET", path);
        let (answer, _) = self.begin(request, false).await;
        whole(answer).await.unwrap()
    }
}

/// The whole answer.
pub(crate) async fn whole(answer: ResponseFuture) -> Result<(response::Parts, Vec<u8>), h2::Error> {
    let (head, mut body) = soon("the answer", answer).await?.into_parts();
    let bytes = rest(&mut body).await?;
    Ok((head, bytes))
}

/// The rest of a body.
pub(crate) async fn rest(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = soon("the body", body.data()).await {
        let piece = piece?;
        let _ = body.flow_control().release_capacity(piece.len());
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
