//! The time as of the kernel's last tick, at most a few milliseconds ago: for what goes by seconds. It costs a sixth of
//! the time of reading the clock itself.

use tokio::time::Instant;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{instant, unix_seconds};

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::LazyLock;
    use std::time::Duration;

    use nix::time::{ClockId, clock_gettime};

    use super::Instant;

    /// One moment on the clock of [`Instant`], read both ways.
    static KNOWN: LazyLock<(Duration, Instant)> = LazyLock::new(|| (told(ClockId::CLOCK_MONOTONIC), Instant::now()));

    /// Since when something is idle. Never later than now.
    pub(crate) fn instant() -> Instant {
        let (known, instant) = *KNOWN;
        let now = told(ClockId::CLOCK_MONOTONIC_COARSE);
        // Before the first tick after the moment that is known.
        now.checked_sub(known).map_or(instant, |since| instant + since)
    }

    /// Whole seconds since the Unix epoch.
    pub(crate) fn unix_seconds() -> i64 {
        i64::try_from(told(ClockId::CLOCK_REALTIME_COARSE).as_secs()).unwrap_or_default()
    }

    /// These clocks are there on every Linux that we run on.
    fn told(clock: ClockId) -> Duration {
        clock_gettime(clock).map(Duration::from).unwrap_or_default()
    }
}

/// Since when something is idle.
#[cfg(not(target_os = "linux"))]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Whole seconds since the Unix epoch.
#[cfg(not(target_os = "linux"))]
pub(crate) fn unix_seconds() -> i64 {
    use tollgate_core::time::{Clock, SystemClock};
    SystemClock::new().now().seconds()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Ten ticks of the slowest kernel there is (100 Hz).
    const LATE: Duration = Duration::from_millis(100);

    #[test]
    fn the_coarse_time_is_never_ahead_and_hardly_behind() {
        for _ in 0..10_000 {
            let before = Instant::now();
            let coarse = instant();
            assert!(coarse <= Instant::now());
            assert!(before.saturating_duration_since(coarse) < LATE);
        }
    }
}
