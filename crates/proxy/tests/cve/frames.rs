//! HTTP/2 by the byte: frames as somebody would write them who keeps no rule.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::canonical::{self, Message, Read};
use crate::support::{Gate, Upstream, soon};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;

/// One frame (RFC 9113 §4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Fields as literals that nobody indexes (RFC 7541 §6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "longer texts need more than a byte for their length");
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The pseudo-fields of an ordinary request.
pub(crate) const GET: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":authority", "a.example"), (":path", "/x")];

/// A whole head.
pub(crate) fn headers(stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, &block(fields))
}

/// A request that every server answers.
pub(crate) fn get(stream: u32) -> Vec<u8> {
    headers(stream, END_STREAM, GET)
}

/// What came of some frames.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The code of a GOAWAY; the connection's end without one is code 0.
    pub(crate) goaway: Option<u32>,
    /// The code of a RST_STREAM on the stream that was looked at.
    pub(crate) reset: Option<u32>,
    /// Whether that stream had a whole answer.
    pub(crate) answered: bool,
    pub(crate) pongs: usize,
    /// What the origin was sent.
    pub(crate) requests: Vec<Message>,
}

/// Sends the preface, empty settings and `frames`, and reads until `stream` or the connection is
/// over. What reaches the origin must be in the one form that nobody reads in two ways.
pub(crate) async fn play(frames: &[u8], stream: u32) -> Seen {
    let requests = Arc::new(Mutex::new((Vec::new(), None)));
    let notes = Arc::clone(&requests);
    let upstream = Upstream::play(move |_, mut conn| {
        let notes = Arc::clone(&notes);
        async move {
            let mut bytes = Vec::new();
            loop {
                match canonical::request(&bytes) {
                    Read::Whole(request, length) => {
                        bytes.drain(..length);
                        notes.lock().0.push(request);
                        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                    }
                    Read::Partial => match conn.some().await {
                        Some(more) => bytes.extend(more),
                        None => return,
                    },
                    Read::Bad(why) => {
                        notes.lock().1 = Some(why);
                        return;
                    }
                }
            }
        }
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut socket = TcpStream::connect(gate.address).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frames);
    // The gateway may have enough before it has read everything.
    let _ = socket.write_all(&bytes).await;
    let mut seen = soon("the end of the stream", listen(socket, stream)).await;
    let (requests, complaint) = std::mem::take(&mut *requests.lock());
    assert_eq!(complaint, None, "the origin was sent something ambiguous");
    seen.requests = requests;
    seen
}

async fn listen(mut socket: TcpStream, watched: u32) -> Seen {
    let mut seen = Seen::default();
    loop {
        let mut head = [0; 9];
        if socket.read_exact(&mut head).await.is_err() {
            seen.goaway.get_or_insert(0);
            return seen;
        }
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        if socket.read_exact(&mut payload).await.is_err() {
            seen.goaway.get_or_insert(0);
            return seen;
        }
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        let code = |at: usize| payload.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
        match head[3] {
            GOAWAY => {
                seen.goaway = Some(code(4));
                return seen;
            }
            RST_STREAM if stream == watched => {
                seen.reset = Some(code(0));
                return seen;
            }
            PING if head[4] & ACK != 0 => seen.pongs += 1,
            HEADERS | DATA if stream == watched && head[4] & END_STREAM != 0 => {
                seen.answered = true;
                return seen;
            }
            _ => {}
        }
    }
}
