//! The body of an answer on its way into a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;

use super::answer::StreamAnswer;

/// Sends a body to its end, each piece once the client has room for some of it. Where the body breaks
/// off, the stream is reset, so that it looks complete to nobody; where the client resets it, nothing
/// more is asked for.
pub(super) async fn send(mut body: StreamAnswer, mut stream: SendStream<Bytes>) {
    loop {
        let next = poll_fn(|cx| {
            if stream.poll_reset(cx).is_ready() {
                return Poll::Ready(None);
            }
            Pin::new(&mut body).poll_frame(cx).map(Some)
        });
        match next.await {
            None => return,
            Some(None) => {
                let _ = stream.send_data(Bytes::new(), true);
                return;
            }
            Some(Some(Err(error))) => {
                tracing::debug!(%error, "the body of an answer broke off");
                stream.send_reset(Reason::INTERNAL_ERROR);
                return;
            }
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    let is_last = body.is_end_stream();
                    let has_room = data.is_empty() || wait_for_room(&mut stream).await;
                    if !has_room || stream.send_data(data, is_last).is_err() || is_last {
                        return;
                    }
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        stream.reserve_capacity(0);
                        let _ = stream.send_trailers(trailers);
                    }
                    return;
                }
            },
        }
    }
}

/// Whether the client has made room, rather than gone. It is asked for only when there is something to
/// send, and for no more than shows that there is some: what one stream holds of the connection's
/// window, the others have not.
async fn wait_for_room(stream: &mut SendStream<Bytes>) -> bool {
    stream.reserve_capacity(1);
    poll_fn(|cx| {
        if stream.poll_reset(cx).is_ready() {
            return Poll::Ready(false);
        }
        while stream.capacity() == 0 {
            if !matches!(ready!(stream.poll_capacity(cx)), Some(Ok(_))) {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    })
    .await
}
