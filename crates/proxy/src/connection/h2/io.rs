//! A client's socket that carries HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::early::Early;
use super::super::io::ClientIo;
use super::super::linger::Linger;
use super::super::settings::WireSettings;
use super::super::taking::Taking;
use crate::alarm::Alarm;

/// The socket. When no stream is open the connection's driver keeps the time; here it is only
/// the client's taking that is watched.
pub(super) struct FrameIo<S> {
    stream: S,
    early: Early,
    taking: Taking,
    alarm: Alarm,
    linger: Linger,
}

impl<S> FrameIo<S> {
    pub(super) fn new(io: ClientIo<S>, wire: &WireSettings) -> Self {
        let (stream, early) = io.into_parts();
        Self { stream, early, taking: Taking::new(wire.taking_pace()), alarm: Alarm::default(), linger: Linger::Open }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.give(buf) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for FrameIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.taking.write(polled, &mut this.alarm, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.taking.write(polled, &mut this.alarm, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.taking.flush(polled, &mut this.alarm, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.linger.poll(&mut this.stream, false, &mut this.alarm, cx)
    }
}
