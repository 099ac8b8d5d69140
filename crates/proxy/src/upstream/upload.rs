//! A request on its way to the upstream: its head, then its body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{HeaderMap, Method};
use http_body::Body as _;
use tokio::io::AsyncWrite;
use tollgate_core::{Body, BoxError};
use tollgate_http1::{BodyLength, EncodeError, LAST_CHUNK, RequestHead, push_chunk_size, push_trailers};

use super::stream::Stream;
use crate::hygiene::clean_trailers;

/// Why an upload cannot go on.
#[derive(Debug)]
pub(super) enum UploadError {
    /// The body of the request broke off, or is none that may be sent.
    Body(BoxError),
    /// The upstream does not take it.
    Write(io::Error),
}

/// One request, as bytes. It outlives the connection that it was given to: a request of which
/// nothing was sent, or that is whole in memory and may be sent twice, can go to another one.
pub(super) struct Upload {
    /// The head; later the frames of chunks.
    frame: Vec<u8>,
    /// How much of `frame` has been written.
    frame_at: usize,
    /// What follows the frame.
    data: Bytes,
    /// What follows the data.
    tail: &'static [u8],
    source: Source,
    /// The body, where all of it is in memory and it may have to be sent again. Of others nothing is held once it is
    /// written, so that the next request can come in the same memory.
    whole: Option<Bytes>,
    /// Whether any byte has been written.
    begun: bool,
    flushed: bool,
}

/// Where the rest of the body comes from.
enum Source {
    Done,
    Sized { body: Body, left: u64 },
    Chunked(Body),
}

impl Upload {
    /// `head` is given the length of this body; nothing has been read of that yet. `more` writes further fields.
    pub(super) fn new(head: RequestHead<'_>, body: Body, more: impl FnOnce(&mut Vec<u8>)) -> Result<Self, EncodeError> {
        let length = body.size_hint().exact();
        let mut frame = Vec::with_capacity(1024);
        let length_told = length.map_or(BodyLength::Unknown, BodyLength::Known);
        let repeats = is_harmless(head.method);
        RequestHead { body: length_told, ..head }.encode_with(&mut frame, more)?;
        let (source, in_memory) = match (body.bytes(), length) {
            (Some(bytes), _) => (Source::Done, Some(bytes)),
            (None, Some(0)) => (Source::Done, Some(Bytes::new())),
            (None, Some(left)) => (Source::Sized { body, left }, None),
            (None, None) => (Source::Chunked(body), None),
        };
        let whole = in_memory.as_ref().filter(|_| repeats).cloned();
        let data = in_memory.unwrap_or_default();
        Ok(Self { frame, frame_at: 0, data, tail: b"", source, whole, begun: false, flushed: false })
    }

    /// Whether all of it is on its way.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.source, Source::Done) && self.is_written() && self.flushed
    }

    /// Whether not a byte has been written.
    pub(super) fn is_unsent(&self) -> bool {
        !self.begun
    }

    /// Makes ready to send all of it again, where that is possible and does no harm.
    pub(super) fn rewind(&mut self) -> bool {
        let Some(whole) = &self.whole else { return false };
        self.data = whole.clone();
        self.frame_at = 0;
        self.begun = false;
        self.flushed = false;
        true
    }

    /// Sends no more.
    pub(super) fn abandon(&mut self) {
        self.source = Source::Done;
        self.frame_at = self.frame.len();
        self.data = Bytes::new();
        self.tail = b"";
        self.flushed = true;
    }

    fn is_written(&self) -> bool {
        self.frame_at == self.frame.len() && self.data.is_empty() && self.tail.is_empty()
    }

    /// Writes what there is; ready when all is written. The head waits for the first piece of the
    /// body only where that is there already, so that both go out in one write.
    pub(super) fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Result<(), UploadError>> {
        loop {
            if self.data.is_empty() && self.tail.is_empty() && !matches!(self.source, Source::Done) {
                let _ = self.pull(cx).map_err(UploadError::Body)?;
            }
            if self.is_written() {
                if !self.flushed {
                    ready!(Pin::new(&mut *stream).poll_flush(cx)).map_err(UploadError::Write)?;
                    self.flushed = true;
                }
                return if matches!(self.source, Source::Done) { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
            ready!(self.write(stream, cx)).map_err(UploadError::Write)?;
        }
    }

    fn write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let frame = self.frame.get(self.frame_at..).unwrap_or_default();
        let stream = Pin::new(stream);
        let written = if self.data.is_empty() && self.tail.is_empty() {
            ready!(stream.poll_write(cx, frame))?
        } else {
            let pieces = [frame, &self.data, self.tail].map(io::IoSlice::new);
            ready!(stream.poll_write_vectored(cx, &pieces))?
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.flushed = false;
        self.begun = true;
        let of_frame = written.min(frame.len());
        self.frame_at += of_frame;
        let of_data = (written - of_frame).min(self.data.len());
        self.data.advance(of_data);
        if self.data.is_empty() {
            // Without its bytes it would still hold their memory.
            self.data = Bytes::new();
        }
        self.tail = self.tail.get(written - of_frame - of_data..).unwrap_or_default();
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece of the body and frames it; ready when there is one, or the end.
    fn pull(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, BoxError> {
        if self.frame_at == self.frame.len() {
            self.frame.clear();
            self.frame_at = 0;
        }
        loop {
            let body = match &mut self.source {
                Source::Done => return Ok(Poll::Ready(())),
                Source::Sized { body, .. } | Source::Chunked(body) => body,
            };
            let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else { return Ok(Poll::Pending) };
            match frame.transpose()?.map(|frame| frame.into_data().map_err(|frame| frame.into_trailers())) {
                // An empty chunk would end the body.
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return self.take(data).map(Poll::Ready),
                Some(Err(Ok(trailers))) => self.end(Some(trailers))?,
                Some(Err(Err(_))) => {}
                None => self.end(None)?,
            }
        }
    }

    fn take(&mut self, data: Bytes) -> Result<(), BoxError> {
        let length = data.len() as u64;
        match &mut self.source {
            Source::Done => return Ok(()),
            Source::Sized { left, .. } => {
                *left = left.checked_sub(length).ok_or("the request body is longer than it said")?;
                if *left == 0 {
                    self.source = Source::Done;
                }
            }
            Source::Chunked(body) => {
                push_chunk_size(&mut self.frame, length);
                self.tail = b"\r\n";
                if body.is_end_stream() {
                    self.tail = b"\r\n0\r\n\r\n";
                    self.source = Source::Done;
                }
            }
        }
        self.data = data;
        Ok(())
    }

    fn end(&mut self, trailers: Option<HeaderMap>) -> Result<(), BoxError> {
        match std::mem::replace(&mut self.source, Source::Done) {
            Source::Sized { left, .. } if left > 0 => return Err("the request body is shorter than it said".into()),
            Source::Done | Source::Sized { .. } => {}
            Source::Chunked(_) => match trailers {
                Some(mut trailers) => {
                    clean_trailers(&mut trailers);
                    push_trailers(&mut self.frame, &trailers);
                }
                None => self.frame.extend_from_slice(LAST_CHUNK),
            },
        }
        Ok(())
    }
}

/// Whether sending a request twice does what sending it once does (RFC 9110 §9.2.2).
pub(super) fn is_harmless(method: &Method) -> bool {
    method.is_idempotent() || method.as_str() == "QUERY"
}
