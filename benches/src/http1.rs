//! Reading HTTP/1.1 messages as they come: the little that load generator and upstream need.

use anyhow::{Context, bail};

const MOST_FIELDS: usize = 64;
const MOST_HEAD: usize = 64 * 1024;

/// How a message's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
}

/// Where in a message a reader is.
#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    /// Behind the last chunk, before the empty line.
    Trailers,
}

/// A message that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    /// Of a response.
    pub(crate) status: u16,
    /// Of a request, where the caller wants to know it.
    pub(crate) target: String,
    /// The bytes of the head, where the target asks for them to be echoed.
    pub(crate) head: Vec<u8>,
    /// Bytes of the body.
    pub(crate) bytes: u64,
    /// Whether the connection ends with it.
    pub(crate) close: bool,
}

/// Which messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
}

/// Reads one message after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    kind: Kind,
    state: State,
    message: Message,
    /// What came of a head or of a chunk's size line and was not enough.
    rest: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, state: State::Head, message: Message::default(), rest: Vec::new() }
    }

    /// Takes bytes; calls `done` for every message that ends in them.
    pub(crate) fn take(&mut self, bytes: &[u8], mut done: impl FnMut(Message)) -> anyhow::Result<()> {
        if self.rest.is_empty() {
            let used = self.walk(bytes, &mut done)?;
            self.rest.extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(bytes);
            let used = self.walk(&all, &mut done)?;
            all.drain(..used.min(all.len()));
            self.rest = all;
        }
        if self.rest.len() > MOST_HEAD {
            bail!("a head of more than {MOST_HEAD} bytes");
        }
        Ok(())
    }

    /// How many of the bytes were used.
    fn walk(&mut self, bytes: &[u8], done: &mut impl FnMut(Message)) -> anyhow::Result<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match &mut self.state {
                State::Head => {
                    let Some((length, framing)) = self.head(rest)? else { break };
                    at += length;
                    self.state = match framing {
                        Framing::Length(length) => State::Body(length),
                        Framing::Chunked => State::ChunkSize,
                    };
                    self.end_of_body(done);
                }
                State::Body(left) => {
                    let taken = (rest.len() as u64).min(*left);
                    *left -= taken;
                    self.message.bytes += taken;
                    at += usize::try_from(taken)?;
                    self.end_of_body(done);
                }
                State::ChunkSize => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((length, size))) => {
                        at += length;
                        self.message.bytes += size;
                        // The line end behind the data counts with it.
                        self.state = if size == 0 { State::Trailers } else { State::Chunk(size + 2) };
                    }
                    Ok(httparse::Status::Partial) => break,
                    Err(_) => bail!("an ill-formed chunk size"),
                },
                State::Chunk(left) => {
                    let taken = (rest.len() as u64).min(*left);
                    *left -= taken;
                    at += usize::try_from(taken)?;
                    if *left == 0 {
                        self.state = State::ChunkSize;
                    }
                }
                State::Trailers => {
                    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else { break };
                    at += end + 2;
                    if end == 0 {
                        self.state = State::Body(0);
                        self.end_of_body(done);
                    }
                }
            }
        }
        Ok(at)
    }

    fn end_of_body(&mut self, done: &mut impl FnMut(Message)) {
        if matches!(self.state, State::Body(0)) {
            self.state = State::Head;
            done(std::mem::take(&mut self.message));
        }
    }

    /// The length of a head and the framing of its body; `None` while it is not whole.
    fn head(&mut self, bytes: &[u8]) -> anyhow::Result<Option<(usize, Framing)>> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let length = match self.kind {
            Kind::Response => {
                let mut response = httparse::Response::new(&mut fields);
                let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
                self.message.status = response.code.context("no status")?;
                length
            }
            Kind::Request => {
                let mut request = httparse::Request::new(&mut fields);
                let httparse::Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
                request.path.context("no target")?.clone_into(&mut self.message.target);
                if self.message.target.starts_with("/echo") {
                    self.message.head = bytes.get(..length).unwrap_or_default().to_vec();
                }
                length
            }
        };
        let mut framing = Framing::Length(0);
        for field in fields.iter().take_while(|field| !field.name.is_empty()) {
            if field.name.eq_ignore_ascii_case("content-length") {
                let text = std::str::from_utf8(field.value)?;
                framing = Framing::Length(text.trim().parse().context("Content-Length is no number")?);
            } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Framing::Chunked;
            } else if field.name.eq_ignore_ascii_case("connection") {
                self.message.close = field.value.eq_ignore_ascii_case(b"close");
            }
        }
        Ok(Some((length, framing)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, pieces: &[&[u8]]) -> anyhow::Result<Vec<(u16, String, u64, bool)>> {
        let mut reader = Reader::new(kind);
        let mut messages = Vec::new();
        for piece in pieces {
            reader.take(piece, |message| {
                messages.push((message.status, message.target, message.bytes, message.close));
            })?;
        }
        Ok(messages)
    }

    #[test]
    fn messages_are_found_however_the_bytes_come() {
        let wire = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
            HTTP/1.1 404 Not Found\r\nConnection: close\r\ncontent-length: 0\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\n";
        let expected = [(200, 5, false), (404, 0, true), (200, 15, false)];
        for size in [1, 2, 7, 50, wire.len()] {
            let pieces: Vec<&[u8]> = wire.chunks(size).collect();
            let found: Vec<_> = read(Kind::Response, &pieces)
                .unwrap()
                .into_iter()
                .map(|(status, _, bytes, close)| (status, bytes, close))
                .collect();
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn requests_have_targets_and_bodies() {
        let wire =
            b"POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /small HTTP/1.1\r\nHost: x\r\n\r\n";
        let found = read(Kind::Request, &[wire]).unwrap();
        assert_eq!(found, [(0, "/sink".to_owned(), 3, false), (0, "/small".to_owned(), 0, false)]);
    }

    #[test]
    fn what_is_no_http_is_an_error() {
        assert!(read(Kind::Response, &[b"SSH-2.0-x\r\n\r\n"]).is_err());
        assert!(read(Kind::Response, &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"]).is_err());
    }
}
