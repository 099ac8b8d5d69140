//! The time as of the kernel's last tick, some milliseconds ago at most: for what goes by seconds. It costs a sixth of
//! the time of reading the clock itself.

#[cfg(target_os = "linux")]
pub use self::linux::{instant, wall};
#[cfg(not(target_os = "linux"))]
pub use self::others::{instant, wall};

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    use nix::time::{ClockId, clock_gettime};

    /// One moment on the clock of [`Instant`], read both ways.
    #[expect(clippy::disallowed_methods, reason = "part of the clock that everyone else asks")]
    static KNOWN: LazyLock<(Duration, Instant)> = LazyLock::new(|| (told(ClockId::CLOCK_MONOTONIC), Instant::now()));

    /// On the monotonic clock; never later than now.
    pub fn instant() -> Instant {
        let (known, instant) = *KNOWN;
        // Before the first tick after the moment that is known, there is nothing to add.
        told(ClockId::CLOCK_MONOTONIC_COARSE).checked_sub(known).map_or(instant, |since| instant + since)
    }

    /// On the wall clock, since the Unix epoch.
    pub fn wall() -> Duration {
        told(ClockId::CLOCK_REALTIME_COARSE)
    }

    /// These clocks are there on every Linux that we run on.
    fn told(clock: ClockId) -> Duration {
        clock_gettime(clock).map(Duration::from).unwrap_or_default()
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use std::time::{Duration, Instant};

    /// On the monotonic clock.
    #[expect(clippy::disallowed_methods, reason = "part of the clock that everyone else asks")]
    pub fn instant() -> Instant {
        Instant::now()
    }

    /// On the wall clock, since the Unix epoch.
    pub fn wall() -> Duration {
        super::super::wall()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    /// Ten ticks of the slowest kernel there is (100 Hz).
    const LATE: Duration = Duration::from_millis(100);

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the clock itself is what is tested")]
    fn the_coarse_time_is_never_ahead_and_hardly_behind() {
        for _ in 0..10_000 {
            let before = Instant::now();
            let coarse = super::instant();
            assert!(coarse <= Instant::now());
            assert!(before.saturating_duration_since(coarse) < LATE);
            let before = super::super::wall();
            assert!(before.abs_diff(super::wall()) < LATE);
        }
    }
}
