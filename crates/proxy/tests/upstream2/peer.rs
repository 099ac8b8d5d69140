//! An upstream that plays HTTP/2 frame by frame, rules or no rules.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200`, as the static table of HPACK has it.
const STATUS_200: &[u8] = &[0x88];

/// A frame as it came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A backend that plays a script on each connection.
pub(crate) struct Peers {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Peers {
    /// `script` is called with each connection, the first of which has the number 0. `settings`
    /// are sent to each.
    pub(crate) async fn play<F>(
        settings: &'static [(u16, u32)],
        script: impl Fn(usize, Peer) -> F + Send + Sync + 'static,
    ) -> Self
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
                if let Some(peer) = Peer::greet(socket, settings).await {
                    tokio::spawn(script(number, peer));
                }
            }
        });
        Self { address, connections, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection of the gateway.
pub(crate) struct Peer {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Peer {
    async fn greet(mut socket: TcpStream, settings: &[(u16, u32)]) -> Option<Self> {
        let mut preface = [0; 24];
        socket.read_exact(&mut preface).await.ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut peer = Self { socket, unread: Vec::new() };
        let payload: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        peer.send(SETTINGS, 0, 0, &payload).await;
        Some(peer)
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        // The gateway may have gone already; what it does then is what tests look at.
        let _ = self.socket.write_all(&frame).await;
    }

    /// The next frame that a test may care for; what the protocol wants answered is answered.
    /// None at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.frame().await?;
            match frame.kind {
                SETTINGS if frame.flags & 1 == 0 => self.send(SETTINGS, 1, 0, &[]).await,
                PING if frame.flags & 1 == 0 => self.send(PING, 1, 0, &frame.payload).await,
                DATA | HEADERS | RST_STREAM => return Some(frame),
                _ => {}
            }
        }
    }

    /// May be given up at any moment without losing anything.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((head, rest)) = self.unread.split_at_checked(9) {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if rest.len() >= length {
                    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                    let frame = Frame { kind: head[3], flags: head[4], stream, payload: rest[..length].to_vec() };
                    self.unread.drain(..9 + length);
                    return Some(frame);
                }
            }
            if self.socket.read_buf(&mut self.unread).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// The stream of the next request.
    pub(crate) async fn request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next().await?;
            if frame.kind == HEADERS {
                return Some(frame.stream);
            }
        }
    }

    /// The code of the next reset.
    pub(crate) async fn reset(&mut self) -> Option<(u32, u32)> {
        loop {
            let frame = self.next().await?;
            if frame.kind == RST_STREAM {
                return Some((frame.stream, u32::from_be_bytes(frame.payload.try_into().unwrap())));
            }
        }
    }

    /// Ends the connection with a reset instead of a clean end.
    pub(crate) fn cut(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    pub(crate) async fn head(&mut self, stream: u32, flags: u8) {
        self.send(HEADERS, END_HEADERS | flags, stream, STATUS_200).await;
    }

    /// An answer of 200 whose body is `ok`.
    pub(crate) async fn answer(&mut self, stream: u32) {
        self.head_of(stream, "2").await;
        self.send(DATA, END_STREAM, stream, b"ok").await;
    }

    /// The head of an answer of 200 with a Content-Length.
    pub(crate) async fn head_of(&mut self, stream: u32, length: &str) {
        let field = [b"\x00\x0econtent-length", &[u8::try_from(length.len()).unwrap()][..], length.as_bytes()].concat();
        self.send(HEADERS, END_HEADERS, stream, &[STATUS_200, &field].concat()).await;
    }

    pub(crate) async fn refuse(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub(crate) async fn go_away(&mut self, last: u32, code: u32) {
        self.send(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat()).await;
    }

    /// Answers every request until the connection ends.
    pub(crate) async fn serve(mut self) {
        while let Some(stream) = self.request().await {
            self.answer(stream).await;
        }
    }
}
