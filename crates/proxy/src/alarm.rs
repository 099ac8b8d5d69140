//! A timer for deadlines that are moved far more often than they are reached.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// The moment `wait` after `since`. A wait that is longer than any clock can tell, which settings
/// may well ask for, becomes a very long one.
pub(crate) fn after(since: Instant, wait: Duration) -> Instant {
    const AGES: Duration = Duration::from_secs(30 * 365 * 86_400);
    since.checked_add(wait).unwrap_or(since + AGES)
}

/// One timer for a whole connection. Setting a later deadline costs nothing: the timer keeps the
/// earlier one, and when that passes it is set anew. So a connection that is busy touches the
/// runtime's timers once per timeout, not once per request.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Set>);

/// A timer that is set.
#[derive(Debug)]
struct Set {
    sleep: Pin<Box<Sleep>>,
    /// Whom it wakes. As long as it has not rung, it need not be told again.
    wakes: Option<Waker>,
}

impl Set {
    fn new(sleep: Sleep) -> Self {
        Self { sleep: Box::pin(sleep), wakes: None }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.sleep.is_elapsed() && self.wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        // A task that has used up its share of the thread is not even heard by its timers.
        let heard = has_budget_remaining();
        let polled = self.sleep.as_mut().poll(cx);
        self.wakes = (heard && polled.is_pending()).then(|| cx.waker().clone());
        polled
    }

    fn reset(&mut self, deadline: Instant) {
        self.wakes = None;
        self.sleep.as_mut().reset(deadline);
    }
}

impl Alarm {
    /// Ready once `deadline` has passed.
    pub(crate) fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let set = self.0.get_or_insert_with(|| Set::new(sleep_until(deadline)));
        if set.sleep.deadline() > deadline || set.sleep.is_elapsed() {
            set.reset(deadline);
        }
        loop {
            ready!(set.poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            set.reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::task::coop::consume_budget;
    use tokio::time::timeout;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_deadline_that_was_first_asked_for_without_budget_comes_all_the_same() {
        let deadline = Instant::now() + MOMENT;
        let waiting = tokio::spawn(async move {
            let (mut alarm, mut first) = (Alarm::default(), true);
            poll_fn(|cx| {
                if std::mem::take(&mut first) {
                    assert!((0..10_000).any(|_| pin!(consume_budget()).poll(cx).is_pending()));
                    assert!(!has_budget_remaining());
                }
                alarm.poll_until(deadline, cx)
            })
            .await;
        });
        timeout(PATIENCE, waiting).await.unwrap().unwrap();
        assert!(Instant::now() >= deadline);
    }

    #[tokio::test]
    async fn a_deadline_may_be_moved_both_ways_and_waited_for_by_another_task() {
        let start = Instant::now();
        let mut alarm = Alarm::default();
        for moments in [5000, 10, 2000, 5] {
            assert!(poll_fn(|cx| Poll::Ready(alarm.poll_until(start + moments * MOMENT, cx))).await.is_pending());
        }
        for moments in [7, 9] {
            let waiting = tokio::spawn(async move {
                poll_fn(|cx| alarm.poll_until(start + moments * MOMENT, cx)).await;
                alarm
            });
            alarm = timeout(PATIENCE, waiting).await.unwrap().unwrap();
            assert!(Instant::now() >= start + moments * MOMENT);
        }
    }
}
