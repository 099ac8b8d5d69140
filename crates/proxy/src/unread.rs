//! What has come on a connection and has not been taken.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// How much is read at once: the least, for heads and small bodies, and the most, for streams.
const LEAST_READ: usize = 8 * 1024;
const MOST_READ: usize = 64 * 1024;

/// Bytes that were read ahead. Bodies leave as slices of them.
pub(crate) struct Unread {
    pub(crate) bytes: BytesMut,
    /// How much to make room for.
    read_size: usize,
    /// Whether that room has ever been more than the least.
    grown: bool,
}

impl Default for Unread {
    fn default() -> Self {
        Self { bytes: BytesMut::new(), read_size: LEAST_READ, grown: false }
    }
}

impl Unread {
    /// Reads once; 0 is the end. The room grows while reads fill it and shrinks when they do not, so that a
    /// large stream costs few system calls and a small message little memory.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.bytes.capacity() - self.bytes.len() < self.read_size / 2 {
            self.bytes.reserve(self.read_size);
            self.grown |= self.read_size > LEAST_READ;
        }
        let room = self.bytes.capacity() - self.bytes.len();
        let count = ready!(poll_read_buf(Pin::new(stream), cx, &mut self.bytes))?;
        if count == room {
            self.read_size = (self.read_size * 2).min(MOST_READ);
        } else if count < self.read_size / 4 {
            self.read_size = (self.read_size / 2).max(LEAST_READ);
        }
        Poll::Ready(Ok(count))
    }

    /// Gives memory back where there is more of it than most need.
    pub(crate) fn settle(&mut self) {
        if self.grown {
            self.rest();
        }
    }

    /// Gives memory back: nothing is expected for a while.
    pub(crate) fn rest(&mut self) {
        *self = Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() };
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }
}
