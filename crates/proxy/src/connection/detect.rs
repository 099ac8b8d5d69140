//! Which protocol a client speaks that was not asked: its first bytes tell.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::Protocol;
use crate::alarm::Alarm;
use crate::unreadable::HeadTooSlow;

/// What every HTTP/2 connection begins with (RFC 9113 §3.4). No request of HTTP/1 does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Enough for most heads and a small body, so that looking costs no further read.
const LOOK: usize = 16 * 1024;

/// Reads until it is clear what the client speaks, and gives back what it has read. A connection on
/// which nothing came keeps no buffer meanwhile.
pub(super) async fn protocol<S: AsyncRead + Unpin>(
    stream: &mut S,
    deadline: Option<Instant>,
) -> io::Result<(Protocol, Vec<u8>)> {
    let mut early = Vec::new();
    let mut alarm = Alarm::default();
    let protocol = poll_fn(|cx| {
        loop {
            let mut look = [const { MaybeUninit::<u8>::uninit() }; LOOK];
            let mut buf = ReadBuf::uninit(&mut look);
            if Pin::new(&mut *stream).poll_read(cx, &mut buf)?.is_pending() {
                let Some(deadline) = deadline else { return Poll::Pending };
                ready!(alarm.poll_until(deadline, cx));
                return Poll::Ready(Err(match early.is_empty() {
                    // Nobody began to say anything.
                    true => io::Error::new(io::ErrorKind::TimedOut, "no request in time"),
                    false => io::Error::new(io::ErrorKind::TimedOut, HeadTooSlow),
                }));
            }
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(Protocol::Http1));
            }
            early.extend_from_slice(buf.filled());
            if early.starts_with(PREFACE) {
                return Poll::Ready(Ok(Protocol::Http2));
            }
            if !PREFACE.starts_with(&early) {
                return Poll::Ready(Ok(Protocol::Http1));
            }
        }
    })
    .await?;
    Ok((protocol, early))
}
