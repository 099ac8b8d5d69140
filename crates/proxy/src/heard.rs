//! Waiting for a token to be cancelled beside something that is polled far more often.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};

use parking_lot::Mutex;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Ready once the token is cancelled.
pub(crate) async fn cancelled(token: &CancellationToken) {
    let waiting = pin!(token.cancelled());
    let mut heard = Heard::through(waiting);
    poll_fn(|cx| heard.poll(cx)).await;
}

/// Hears of the end of a token. To look at a token, or to poll its future, is to lock what all connections share;
/// here that is done once for each task, and everything else is a look at a flag of one's own.
pub(crate) struct Heard<'w, 't> {
    waiting: Pin<&'w mut WaitForCancellationFuture<'t>>,
    bell: Arc<Bell>,
    /// Whom the bell wakes.
    wakes: Option<Waker>,
    is_over: bool,
}

/// Woken by the token, in the task's place.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        if let Some(task) = &*self.task.lock() {
            task.wake_by_ref();
        }
    }
}

impl<'w, 't> Heard<'w, 't> {
    pub(crate) fn through(waiting: Pin<&'w mut WaitForCancellationFuture<'t>>) -> Self {
        Self { waiting, bell: Arc::default(), wakes: None, is_over: false }
    }

    /// Ready once the token is cancelled, and from then on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over {
            return Poll::Ready(());
        }
        let is_known = self.wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_known && !self.has_rung() {
            return Poll::Pending;
        }
        if !is_known {
            self.wakes = Some(cx.waker().clone());
            *self.bell.task.lock() = Some(cx.waker().clone());
        }
        let bell = Waker::from(Arc::clone(&self.bell));
        ready!(self.waiting.as_mut().poll(&mut Context::from_waker(&bell)));
        self.is_over = true;
        Poll::Ready(())
    }

    /// Whether the token is cancelled, as far as a task knows that has polled this.
    pub(crate) fn has_rung(&self) -> bool {
        self.is_over || self.bell.rung.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn whoever_waits_is_woken_however_often_it_was_polled_and_by_whichever_task() {
        let token = CancellationToken::new();
        let (waits, cancels) = (token.clone(), token.child_token());
        let mut waiting = Box::pin(async move { cancelled(&waits).await });
        for _ in 0..3 {
            assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await.is_pending());
        }
        let waiting = tokio::spawn(waiting);
        tokio::task::yield_now().await;
        assert!(!cancels.is_cancelled() && !waiting.is_finished());
        token.cancel();
        timeout(PATIENCE, waiting).await.unwrap().unwrap();
        timeout(PATIENCE, cancelled(&cancels)).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_has_listened_once_knows_of_the_end_without_asking_again() {
        let token = CancellationToken::new();
        let waiting = pin!(token.cancelled());
        let mut heard = Heard::through(waiting);
        assert!(poll_fn(|cx| Poll::Ready(heard.poll(cx))).await.is_pending());
        assert!(!heard.has_rung());
        token.cancel();
        assert!(heard.has_rung());
        for _ in 0..2 {
            assert!(poll_fn(|cx| Poll::Ready(heard.poll(cx))).await.is_ready());
        }
    }
}
