//! The whole of an answer rewritten: what the policies that mask things in bodies share.
//!
//! A body is read whole, because what is looked for may stand anywhere in it. A stream of events never ends, and
//! goes on event by event.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::{Body as HttpBody, Frame};
use tollgate_core::{Body, BoxError, Flow, Problem, Response, Step};

use crate::content::{collect, open_response};

/// What is done with a text.
pub(crate) trait Rewrite: Send + Sync + fmt::Debug {
    /// Another text in its place; `None` where it may stay.
    ///
    /// # Errors
    /// Where it must not go out at all.
    fn rewrite(&self, text: &[u8]) -> Result<Option<Vec<u8>>, Problem>;
}

/// The media type of a message, lower-case and without parameters; empty where it says none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let field = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    field.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether something of this type is looked at for its sense by people, and not read.
pub(crate) fn is_picture_or_sound(media: &str) -> bool {
    ["image/", "audio/", "video/", "font/"].iter().any(|kind| media.starts_with(kind)) && media != "image/svg+xml"
}

/// Rewrites the body of an answer, up to `limit` bytes at once.
pub(crate) fn rewrite_response(response: &mut Response, limit: usize, rewrite: Arc<dyn Rewrite>) -> Step<'_> {
    let events = media_type(response.headers()) == "text/event-stream";
    let body = match open_response(response) {
        Ok(Some(body)) => body,
        Ok(None) => return Step::CONTINUE,
        Err(problem) => return problem.into(),
    };
    if events {
        let held = BytesMut::new();
        *response.body_mut() = Body::stream(Events { from: body, held, rewrite, limit, trailers: None, over: false });
        return Step::CONTINUE;
    }
    Step::later(async move {
        let whole = match collect(body, limit).await {
            Ok(whole) => whole,
            Err(problem) => return problem.into(),
        };
        match rewrite.rewrite(&whole) {
            Ok(None) => *response.body_mut() = Body::full(whole),
            Ok(Some(other)) => *response.body_mut() = Body::full(other),
            Err(problem) => return Flow::Refuse(problem),
        }
        Flow::Continue
    })
}

/// A stream of events, each rewritten when it is complete.
struct Events {
    from: Body,
    held: BytesMut,
    rewrite: Arc<dyn Rewrite>,
    limit: usize,
    trailers: Option<Frame<Bytes>>,
    over: bool,
}

/// Why a stream of events ends early.
#[derive(Debug, thiserror::Error)]
enum EventsError {
    #[error("an event is longer than {0} bytes")]
    TooLong(usize),
    #[error("an event must not go out: {0}")]
    Forbidden(String),
}

/// The end of the last event that is complete.
fn complete(bytes: &[u8]) -> usize {
    let ends = [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"];
    let last = |end: &&[u8]| memchr::memmem::rfind(bytes, end).map(|at| at + end.len());
    ends.iter().filter_map(last).max().unwrap_or(0)
}

impl Events {
    fn rewritten(&self, text: Bytes) -> Result<Bytes, BoxError> {
        match self.rewrite.rewrite(&text) {
            Ok(None) => Ok(text),
            Ok(Some(other)) => Ok(other.into()),
            Err(problem) => Err(EventsError::Forbidden(problem.reason.name.to_owned()).into()),
        }
    }
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            if this.over {
                return Poll::Ready(this.trailers.take().map(Ok));
            }
            let text = match ready!(Pin::new(&mut this.from).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.held.extend_from_slice(&data);
                        let end = complete(&this.held);
                        let text = this.held.split_to(end).freeze();
                        if this.held.len() > this.limit {
                            this.over = true;
                            return Poll::Ready(Some(Err(EventsError::TooLong(this.limit).into())));
                        }
                        text
                    }
                    Err(trailers) => {
                        (this.over, this.trailers) = (true, Some(trailers));
                        std::mem::take(&mut this.held).freeze()
                    }
                },
                Some(Err(error)) => {
                    this.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.over = true;
                    std::mem::take(&mut this.held).freeze()
                }
            };
            if !text.is_empty() {
                let rewritten = this.rewritten(text);
                this.over |= rewritten.is_err();
                return Poll::Ready(Some(rewritten.map(Frame::data)));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over && self.trailers.is_none()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    #[derive(Debug)]
    struct Shout;

    impl Rewrite for Shout {
        fn rewrite(&self, text: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
            Ok(Some(text.to_ascii_uppercase()))
        }
    }

    async fn events(chunks: Vec<Result<&'static str, BoxError>>, limit: usize) -> (Vec<String>, bool) {
        let frames = chunks.into_iter().map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text))));
        let mut response = Response::new(Body::stream(StreamBody::new(futures_util::stream::iter(frames))));
        response.headers_mut().insert(CONTENT_TYPE, "Text/Event-Stream; charset=utf-8".parse().unwrap());
        assert!(matches!(rewrite_response(&mut response, limit, Arc::new(Shout)).get().await, Flow::Continue));
        let (mut body, mut seen) = (response.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => seen.push(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()),
                Err(_) => return (seen, true),
            }
        }
        (seen, false)
    }

    #[tokio::test]
    async fn events_go_on_as_soon_as_they_are_complete() {
        let chunks = vec![Ok("data: a"), Ok("b\n\ndata: c\r\n"), Ok("\r\nda"), Ok("ta: d")];
        let expected = ["DATA: AB\n\n", "DATA: C\r\n\r\n", "DATA: D"].map(str::to_owned).to_vec();
        assert_eq!(events(chunks, 100).await, (expected, false));
    }

    #[tokio::test]
    async fn an_event_that_is_too_long_or_breaks_off_is_never_passed_on() {
        assert_eq!(events(vec![Ok("a\n\n"), Ok("bcdefgh")], 5).await, (vec!["A\n\n".to_owned()], true));
        assert_eq!(events(vec![Ok("abc"), Err("broken".into())], 5).await, (vec![], true));
    }
}
