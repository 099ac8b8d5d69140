//! Replacing a text while a body streams by. What may be the beginning of the text waits for what follows;
//! nothing else does.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use memchr::memmem::Finder;
use tollgate_core::{Body, BoxError};

/// A text to look for, and what stands in its place.
#[derive(Debug, Clone)]
pub(super) struct Needle(Arc<Sought>);

#[derive(Debug)]
struct Sought {
    finder: Finder<'static>,
    replacement: Bytes,
}

impl Needle {
    pub(super) fn new(text: &str, replacement: String) -> Self {
        Self(Arc::new(Sought { finder: Finder::new(text.as_bytes()).into_owned(), replacement: replacement.into() }))
    }

    /// The body with the text replaced.
    pub(super) fn replace_in(&self, body: Body) -> Body {
        if let Some(whole) = body.bytes() {
            let (mut held, mut out) = (Vec::new(), Vec::with_capacity(whole.len()));
            self.0.step(&mut held, &whole, &mut out);
            out.extend_from_slice(&held);
            return Body::full(out);
        }
        Body::stream(Replacing {
            from: body,
            sought: Arc::clone(&self.0),
            held: Vec::new(),
            trailers: None,
            over: false,
        })
    }
}

impl Sought {
    /// Takes bytes behind those that are held; gives what is settled, and holds what may be the beginning of
    /// the text: less than it is long.
    fn step(&self, held: &mut Vec<u8>, data: &[u8], out: &mut Vec<u8>) {
        let joined;
        let mut rest = if held.is_empty() {
            data
        } else {
            held.extend_from_slice(data);
            joined = std::mem::take(held);
            &joined[..]
        };
        while let Some(at) = self.finder.find(rest) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&self.replacement);
            rest = &rest[at + self.finder.needle().len()..];
        }
        let settled = rest.len() - self.beginning(rest);
        out.extend_from_slice(&rest[..settled]);
        *held = rest[settled..].to_vec();
    }

    /// How many of the last bytes are the beginning of the text.
    fn beginning(&self, bytes: &[u8]) -> usize {
        let needle = self.finder.needle();
        let most = bytes.len().min(needle.len() - 1);
        (1..=most).rev().find(|length| bytes.ends_with(&needle[..*length])).unwrap_or(0)
    }
}

/// A body in which a text is replaced.
struct Replacing {
    from: Body,
    sought: Arc<Sought>,
    held: Vec<u8>,
    trailers: Option<Frame<Bytes>>,
    over: bool,
}

impl HttpBody for Replacing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            if this.over {
                return Poll::Ready(this.trailers.take().map(Ok));
            }
            match ready!(Pin::new(&mut this.from).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let mut out = Vec::with_capacity(data.len());
                        this.sought.step(&mut this.held, &data, &mut out);
                        if !out.is_empty() {
                            return Poll::Ready(Some(Ok(Frame::data(out.into()))));
                        }
                        continue;
                    }
                    Err(trailers) => this.trailers = Some(trailers),
                },
                Some(Err(error)) => {
                    this.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {}
            }
            this.over = true;
            if !this.held.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.held).into()))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over && self.trailers.is_none()
    }
}
