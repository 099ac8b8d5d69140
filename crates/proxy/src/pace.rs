//! How slow somebody may be: a credit of time that waiting uses up and bytes restore.

use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::after;

/// Begins with a whole credit. Each moment of waiting uses some of it, each byte gives back the
/// time that it may take at the least rate, up to the whole. So a silence may be as long as the
/// credit, and bytes that trickle in below the rate only postpone the end; no fast beginning buys a
/// slow rest.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    rate: u64,
    whole: Duration,
    left: Duration,
}

impl Pace {
    /// `rate` is in bytes per second; at 0 every byte restores the whole credit. A `whole` of zero
    /// sets no limit.
    pub(crate) fn new(rate: u64, whole: Duration) -> Self {
        Self { rate, whole, left: whole }
    }

    /// Until when a wait that began at `since` may last; `None` for ever.
    pub(crate) fn deadline(&self, since: Instant) -> Option<Instant> {
        (!self.whole.is_zero()).then(|| after(since, self.left))
    }

    /// Notes a wait that is over.
    pub(crate) fn waited(&mut self, wait: Duration) {
        self.left = self.left.saturating_sub(wait);
    }

    /// Notes bytes that came, or went.
    pub(crate) fn moved(&mut self, bytes: usize) {
        if self.left == self.whole || bytes == 0 {
            return;
        }
        let worth = match self.rate {
            0 => self.whole,
            rate => Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / rate),
        };
        self.left = self.left.saturating_add(worth).min(self.whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_trickle_below_the_rate_ends_and_one_at_the_rate_does_not() {
        let now = Instant::now();
        for (bytes_per_second, ends) in [(1, true), (99, true), (100, false), (5_000, false)] {
            let mut pace = Pace::new(100, 30 * SECOND);
            let over = (0..100_000).any(|_| {
                let over = pace.deadline(now).is_some_and(|deadline| deadline <= now + SECOND);
                pace.waited(SECOND);
                pace.moved(bytes_per_second);
                over
            });
            assert_eq!(over, ends, "{bytes_per_second} bytes a second");
        }
    }

    #[test]
    fn a_fast_beginning_buys_no_slow_rest() {
        let now = Instant::now();
        let mut pace = Pace::new(100, 30 * SECOND);
        pace.moved(1_000_000_000);
        assert_eq!(pace.deadline(now), Some(now + 30 * SECOND));
    }

    #[test]
    fn without_a_rate_every_byte_restores_the_whole_and_without_a_credit_nothing_ends() {
        let now = Instant::now();
        let mut pace = Pace::new(0, 30 * SECOND);
        pace.waited(29 * SECOND);
        pace.moved(1);
        assert_eq!(pace.deadline(now), Some(now + 30 * SECOND));
        assert_eq!(Pace::new(100, Duration::ZERO).deadline(now), None);
    }
}
