//! Time as a service, so that tests can hold it still.

pub mod coarse;

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use crate::later::BoxFuture;

use serde::{Deserialize, Serialize};

/// A moment on the wall clock, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `duration` more.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` until this moment; zero where it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339 (`2026-01-31T10:00:00Z`), or a day (`2026-01-31`, which begins in UTC).
    ///
    /// # Errors
    /// Where it is neither.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_millisecond()));
        }
        let day = text.parse::<jiff::civil::Date>()?;
        Ok(Self(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond()))
    }

    /// RFC 3339 in UTC with milliseconds, as logs and answers show it.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |t| format!("{t:.3}"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Where the time comes from. Policies and stores read no other clock.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// A clock that never goes back; its zero is arbitrary.
    fn monotonic(&self) -> Duration;
    /// Both at one moment, for the price of one reading.
    fn both(&self) -> (Timestamp, Duration) {
        (self.now(), self.monotonic())
    }
    /// The monotonic clock as of a moment ago, some milliseconds at most: for what goes by seconds.
    fn lately(&self) -> Duration {
        self.monotonic()
    }
    /// A moment of the monotonic clock as timers know it; `None` where they go by another clock.
    fn instant_at(&self, _monotonic: Duration) -> Option<std::time::Instant> {
        None
    }
    /// Waits for so long. Every clock waits by the machine's, so that nobody waits for a test to go on.
    fn wait(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The machine's clocks. The only place that reads them.
#[derive(Debug)]
pub struct SystemClock {
    zero: std::time::Instant,
    wall: WallOffset,
}

impl SystemClock {
    /// A clock whose monotonic zero is now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else asks")]
    pub fn new() -> Self {
        Self { zero: std::time::Instant::now(), wall: WallOffset::default() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(wall().as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.zero.elapsed()
    }

    fn both(&self) -> (Timestamp, Duration) {
        let monotonic = self.monotonic();
        (self.wall.at(monotonic), monotonic)
    }

    fn lately(&self) -> Duration {
        coarse::instant().saturating_duration_since(self.zero)
    }

    fn instant_at(&self, monotonic: Duration) -> Option<std::time::Instant> {
        self.zero.checked_add(monotonic)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else asks")]
fn wall() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// How far the wall clock is ahead of the monotonic one. The two go at one pace but for what time services correct, so
/// that the wall clock need not be read each time: reading a clock costs as much as some policies.
#[derive(Debug, Default)]
struct WallOffset {
    /// In microseconds.
    offset: AtomicI64,
    /// When it is to be looked at again, in milliseconds of the monotonic clock.
    due: AtomicU64,
}

impl WallOffset {
    /// For how long it is believed, which is how late a wall clock that somebody has set is followed.
    const BELIEVED: Duration = Duration::from_millis(100);

    /// The wall clock at this moment of the monotonic one.
    fn at(&self, monotonic: Duration) -> Timestamp {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        // Whoever reads an old offset beside another's new one is wrong by what was corrected meanwhile.
        if millis(monotonic) >= self.due.load(Relaxed) {
            self.offset.store(micros(wall()).saturating_sub(micros(monotonic)), Relaxed);
            self.due.store(millis(monotonic + Self::BELIEVED), Relaxed);
        }
        Timestamp(self.offset.load(Relaxed).saturating_add(micros(monotonic)).div_euclid(1000))
    }
}

/// A clock that stands still until it is told to go on, for tests.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    elapsed_micros: std::sync::atomic::AtomicU64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub const fn at(start: Timestamp) -> Self {
        Self { start, elapsed_micros: std::sync::atomic::AtomicU64::new(0) }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.elapsed_micros.fetch_add(micros, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_seconds(1_767_225_600))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.elapsed_micros.load(std::sync::atomic::Ordering::SeqCst))
    }
}
