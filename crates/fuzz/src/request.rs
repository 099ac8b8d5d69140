//! What a client sends, read in pieces and read at once.
//!
//! The first byte chooses the size of the pieces; the rest comes over the connection, which then ends.

use bytes::BytesMut;
use tollgate_http1::{BodyDecoder, Decoded, HeadLimits, ReceivedHead, RequestDecoder};

/// How many requests are read from one connection.
const REQUESTS: usize = 4;
const LIMITS: HeadLimits = HeadLimits { bytes: 2048, fields: 20 };

/// The bytes are a flag and a stream.
pub fn run(bytes: &[u8]) {
    let Some((&flags, stream)) = bytes.split_first() else { return };
    let at_once = read(stream, stream.len().max(1));
    let in_pieces = read(stream, usize::from(flags & 7) + 1);
    assert_eq!(at_once, in_pieces, "{:?}", String::from_utf8_lossy(stream));
    for request in &at_once {
        check(request);
    }
}

/// Whatever the stream, these hold of what was read from it.
fn check(request: &Request) {
    let lengths = request.fields.iter().filter(|(name, _)| name == "content-length").count();
    let coded = request.fields.iter().any(|(name, _)| name == "transfer-encoding");
    assert!(lengths <= 1 && !(lengths == 1 && coded), "{request:?}");
    assert!(lengths == 1 || coded || request.body.is_empty(), "{request:?}");
    assert!(!request.line.bytes().any(|byte| byte.is_ascii_control()), "{request:?}");
    for (_, value) in &request.fields {
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{request:?}");
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Request {
    line: String,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// Whether the body came to its end.
    is_whole: bool,
}

impl Request {
    fn new(head: &ReceivedHead) -> Self {
        let request = &head.request;
        let fields = request.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let line = format!("{} {} {:?}", request.method(), request.uri(), request.version());
        Self { line, fields: fields.collect(), body: Vec::new(), is_whole: false }
    }
}

/// A connection that brings `piece` bytes at a time.
struct Wire<'s> {
    rest: std::slice::Chunks<'s, u8>,
    buf: BytesMut,
}

impl Wire<'_> {
    fn more(&mut self) -> bool {
        self.rest.next().map(|piece| self.buf.extend_from_slice(piece)).is_some()
    }
}

fn read(stream: &[u8], piece: usize) -> Vec<Request> {
    let mut wire = Wire { rest: stream.chunks(piece), buf: BytesMut::new() };
    let mut decoder = RequestDecoder::new(LIMITS);
    let mut requests = Vec::new();
    while requests.len() < REQUESTS && one(&mut wire, &mut decoder, &mut requests) {}
    requests
}

/// Reads one request; says whether another may follow.
fn one(wire: &mut Wire<'_>, decoder: &mut RequestDecoder, requests: &mut Vec<Request>) -> bool {
    let end = loop {
        match decoder.end(&wire.buf) {
            Ok(Some(end)) => break end,
            Ok(None) if wire.more() => {}
            _ => return false,
        }
    };
    let Ok(head) = decoder.read(&wire.buf.split_to(end).freeze()) else { return false };
    requests.push(Request::new(&head));
    let Some(request) = requests.last_mut() else { return false };
    let mut body = BodyDecoder::new(head.framing);
    loop {
        match body.decode(&mut wire.buf) {
            Ok(Decoded::Data(data)) => request.body.extend_from_slice(&data),
            Ok(Decoded::Trailers(_)) => {}
            Ok(Decoded::End) => {
                request.is_whole = true;
                return head.keep_alive;
            }
            Ok(Decoded::Incomplete) if wire.more() => {}
            _ => return false,
        }
    }
}
