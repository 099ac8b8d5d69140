//! The body of a request: the connection reads it, as far as its reader wants it.
//!
//! Mostly the reader is polled by the task of the connection, sometimes it is another one. So what has come is handed
//! over, one piece at a time, and nobody but the connection touches the socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tollgate_core::BoxError;
use tollgate_http1::{BodyDecoder, BodyError, Decoded, Framing};

use super::super::IncomingBody;
use super::client::Client;
use crate::unread::Unread;

/// The connection's side of a body.
pub(super) struct Inflow {
    decoder: BodyDecoder,
    /// `None` where there is nothing to hand over: no body, or one that was there whole.
    shared: Option<Arc<Shared>>,
    /// The client waits to be asked for it.
    is_awaited: bool,
    /// Whether no more can be read of it.
    is_broken: bool,
}

type Shared = Mutex<Handed>;

/// What is handed over.
#[derive(Default)]
struct Handed {
    piece: Option<Result<Frame<Bytes>, BoxError>>,
    /// Nothing follows the piece.
    is_over: bool,
    /// The reader has asked for more than there is.
    is_wanted: bool,
    /// The reader is gone.
    is_left: bool,
    reader: Option<Waker>,
    connection: Option<Waker>,
}

impl Inflow {
    /// Begins with the body of a request, and gives what its handler reads it by.
    pub(super) fn begin(framing: Framing, is_awaited: bool, unread: &mut Unread) -> (Self, IncomingBody) {
        let mut decoder = BodyDecoder::new(framing);
        if let Framing::Length(length) = framing
            && unread.bytes.len() as u64 >= length
        {
            let body = match decoder.decode(&mut unread.bytes) {
                Ok(Decoded::Data(data)) => IncomingBody::whole(data),
                _ => IncomingBody::none(),
            };
            if unread.bytes.is_empty() {
                // It would hold the memory of the body.
                unread.bytes = BytesMut::new();
            }
            return (Self { decoder, shared: None, is_awaited: false, is_broken: false }, body);
        }
        if decoder.is_done() {
            return (Self { decoder, shared: None, is_awaited: false, is_broken: false }, IncomingBody::none());
        }
        let shared = Arc::new(Shared::default());
        let body = RequestBody { shared: Arc::clone(&shared), left: decoder.remaining() };
        (Self { decoder, shared: Some(shared), is_awaited, is_broken: false }, body.into())
    }

    /// Whether all of it has been read.
    pub(super) fn is_done(&self) -> bool {
        !self.is_broken && self.decoder.is_done()
    }

    /// Whether some of it is there that nobody will read.
    pub(super) fn is_left(&self) -> bool {
        !self.is_done() && self.shared.as_ref().is_none_or(|shared| shared.lock().is_left)
    }

    /// Whether the client is to be asked for the body now, which happens once.
    pub(super) fn is_to_ask(&mut self, unread: &Unread) -> bool {
        if !self.is_awaited || !self.shared.as_ref().is_some_and(|shared| shared.lock().is_wanted) {
            return false;
        }
        self.is_awaited = false;
        // One that comes unasked needs no asking.
        unread.bytes.is_empty()
    }

    /// Reads what the reader wants. Ready when it has been given something, and is polled by this task.
    ///
    /// # Errors
    /// Where the connection broke.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        client: &mut Client<S>,
        cx: &mut Context<'_>,
    ) -> Result<Poll<()>, io::Error> {
        let Some(shared) = &self.shared else { return Ok(Poll::Pending) };
        {
            let mut handed = shared.lock();
            if handed.is_left || handed.is_over || !handed.is_wanted || handed.piece.is_some() {
                set(&mut handed.connection, cx);
                return Ok(Poll::Pending);
            }
        }
        let piece = loop {
            match self.decoder.decode(&mut client.unread.bytes) {
                Ok(Decoded::Incomplete) => {}
                Ok(Decoded::Data(data)) => break Some(Ok(Frame::data(data))),
                Ok(Decoded::Trailers(trailers)) => break Some(Ok(Frame::trailers(trailers))),
                Ok(Decoded::End) => break None,
                Err(error) => break Some(Err(error)),
            }
            let Poll::Ready(read) = client.unread.poll_read(&mut client.stream, cx) else {
                set(&mut shared.lock().connection, cx);
                return Ok(Poll::Pending);
            };
            if read? == 0 {
                client.ends();
                break Some(Err(self.decoder.end_of_stream().err().unwrap_or(BodyError::CutShort)));
            }
        };
        self.is_broken = matches!(piece, Some(Err(_)));
        let mut handed = shared.lock();
        handed.is_over = self.is_broken || self.decoder.is_done();
        handed.is_wanted = false;
        handed.piece = piece.map(|piece| piece.map_err(Into::into));
        // Whoever is polled by this task is polled again without being woken.
        match handed.reader.take() {
            Some(reader) if !reader.will_wake(cx.waker()) => reader.wake(),
            _ => return Ok(Poll::Ready(())),
        }
        set(&mut handed.connection, cx);
        Ok(Poll::Pending)
    }

    /// Passes over what has come of a body that nobody reads.
    pub(super) fn skip(&mut self, unread: &mut Unread) {
        // Of one that was never asked for, what comes next may be a body or a request.
        while !self.is_awaited && !self.is_broken {
            match self.decoder.decode(&mut unread.bytes) {
                Ok(Decoded::Data(_)) => {}
                Ok(Decoded::Incomplete | Decoded::End | Decoded::Trailers(_)) => return,
                Err(_) => self.is_broken = true,
            }
        }
    }
}

impl Drop for Inflow {
    /// A reader that outlives its request is not left waiting.
    fn drop(&mut self) {
        let Some(shared) = &self.shared else { return };
        let mut handed = shared.lock();
        if !handed.is_over {
            handed.is_over = true;
            handed.piece = Some(Err(BodyError::CutShort.into()));
            if let Some(reader) = handed.reader.take() {
                reader.wake();
            }
        }
    }
}

fn set(place: &mut Option<Waker>, cx: &Context<'_>) {
    if !place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *place = Some(cx.waker().clone());
    }
}

/// The reader's side of a body.
pub(in super::super) struct RequestBody {
    shared: Arc<Shared>,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let mut handed = this.shared.lock();
        if let Some(piece) = handed.piece.take() {
            if let (Some(left), Ok(frame)) = (&mut this.left, &piece) {
                *left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len) as u64);
            }
            return Poll::Ready(Some(piece));
        }
        if handed.is_over {
            return Poll::Ready(None);
        }
        handed.is_wanted = true;
        set(&mut handed.reader, cx);
        if let Some(connection) = handed.connection.take_if(|connection| !connection.will_wake(cx.waker())) {
            connection.wake();
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let handed = self.shared.lock();
        handed.is_over && handed.piece.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.shared.lock().is_left = true;
    }
}
