//! A client's socket behind a switch of protocols.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::early::Early;
use super::super::taking::Taking;
use super::client::Client;
use crate::alarm::Alarm;

/// The socket, with what came behind the request, and with the same rule for how slowly it may be read.
pub(super) struct TunnelIo<S> {
    stream: S,
    early: Early,
    taking: Taking,
    alarm: Alarm,
}

impl<S> TunnelIo<S> {
    pub(super) fn over(client: Client<S>) -> Self {
        let Client { stream, unread, taking, alarm, .. } = client;
        Self { stream, early: Early::new(unread.bytes.into()), taking, alarm }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TunnelIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.give(buf) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TunnelIo<S> {
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

    /// The other direction goes on.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
