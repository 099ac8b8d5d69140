//! Waiting for a token to be cancelled beside something that is polled far more often.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};

use tokio_util::sync::CancellationToken;

/// Ready once the token is cancelled. The token's own future goes through its list of waiters each
/// time it is polled; this one does that when its task changes, and otherwise only looks.
pub(crate) async fn cancelled(token: &CancellationToken) {
    let mut waiting = pin!(token.cancelled());
    // Whom the token will wake.
    let mut known: Option<Waker> = None;
    poll_fn(|cx| {
        let is_known = known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_known && !token.is_cancelled() {
            return Poll::Pending;
        }
        known = Some(cx.waker().clone());
        waiting.as_mut().poll(cx)
    })
    .await;
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
}
