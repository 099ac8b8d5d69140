//! Which protocol a client speaks that was not asked: its first bytes tell.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::Protocol;
use super::io::ClientIo;

/// What every HTTP/2 connection begins with (RFC 9113 §3.4). No request of HTTP/1 does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Enough for most heads, so that looking costs no further read.
const LOOK: usize = 2048;

/// Reads until it is clear what the client speaks, and puts back what it has read. A connection on
/// which nothing came keeps no buffer meanwhile.
pub(super) async fn protocol<S: AsyncRead + Unpin>(io: &mut ClientIo<S>) -> io::Result<Protocol> {
    let mut early = Vec::new();
    let protocol = poll_fn(|cx| {
        loop {
            let mut look = [const { MaybeUninit::<u8>::uninit() }; LOOK];
            let mut buf = ReadBuf::uninit(&mut look);
            ready!(Pin::new(&mut *io).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok::<_, io::Error>(Protocol::Http1));
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
    io.put_back(early);
    Ok(protocol)
}
