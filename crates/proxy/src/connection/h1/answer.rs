//! How an answer is written: what its head says of its body and of the connection, then the body.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TE};
use http::response::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body as _;
use tollgate_core::{Body, BoxError, ReasonPhrase};
use tollgate_http1::{AnswerHead, AnswerLength, LAST_CHUNK, Persistence, push_chunk_size, push_trailers};

use super::is_head;
use super::outbox::Outbox;
use crate::date;

/// How much waits at most before it is written, in bytes: large enough that a stream costs few writes.
const MOST_WAITING: usize = 128 * 1024;
/// Room for a head.
const HEAD: usize = 1024;

/// What of a request decides how its answer is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    version: Version,
    is_head: bool,
    /// Whether the client takes fields behind the body.
    takes_trailers: bool,
}

impl Asked {
    pub(super) fn by<B>(request: &Request<B>) -> Self {
        let takes_trailers = request.headers().get_all(TE).iter().any(|value| lists(value.as_bytes(), b"trailers"));
        Self { version: request.version(), is_head: is_head(request.method()), takes_trailers }
    }
}

/// Whether an answer says that it is the last.
pub(super) fn closes(headers: &HeaderMap) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| lists(value.as_bytes(), b"close"))
}

fn lists(list: &[u8], option: &[u8]) -> bool {
    list.split(|&byte| byte == b',').any(|member| member.trim_ascii().eq_ignore_ascii_case(option))
}

/// The body of an answer on its way.
pub(super) struct Outflow {
    body: Body,
    framing: Framing,
    takes_trailers: bool,
    /// Whether the body may have more to give, as far as was seen.
    is_ready: bool,
}

/// How the body is framed.
enum Framing {
    /// All of it is on its way, or there is none.
    Done,
    /// So many bytes are left.
    Sized(u64),
    Chunked,
    UntilClose,
}

impl Outflow {
    /// Writes the head, and the body where it is there already. `stays` says whether the connection shall stay open,
    /// and is told whether it can.
    pub(super) fn begin(asked: Asked, response: Response<Body>, stays: &mut bool, out: &mut Outbox) -> Self {
        let (parts, body) = response.into_parts();
        let (length, framing) = framing(asked, &parts, &body);
        if matches!(framing, Framing::UntilClose) {
            *stays = false;
        }
        let persistence = match (*stays, asked.version) {
            (true, Version::HTTP_10) => Persistence::KeepAlive,
            (false, Version::HTTP_11) => Persistence::Close,
            _ => Persistence::Unsaid,
        };
        let whole = if matches!(framing, Framing::Sized(_)) { body.bytes() } else { None };
        let date = date::field();
        let head = AnswerHead {
            version: asked.version,
            status: parts.status,
            reason: parts.extensions.get::<ReasonPhrase>().map(ReasonPhrase::as_bytes),
            headers: &parts.headers,
            length,
            persistence,
            date: Some(&date),
        };
        out.write(HEAD + whole.as_ref().map_or(0, Bytes::len).min(HEAD), |small| head.encode(small));
        let (framing, body) = match (whole, framing) {
            (Some(bytes), _) => {
                out.push_data(bytes);
                (Framing::Done, Body::empty())
            }
            (None, Framing::Done) => (Framing::Done, Body::empty()),
            (None, framing) => (framing, body),
        };
        Self { body, framing, takes_trailers: asked.takes_trailers, is_ready: true }
    }

    /// Whether all of it is on its way.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.framing, Framing::Done)
    }

    /// Whether more of it may be there already.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Takes what there is of the body, as far as there is room for it.
    ///
    /// # Errors
    /// Where it broke off, or is not as long as it said.
    pub(super) fn pull(&mut self, out: &mut Outbox, cx: &mut Context<'_>) -> Result<(), BoxError> {
        self.is_ready = true;
        while !self.is_done() && out.len() < MOST_WAITING {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                self.is_ready = false;
                return Ok(());
            };
            match frame.transpose()?.map(|frame| frame.into_data().map_err(|frame| frame.into_trailers())) {
                // An empty chunk would end the body.
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => self.push(data, out)?,
                Some(Err(Ok(trailers))) => self.end(Some(&trailers), out)?,
                Some(Err(Err(_))) => {}
                None => self.end(None, out)?,
            }
        }
        Ok(())
    }

    fn push(&mut self, data: Bytes, out: &mut Outbox) -> Result<(), BoxError> {
        let length = data.len() as u64;
        match &mut self.framing {
            Framing::Done => {}
            Framing::Sized(left) => {
                *left = left.checked_sub(length).ok_or("an answer is longer than it said")?;
                out.push_data(data);
            }
            Framing::UntilClose => out.push_data(data),
            Framing::Chunked => {
                out.write(18, |small| push_chunk_size(small, length));
                out.push_data(data);
                out.push(b"\r\n");
            }
        }
        // So that the end goes out with the last piece.
        if self.body.is_end_stream() { self.end(None, out) } else { Ok(()) }
    }

    fn end(&mut self, trailers: Option<&HeaderMap>, out: &mut Outbox) -> Result<(), BoxError> {
        self.body = Body::empty();
        match std::mem::replace(&mut self.framing, Framing::Done) {
            Framing::Sized(left) if left > 0 => Err("an answer is shorter than it said".into()),
            Framing::Chunked => {
                match trailers.filter(|_| self.takes_trailers) {
                    Some(trailers) => out.write(256, |small| push_trailers(small, trailers)),
                    None => out.push(LAST_CHUNK),
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What the head says of the body, and how that goes (RFC 9112 §6.3).
fn framing(asked: Asked, parts: &Parts, body: &Body) -> (AnswerLength, Framing) {
    let status = parts.status;
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        return (AnswerLength::Unsaid, Framing::Done);
    }
    let exact = body.size_hint().exact();
    if asked.is_head || status == StatusCode::NOT_MODIFIED {
        let length = match exact {
            _ if parts.headers.contains_key(CONTENT_LENGTH) => AnswerLength::OfGet,
            Some(length) if length > 0 && asked.is_head => AnswerLength::Known(length),
            _ => AnswerLength::Unsaid,
        };
        return (length, Framing::Done);
    }
    match exact {
        Some(0) => (AnswerLength::Known(0), Framing::Done),
        Some(length) => (AnswerLength::Known(length), Framing::Sized(length)),
        None if asked.version == Version::HTTP_10 => (AnswerLength::Unsaid, Framing::UntilClose),
        None => (AnswerLength::Chunked, Framing::Chunked),
    }
}
