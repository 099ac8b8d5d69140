//! The body of a request on its way into a stream.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use tollgate_core::{Body, BoxError};

use crate::hygiene::clean_trailers;

/// Sends a body piece by piece, each only when the other side has room for some of it.
pub(super) struct Upload {
    stream: SendStream<Bytes>,
    body: Body,
    /// What has been taken out of the body, while that is little.
    taken: Option<Taken>,
    ended: bool,
}

/// How many bytes of a body are kept until its request is known to be processed.
const KEPT: usize = 64 * 1024;

/// The beginning of a body, or all of it.
#[derive(Default)]
struct Taken {
    data: VecDeque<Bytes>,
    bytes: usize,
    trailers: Option<HeaderMap>,
}

/// A body from its beginning, although some of it has been taken out.
struct Again {
    taken: Taken,
    rest: Body,
}

impl HttpBody for Again {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(data) = this.taken.data.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(trailers) = this.taken.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Pin::new(&mut this.rest).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.taken.data.is_empty() && self.taken.trailers.is_none() && self.rest.is_end_stream()
    }
}

/// Why a body was not sent whole.
pub(super) enum Stopped {
    /// It broke off by itself.
    Body(BoxError),
    /// The stream was closed; whoever waits for the answer is told why.
    Stream,
}

impl Upload {
    /// `ended` where there is nothing to send.
    pub(super) fn new(stream: SendStream<Bytes>, body: Body, ended: bool) -> Self {
        Self { stream, body, taken: Some(Taken::default()), ended }
    }

    /// Whether nothing is left to be sent.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Keeps nothing any more: the answer has begun.
    pub(super) fn forget(&mut self) {
        self.taken = None;
    }

    /// The body from its beginning, if not too much of it has been taken out.
    pub(super) fn again(self) -> Option<Body> {
        let taken = self.taken?;
        if taken.data.is_empty() && taken.trailers.is_none() {
            return Some(self.body);
        }
        Some(Body::stream(Again { taken, rest: self.body }))
    }

    fn keep(&mut self, data: &Bytes) {
        if let Some(taken) = &mut self.taken {
            taken.bytes += data.len();
            taken.data.push_back(data.clone());
            if taken.bytes > KEPT {
                self.taken = None;
            }
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stopped>> {
        self.stream.reserve_capacity(1);
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(Stopped::Stream)),
            }
        }
        if self.stream.poll_reset(cx).is_ready() {
            return Poll::Ready(Err(Stopped::Stream));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let closed = |_| Stopped::Stream;
        match frame {
            None => {
                self.ended = true;
                self.stream.send_data(Bytes::new(), true).map_err(closed)?;
            }
            Some(Err(error)) => {
                self.ended = true;
                self.taken = None;
                // Never let it look complete.
                self.stream.send_reset(h2::Reason::CANCEL);
                return Poll::Ready(Err(Stopped::Body(error)));
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    self.ended = self.body.is_end_stream();
                    if self.ended || !data.is_empty() {
                        self.keep(&data);
                        self.stream.send_data(data, self.ended).map_err(closed)?;
                    }
                }
                Err(frame) => {
                    if let Ok(mut trailers) = frame.into_trailers() {
                        self.ended = true;
                        clean_trailers(&mut trailers);
                        if let Some(taken) = &mut self.taken {
                            taken.trailers = Some(trailers.clone());
                        }
                        self.stream.reserve_capacity(0);
                        if trailers.is_empty() {
                            self.stream.send_data(Bytes::new(), true).map_err(closed)?;
                        } else {
                            self.stream.send_trailers(trailers).map_err(closed)?;
                        }
                    }
                }
            },
        }
        Poll::Ready(Ok(()))
    }
}

impl Future for Upload {
    type Output = Result<(), Stopped>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        while !this.ended {
            if let Err(stopped) = ready!(this.poll_piece(cx)) {
                this.ended = true;
                return Poll::Ready(Err(stopped));
            }
        }
        Poll::Ready(Ok(()))
    }
}
