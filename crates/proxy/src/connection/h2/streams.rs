//! The streams of one connection run in its own task: a task for each of them would outlive the
//! connection that it belongs to, would be woken across threads, and could not be cut off with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::answer::StreamClock;
use crate::alarm::Alarm;
use crate::hygiene::ConnectionInfo;

/// One stream. It ends early when its client has not taken for too long what it was given: that
/// resets it, and lets go of the upstream.
struct Stream {
    running: Pin<Box<dyn Future<Output = ()> + Send>>,
    clock: Arc<StreamClock>,
    alarm: Alarm,
    connection: Arc<ConnectionInfo>,
}

impl Future for Stream {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.running.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(deadline) = this.clock.deadline() else { return Poll::Pending };
        ready!(this.alarm.poll_until(deadline, cx));
        this.connection.too_slow.during(|| this.running = Box::pin(std::future::ready(())));
        Poll::Ready(())
    }
}

/// The streams of a connection.
#[derive(Default)]
pub(super) struct Streams(FuturesUnordered<Stream>);

impl Streams {
    /// One more. Whether its client takes what it is given, `clock` tells.
    pub(super) fn push(
        &mut self,
        running: Pin<Box<dyn Future<Output = ()> + Send>>,
        clock: Arc<StreamClock>,
        connection: &Arc<ConnectionInfo>,
    ) {
        let connection = Arc::clone(connection);
        self.0.push(Stream { running, clock, alarm: Alarm::default(), connection });
    }

    /// Goes on with every stream that can.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        while matches!(self.0.poll_next_unpin(cx), Poll::Ready(Some(()))) {}
    }
}
