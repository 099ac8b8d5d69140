//! Bodies that have come already go to a script whole: a script that reads one would otherwise wait for
//! another thread, several times, for bytes that were there before it was called.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::poll_fn;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tollgate_core::{Body, BoxError};

/// Longer bodies stay streams.
const MOST: u64 = 64 << 10;

/// How often whoever reads the connection may have its turn: what lies in its buffer comes with the first.
const TURNS: usize = 2;

/// The same body, in memory where all of it can be had without waiting for its sender.
pub(crate) async fn at_hand(mut body: Body) -> Body {
    let Some(length) = body.size_hint().exact().filter(|length| (1..=MOST).contains(length)) else { return body };
    if body.bytes().is_some() {
        return body;
    }
    let mut read = Read::default();
    for turn in 0..=TURNS {
        if turn > 0 {
            yield_here().await;
        }
        match poll_fn(|cx| Poll::Ready(read.poll(&mut body, cx))).await {
            Progress::Over if read.length == length => return Body::full(read.concat()),
            Progress::Waits => {}
            Progress::Over | Progress::Odd => break,
        }
    }
    if read.frames.is_empty() { body } else { Body::stream(Resumed { read: read.frames, left: length, body }) }
}

/// Lets whoever has this task too have a turn. Tokio's own looks for what the system has to tell first, and what is
/// waited for here is in the process already.
async fn yield_here() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

type Piece = Result<Frame<Bytes>, BoxError>;

/// What was read so far.
#[derive(Default)]
struct Read {
    frames: VecDeque<Piece>,
    length: u64,
}

enum Progress {
    /// The rest has not come.
    Waits,
    Over,
    /// There is more to it than bytes.
    Odd,
}

impl Read {
    fn poll(&mut self, body: &mut Body, cx: &mut Context<'_>) -> Progress {
        loop {
            if !self.frames.is_empty() && body.is_end_stream() {
                return Progress::Over;
            }
            let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else { return Progress::Waits };
            let Some(frame) = frame else { return Progress::Over };
            let length = frame.as_ref().ok().and_then(Frame::data_ref).map(Bytes::len);
            self.frames.push_back(frame);
            match length {
                Some(length) => self.length = self.length.saturating_add(length as u64),
                None => return Progress::Odd,
            }
        }
    }

    fn concat(self) -> Bytes {
        let mut pieces: Vec<Bytes> = self.frames.into_iter().filter_map(|frame| frame.ok()?.into_data().ok()).collect();
        match pieces.as_mut_slice() {
            [one] => std::mem::take(one),
            _ => pieces.concat().into(),
        }
    }
}

/// A body of which something was read: that comes first.
struct Resumed {
    read: VecDeque<Piece>,
    /// Bytes that are still to be given.
    left: u64,
    body: Body,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let frame = match self.read.pop_front() {
            Some(frame) => Some(frame),
            None => std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)),
        };
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.left = self.left.saturating_sub(data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    /// A body that says how long it is.
    struct Sized<B>(B, u64);

    impl<B: HttpBody<Data = Bytes, Error = BoxError> + Unpin> HttpBody for Sized<B> {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
            Pin::new(&mut self.0).poll_frame(cx)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.1)
        }
    }

    fn data(text: &'static str) -> Piece {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    fn body(frames: impl futures_util::Stream<Item = Piece> + Send + Unpin + 'static, length: u64) -> Body {
        Body::stream(Sized(StreamBody::new(frames), length))
    }

    #[tokio::test]
    async fn what_has_come_is_taken_into_memory() {
        let whole = at_hand(body(stream::iter([data("one "), data("two")]), 7)).await;
        assert_eq!(whole.bytes().unwrap(), "one two");
    }

    #[tokio::test]
    async fn what_comes_later_is_not_waited_for_and_nothing_of_it_is_lost() {
        let (sender, later) = futures_channel();
        let frames = stream::iter([data("one ")]).chain(later);
        let unread = at_hand(body(Box::pin(frames), 7)).await;
        assert!(unread.bytes().is_none());
        assert_eq!(unread.size_hint().exact(), Some(7));
        sender.send(data("two")).unwrap();
        drop(sender);
        assert_eq!(unread.collect().await.unwrap().to_bytes(), "one two");
    }

    #[tokio::test]
    async fn trailers_and_errors_stay_where_they_were() {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", http::HeaderValue::from_static("1"));
        let with_trailers = body(stream::iter([data("one"), Ok(Frame::trailers(trailers))]), 3);
        let collected = at_hand(with_trailers).await.collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-sum"], "1");
        assert_eq!(collected.to_bytes(), "one");
        let broken = body(stream::iter([data("one"), Err("gone".into())]), 7);
        assert_eq!(at_hand(broken).await.collect().await.unwrap_err().to_string(), "gone");
    }

    #[tokio::test]
    async fn a_body_that_is_shorter_than_it_said_does_not_pass_for_whole() {
        let short = at_hand(body(stream::iter([data("one")]), 7)).await;
        assert!(short.bytes().is_none());
    }

    #[tokio::test]
    async fn long_bodies_are_left_alone() {
        let long = at_hand(body(stream::iter([data("one")]), MOST + 1)).await;
        assert!(long.bytes().is_none());
    }

    fn futures_channel() -> (tokio::sync::mpsc::UnboundedSender<Piece>, impl futures_util::Stream<Item = Piece> + Send)
    {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        (sender, stream::poll_fn(move |cx| receiver.poll_recv(cx)))
    }
}
