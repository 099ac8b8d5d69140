//! A real HTTP/1.1 server that remembers every request it saw and answers by a closure.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A request as an upstream saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Its target, byte for byte: path and query.
    pub target: String,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: Bytes,
}

impl Seen {
    /// The text of a header field; `None` where it is missing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

type AnswerFn = dyn Fn(&Seen) -> Response<Bytes> + Send + Sync;

struct Shared {
    answer: Box<AnswerFn>,
    seen: Mutex<Vec<Seen>>,
    broken_off: Mutex<usize>,
    arrived: Notify,
}

/// A server on a free port of loopback; it ends when this is dropped.
pub struct CapturingUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl fmt::Debug for CapturingUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturingUpstream").field("address", &self.address).finish_non_exhaustive()
    }
}

impl CapturingUpstream {
    /// A server that answers every request with 200 and `ok`.
    ///
    /// # Errors
    /// Where no port can be opened.
    pub async fn start() -> std::io::Result<Self> {
        Self::answering(|_| Response::new(Bytes::from_static(b"ok"))).await
    }

    /// A server that answers by a closure.
    ///
    /// # Errors
    /// Where no port can be opened.
    pub async fn answering(answer: impl Fn(&Seen) -> Response<Bytes> + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            seen: Mutex::default(),
            broken_off: Mutex::default(),
            arrived: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every whole request that it saw, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    /// The newest whole request that it saw.
    pub fn last(&self) -> Option<Seen> {
        self.shared.seen.lock().last().cloned()
    }

    /// How many requests broke off before their body was complete.
    pub fn broken_off(&self) -> usize {
        *self.shared.broken_off.lock()
    }

    /// Waits until it has seen `count` whole requests; false when `deadline` has passed before.
    pub async fn wait_for(&self, count: usize, deadline: Duration) -> bool {
        let enough = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if self.shared.seen.lock().len() >= count {
                    return;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(deadline, enough).await.is_ok()
    }
}

impl Drop for CapturingUpstream {
    fn drop(&mut self) {
        // The connections are children of the accepting task's set and end with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            // How a client ends its connection is its own business.
            let _ = hyper::server::conn::http1::Builder::new()
                .preserve_header_case(true)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: http::Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        *shared.broken_off.lock() += 1;
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    let seen =
        Seen { method: parts.method, target: parts.uri.to_string(), headers: parts.headers, body: body.to_bytes() };
    let response = (shared.answer)(&seen);
    shared.seen.lock().push(seen);
    shared.arrived.notify_waiters();
    Ok(response.map(Full::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn it_remembers_what_it_saw_and_answers_by_the_closure() {
        let upstream = CapturingUpstream::answering(|seen| Response::new(seen.body.clone())).await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(upstream.address()).await.unwrap();
        let head = b"POST /a%2Fb?c HTTP/1.1\r\nHost: x\r\nX-A: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
        stream.write_all(head).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nabc"), "{answer}");
        assert!(upstream.wait_for(1, Duration::from_secs(5)).await);
        let seen = upstream.last().unwrap();
        assert_eq!((seen.target.as_str(), seen.header("x-a"), &seen.body[..]), ("/a%2Fb?c", Some("b"), &b"abc"[..]));
    }
}
