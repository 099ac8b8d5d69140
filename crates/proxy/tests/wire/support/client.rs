use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::soon;

/// A client that sends bytes and reads what comes.
pub(crate) struct Client {
    socket: TcpStream,
    unread: Vec<u8>,
}

/// The half of a client that reads.
pub(crate) struct Reader {
    socket: OwnedReadHalf,
    unread: Vec<u8>,
}

impl Reader {
    /// Reads exactly so many bytes.
    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.unread);
        let rest = bytes.split_off(length.min(bytes.len()));
        self.unread = rest;
        let have = bytes.len();
        bytes.resize(length, 0);
        soon("bytes", self.socket.read_exact(&mut bytes[have..])).await.unwrap();
        bytes
    }
}

/// The half of a client that writes.
pub(crate) struct Writer(OwnedWriteHalf);

impl Writer {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn half_close(&mut self) {
        self.0.shutdown().await.unwrap();
    }
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum End {
    Closed,
    Reset,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Like `send`, for where the other side may be gone already.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.socket.write_all(bytes.as_ref()).await
    }

    /// Both halves, for tasks of their own.
    pub(crate) fn split(self) -> (Reader, Writer) {
        let (reader, writer) = self.socket.into_split();
        (Reader { socket: reader, unread: self.unread }, Writer(writer))
    }

    /// Reads something, and says whether there was anything.
    pub(crate) async fn try_more(&mut self) -> bool {
        let more = self.more().await.is_ok();
        self.unread.clear();
        more
    }

    /// Says that nothing more will be sent, and goes on listening.
    pub(crate) async fn half_close(&mut self) {
        self.socket.shutdown().await.unwrap();
    }

    /// Ends the connection with a reset instead of a clean end.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    /// Reads exactly so many bytes.
    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.more().await.unwrap_or_else(|end| panic!("{end:?} after {} bytes", self.unread.len()));
        }
        self.unread.drain(..length).collect()
    }

    async fn more(&mut self) -> Result<(), End> {
        let mut chunk = vec![0; 16 * 1024];
        match soon("the gateway's answer", self.socket.read(&mut chunk)).await {
            Ok(0) => Err(End::Closed),
            Err(_) => Err(End::Reset),
            Ok(n) => {
                self.unread.extend_from_slice(&chunk[..n]);
                Ok(())
            }
        }
    }

    /// Reads one answer with a Content-Length, head and body.
    pub(crate) async fn answer(&mut self) -> String {
        let head = self.until("\r\n\r\n").await;
        let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
        while self.unread.len() < length {
            self.more().await.unwrap_or_else(|end| panic!("{end:?} within a body after {head}"));
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        head + &String::from_utf8_lossy(&body)
    }

    /// Reads up to and with `mark`.
    pub(crate) async fn until(&mut self, mark: &str) -> String {
        loop {
            if let Some(at) = find(&self.unread, mark.as_bytes()) {
                let taken: Vec<u8> = self.unread.drain(..at + mark.len()).collect();
                return String::from_utf8_lossy(&taken).into_owned();
            }
            self.more()
                .await
                .unwrap_or_else(|end| panic!("{end:?} before {mark:?}: {}", String::from_utf8_lossy(&self.unread)));
        }
    }

    /// Reads exactly so many bytes.
    pub(crate) async fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.try_bytes(length).await.unwrap_or_else(|end| panic!("{end:?} before {length} bytes"))
    }

    /// The same where the connection may end before.
    pub(crate) async fn try_bytes(&mut self, length: usize) -> Result<Vec<u8>, End> {
        while self.unread.len() < length {
            self.more().await?;
        }
        Ok(self.unread.drain(..length).collect())
    }

    /// Reads to the end of the connection.
    pub(crate) async fn rest(self) -> (String, End) {
        let (bytes, end) = self.rest_bytes().await;
        (String::from_utf8_lossy(&bytes).into_owned(), end)
    }

    /// Reads to the end of the connection, byte for byte.
    pub(crate) async fn rest_bytes(mut self) -> (Vec<u8>, End) {
        loop {
            if let Err(end) = self.more().await {
                return (self.unread, end);
            }
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// The value of a field in a head.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
