use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::header;
use super::soon;

/// A backend that plays a script on each connection.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Upstream {
    /// `script` is called with each connection, the first of which has the number 0.
    pub(crate) async fn play<F>(script: impl Fn(usize, Conn) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(number, Conn { socket, unread: Vec::new() }));
            }
        });
        Self { address, connections, accepting }
    }

    /// Answers every request with `answer`, on connections that stay open, and tells `seen` what
    /// came: head and body, byte for byte.
    pub(crate) async fn echoing(answer: &'static [u8]) -> (Self, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let (tell, seen) = tokio::sync::mpsc::unbounded_channel();
        let upstream = Self::play(move |_, mut conn| {
            let tell = tell.clone();
            async move {
                while let Some(request) = conn.request().await {
                    let _ = tell.send(request);
                    conn.send(answer).await;
                }
            }
        })
        .await;
        (upstream, seen)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection of the gateway.
pub(crate) struct Conn {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Conn {
    async fn more(&mut self) -> bool {
        let mut chunk = vec![0; 16 * 1024];
        match self.socket.read(&mut chunk).await {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.unread.extend_from_slice(&chunk[..n]);
                true
            }
        }
    }

    /// Reads up to and with `mark`; `None` where the connection ends first.
    pub(crate) async fn until(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = self.unread.windows(mark.len()).position(|window| window == mark.as_bytes()) {
                let taken: Vec<u8> = self.unread.drain(..at + mark.len()).collect();
                return Some(String::from_utf8_lossy(&taken).into_owned());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    pub(crate) async fn head(&mut self) -> Option<String> {
        self.until("\r\n\r\n").await
    }

    /// A whole request, its chunks as they stand.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let head = self.head().await?;
        if header(&head, "transfer-encoding").is_some() {
            let mut body = String::new();
            loop {
                let line = self.until("\r\n").await?;
                body.push_str(&line);
                if line.starts_with("0\r\n") {
                    // Trailers, then an empty line.
                    loop {
                        let line = self.until("\r\n").await?;
                        body.push_str(&line);
                        if line == "\r\n" {
                            return Some(head + &body);
                        }
                    }
                }
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                body.push_str(&self.exactly(size + 2).await?);
            }
        }
        let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
        Some(head + &self.exactly(length).await?)
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> Option<String> {
        while self.unread.len() < length {
            if !self.more().await {
                return None;
            }
        }
        let taken: Vec<u8> = self.unread.drain(..length).collect();
        Some(String::from_utf8_lossy(&taken).into_owned())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The gateway may have gone already; what it does then is what tests look at.
        let _ = self.socket.write_all(bytes.as_ref()).await;
    }

    /// Waits until the gateway has closed the connection.
    pub(crate) async fn closed(&mut self) {
        soon("the end of the upstream connection", async { while self.more().await {} }).await;
    }

    /// Whatever has come, as soon as anything has; `None` at the end.
    pub(crate) async fn some(&mut self) -> Option<Vec<u8>> {
        if self.unread.is_empty() && !self.more().await {
            return None;
        }
        Some(std::mem::take(&mut self.unread))
    }

    /// Everything up to the end.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    /// Whether nothing comes for a while. This can only prove that something came too early.
    pub(crate) async fn is_silent_for(&mut self, wait: std::time::Duration) -> bool {
        self.unread.is_empty() && tokio::time::timeout(wait, self.more()).await.is_err()
    }

    /// Sends and says whether the gateway took it.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.socket.write_all(bytes.as_ref()).await
    }

    /// Says that nothing more will be sent, and goes on listening.
    pub(crate) async fn half_close(&mut self) {
        self.socket.shutdown().await.unwrap();
    }

    /// Ends the connection with a reset instead of a clean end.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
}
