//! What an upstream sends, read in pieces and read at once.
//!
//! The first byte chooses the method of the request and the size of the pieces; the rest comes over
//! the connection, which then ends.

use bytes::BytesMut;
use http::Method;
use tollgate_http1::{BodyDecoder, Decoded, Framing, HeadLimits, ResponseDecoder, ResponseHead};

/// How many answers are read from one connection.
const ANSWERS: usize = 4;

/// The bytes are a flag and a stream.
pub fn run(bytes: &[u8]) {
    let Some((&flags, stream)) = bytes.split_first() else { return };
    let method = if flags & 1 == 0 { Method::GET } else { Method::HEAD };
    let at_once = read(stream, stream.len().max(1), &method);
    let in_pieces = read(stream, usize::from(flags >> 1 & 7) + 1, &method);
    assert_eq!(at_once, in_pieces, "{:?}", String::from_utf8_lossy(stream));
    for answer in &at_once.answers {
        check(answer, &method);
    }
}

/// Whatever the stream, these hold of what was read from it.
fn check(answer: &Answer, method: &Method) {
    let lengths = answer.fields.iter().filter(|(name, _)| name == "content-length").count();
    let coded = answer.fields.iter().any(|(name, _)| name == "transfer-encoding");
    assert!(lengths <= 1 && !(lengths == 1 && coded), "{answer:?}");
    assert!(*method != Method::HEAD || answer.body.is_empty(), "{answer:?}");
    for (_, value) in answer.fields.iter().chain(&answer.trailers) {
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{answer:?}");
    }
    assert!(answer.trailers.iter().all(|(name, _)| name != "content-length" && name != "host"), "{answer:?}");
}

#[derive(Debug, PartialEq, Eq)]
struct Reading {
    answers: Vec<Answer>,
    /// Why there are no more.
    end: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    trailers: Vec<(String, Vec<u8>)>,
}

impl Answer {
    fn new(head: &ResponseHead) -> Self {
        let fields = head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        Self { status: head.status.as_u16(), fields: fields.collect(), body: Vec::new(), trailers: Vec::new() }
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

fn read(stream: &[u8], piece: usize, method: &Method) -> Reading {
    let mut wire = Wire { rest: stream.chunks(piece), buf: BytesMut::new() };
    let mut answers = Vec::new();
    let end = loop {
        if answers.len() == ANSWERS {
            break "enough".to_owned();
        }
        match one(&mut wire, method, &mut answers) {
            Ok(true) => {}
            Ok(false) => break "closed".to_owned(),
            Err(error) => break error,
        }
    };
    Reading { answers, end }
}

/// Reads one answer; says whether another may follow.
fn one(wire: &mut Wire<'_>, method: &Method, answers: &mut Vec<Answer>) -> Result<bool, String> {
    let mut decoder = ResponseDecoder::new(HeadLimits::default());
    let head = loop {
        match decoder.decode(&mut wire.buf, method).map_err(|error| error.to_string())? {
            Some(head) => break head,
            None if wire.more() => {}
            None => return Err("the stream ended within a head".to_owned()),
        }
    };
    answers.push(Answer::new(&head));
    let Some(answer) = answers.last_mut() else { return Ok(false) };
    let mut body = BodyDecoder::new(head.framing);
    loop {
        match body.decode(&mut wire.buf).map_err(|error| error.to_string())? {
            Decoded::Data(data) => answer.body.extend_from_slice(&data),
            Decoded::Trailers(trailers) => {
                let fields = trailers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
                answer.trailers.extend(fields);
            }
            Decoded::End => return Ok(head.keep_alive && head.framing != Framing::Tunnel),
            Decoded::Incomplete if wire.more() => {}
            Decoded::Incomplete => {
                body.end_of_stream().map_err(|error| error.to_string())?;
                return Ok(false);
            }
        }
    }
}
