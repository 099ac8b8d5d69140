//! A gateway of listeners alone, and clients for it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tollgate_core::Body;
use tollgate_core::problem::ProblemContext;
use tollgate_core::settings::{Settings, TlsVersion};
use tollgate_proxy::connection::WireSettings;
use tollgate_proxy::hygiene::{self, ConnectionInfo, HygieneRules};
use tollgate_proxy::listener::{self, Listener, Observer};
use tollgate_proxy::metrics::{Paused, Refused};
use tollgate_proxy::tls::{Endpoint, Named, Offer, Session};
use tollgate_proxy::unreadable::UnreadableHead;

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const OFFER: Offer = Offer { oldest: TlsVersion::Tls12, http2: true };

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen in time"),
    }
}

/// What an observer was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) refused: Mutex<Vec<Refused>>,
    pub(crate) paused: Mutex<Vec<Paused>>,
    pub(crate) failed: Mutex<Vec<String>>,
    pub(crate) resumed: Mutex<Vec<bool>>,
    changed: tokio::sync::Notify,
}

impl Told {
    /// Waits until what was told is enough.
    pub(crate) async fn until(&self, what: &str, enough: impl Fn(&Self) -> bool) {
        soon(what, async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if enough(self) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

impl Observer for Told {
    fn refused(&self, why: Refused) {
        self.refused.lock().push(why);
        self.changed.notify_waiters();
    }
    fn paused(&self, why: Paused) {
        self.paused.lock().push(why);
        self.changed.notify_waiters();
    }
    fn greeted(&self, _: &Session, resumed: bool) {
        self.resumed.lock().push(resumed);
        self.changed.notify_waiters();
    }
    fn failed(&self, connection: &ConnectionInfo, why: &UnreadableHead) {
        self.failed.lock().push(format!("{} {}: {}", connection.peer.ip(), why.reason.name, why.cause));
        self.changed.notify_waiters();
    }
}

/// What a test wants.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) tls: Vec<Named>,
    pub(crate) proxy_protocol: bool,
    pub(crate) address: Option<SocketAddr>,
}

/// Listeners that serve.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    pub(crate) told: Arc<Told>,
    shutdown: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Draft {
    pub(crate) fn start(self) -> Stage {
        let endpoint = (!self.tls.is_empty()).then(|| Endpoint::new(self.tls, OFFER).unwrap());
        let address = self.address.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
        let socket = listener::bind(address, false).unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener { socket, tls: endpoint.clone(), proxy_protocol: self.proxy_protocol };
        let (told, shutdown) = (Arc::<Told>::default(), CancellationToken::new());
        let rules = Arc::new(HygieneRules::new(&self.settings));
        tokio::spawn(listener::serve_with(
            listener,
            Arc::new(WireSettings::new(&self.settings)),
            Arc::clone(&told),
            shutdown.clone(),
            move |info, arrived| {
                let rules = Arc::clone(&rules);
                async move { answer(&info, arrived.request.into_parts().0, &rules) }
            },
        ));
        Stage { address, endpoint, told, shutdown }
    }
}

/// Says what the gateway knows of the connection, and what an upstream would be told.
fn answer(info: &ConnectionInfo, mut parts: http::request::Parts, rules: &HygieneRules) -> http::Response<Body> {
    let inspected = match hygiene::inspect(&mut parts, info, rules) {
        Ok(inspected) => inspected,
        Err(problem) => {
            return problem.into_response(&ProblemContext {
                request_id: "test",
                instance: "/",
                type_base: "/problems/",
                trace: None,
                explain: true,
            });
        }
    };
    hygiene::forwarding_fields(&mut parts.headers, &inspected.client, info);
    let session = info.tls.as_deref();
    let mut text = format!(
        "peer={} local={} scheme={} version={} cipher={} sni={} client={}\n",
        info.peer,
        info.local,
        inspected.client.scheme.as_str(),
        session.map_or("", |session| session.version),
        session.map_or("", |session| session.cipher),
        session.and_then(|session| session.server_name.as_deref()).unwrap_or_default(),
        session.and_then(|session| session.client.as_ref()).map_or("", |client| &client.subject),
    );
    for (name, value) in &parts.headers {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    http::Response::new(Body::full(text))
}

/// A connection on which requests can be sent.
pub(crate) struct Line<S>(pub(crate) S);

impl Stage {
    pub(crate) async fn plain(&self) -> Line<TcpStream> {
        Line(soon("the connection", TcpStream::connect(self.address)).await.unwrap())
    }

    pub(crate) async fn tls(&self, config: &ClientConfig, name: &str) -> io::Result<Line<TlsStream<TcpStream>>> {
        let stream = self.plain().await.0;
        handshake(stream, config, name).await
    }

    /// Asks over TLS for the host that the handshake names.
    pub(crate) async fn ask(&self, config: &ClientConfig, name: &str) -> String {
        self.tls(config, name).await.unwrap().get(name, "").await
    }
}

pub(crate) async fn handshake(
    stream: TcpStream,
    config: &ClientConfig,
    name: &str,
) -> io::Result<Line<TlsStream<TcpStream>>> {
    let connector = TlsConnector::from(Arc::new(config.clone()));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    soon("the handshake", connector.connect(name, stream)).await.map(Line)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a request and reads its answer, head and body.
    pub(crate) async fn get(&mut self, host: &str, fields: &str) -> String {
        self.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n")).await;
        soon("the answer", self.answer()).await.unwrap()
    }

    pub(crate) async fn answer(&mut self) -> io::Result<String> {
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    return Ok(text);
                }
            }
            let mut chunk = [0; 4096];
            match self.0.read(&mut chunk).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => read.extend_from_slice(&chunk[..n]),
            }
        }
    }

    /// Waits until the gateway has closed the connection, and gives what it said before.
    pub(crate) async fn end(&mut self) -> String {
        let mut read = Vec::new();
        let _ = soon("the end", self.0.read_to_end(&mut read)).await;
        String::from_utf8_lossy(&read).into_owned()
    }
}
