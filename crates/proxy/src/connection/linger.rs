//! The end of a connection: closing it while bytes of the client are unread would make the kernel
//! take the answer back (RFC 9112 §9.6).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::alarm::Alarm;

/// How long, and how much, a connection that is being closed still listens.
const TIME: Duration = Duration::from_secs(2);
const BYTES: usize = 1024 * 1024;

/// How far the end has come.
#[derive(Debug, Default)]
pub(super) enum Linger {
    #[default]
    Open,
    Listening {
        until: Instant,
        bytes: usize,
    },
    Over,
}

impl Linger {
    /// Says that nothing more will be written, and listens for a moment whether the client has
    /// seen it; not where `silent` says that there is nothing it could miss.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        silent: bool,
        alarm: &mut Alarm,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self, Self::Open) {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            *self = if silent { Self::Over } else { Self::Listening { until: Instant::now() + TIME, bytes: 0 } };
        }
        let Self::Listening { until, bytes } = self else { return Poll::Ready(Ok(())) };
        let mut scrap = [0; 4096];
        while *bytes < BYTES {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(&mut *stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => *bytes += buf.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(alarm.poll_until(*until, cx));
                    break;
                }
            }
        }
        *self = Self::Over;
        Poll::Ready(Ok(()))
    }
}
