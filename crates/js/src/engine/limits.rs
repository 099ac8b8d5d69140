//! What a call may use, and the watch that is kept while it runs.

use std::cell::Cell;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::Thrown;

/// What a call may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time on the processor, until the call has its answer; from then on, for each time that
    /// its code is entered.
    pub cpu: Duration,
    /// Time altogether, background work included.
    pub wall: Duration,
    /// Bytes of the engine's heap, for all calls together.
    pub memory: usize,
    /// Bytes of stack.
    pub stack: usize,
    /// Pieces of host work (requests, timers) that one call may have under way.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_millis(200),
            wall: Duration::from_secs(30),
            memory: 64 << 20,
            stack: 1 << 20,
            work: 1_000,
        }
    }
}

/// Why a call was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// It used up its time on the processor.
    #[error("it used more than its time on the processor")]
    Cpu,
    /// It used up its time.
    #[error("it was not done in time")]
    Wall,
    /// The engine's heap is full.
    #[error("it used more memory than it may")]
    Memory,
    /// It recursed too deep.
    #[error("its stack overflowed")]
    Stack,
}

impl Stopped {
    /// The limit that was broken, where what was thrown says so.
    pub(super) fn told_by(thrown: &Thrown) -> Option<Self> {
        match (thrown.name.as_str(), thrown.message.as_str()) {
            ("InternalError", "out of memory") => Some(Self::Memory),
            ("RangeError" | "InternalError", "Maximum call stack size exceeded" | "stack overflow") => {
                Some(Self::Stack)
            }
            _ => None,
        }
    }
}

/// The processor time of this thread.
pub(super) fn cpu_time() -> Duration {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// The time that passes, for everyone.
fn now() -> Duration {
    read(ClockId::CLOCK_MONOTONIC)
}

/// By way of the C library: rustix looks for the kernel's code itself, and finds none under valgrind.
fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// What is known of the processor time of this thread.
#[derive(Debug, Clone, Copy)]
struct Lap {
    /// What the system last said of it, and when.
    told: Duration,
    told_at: Duration,
    /// What was charged since.
    charged: Duration,
    /// When the entry began, or the last lap ended.
    began: Duration,
}

thread_local! {
    static LAP: Cell<Lap> = const {
        Cell::new(Lap { told: Duration::ZERO, told_at: Duration::MAX, charged: Duration::ZERO, began: Duration::ZERO })
    };
}

/// To ask the system for the processor time takes as long as many a policy. So soon after it was asked, the time that
/// has passed is taken for it: where that is too much, because others had the processor meanwhile, the next answer
/// shows, and the difference is charged to nobody. What the host does between two entries may be charged to the second.
const SHORT: Duration = Duration::from_micros(200);

/// Code that has run for so long without a pause makes one, so that whoever waits for this processor gets it. A
/// scheduler's time slice is some milliseconds: without this, other routes' requests would wait for the rest of
/// one behind a script that spins. To yield would not do: it only lets the threads of the same control group go first.
const COURTESY: Duration = Duration::from_micros(200);
/// How long a pause is where nobody waits: as short as the system's timers can.
const PAUSE: Duration = Duration::from_nanos(1);

impl Lap {
    /// Whether the system was asked a short time ago.
    fn is_fresh(&self, now: Duration) -> bool {
        now.checked_sub(self.told_at).is_some_and(|since| since < SHORT)
    }
}

/// The processor time at which an entry begins, or a little before.
pub(super) fn begin_lap() -> Duration {
    let (lap, now) = (LAP.get(), now());
    if lap.is_fresh(now) {
        LAP.set(Lap { began: now, ..lap });
        return lap.told;
    }
    let told = cpu_time();
    LAP.set(Lap { told, told_at: now, charged: Duration::ZERO, began: now });
    told
}

/// The processor time of this thread since the entry began, or the last lap, which ends here.
pub(super) fn lap() -> Duration {
    let (lap, now) = (LAP.get(), now());
    if lap.is_fresh(now) {
        let used = now.saturating_sub(lap.began);
        LAP.set(Lap { charged: lap.charged + used, began: now, ..lap });
        return used;
    }
    let told = cpu_time();
    LAP.set(Lap { told, told_at: now, charged: Duration::ZERO, began: now });
    told.saturating_sub(lap.told).saturating_sub(lap.charged)
}

/// Watches the processor time of whatever runs. The engine asks it now and then.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The processor time of the thread at which to stop.
    until: Cell<Duration>,
    rang: Cell<bool>,
    /// The processor time of the thread at the last pause.
    paused: Cell<Duration>,
}

impl Watch {
    /// Gives what it was set to before.
    pub(super) fn set(&self, until: Duration) -> Duration {
        self.rang.set(false);
        self.until.replace(until)
    }

    /// Whether it is time to stop.
    #[expect(clippy::disallowed_methods, reason = "the thread of scripts is to pause: nothing else runs on it")]
    pub(super) fn asks_to_stop(&self) -> bool {
        let now = cpu_time();
        let over = now >= self.until.get();
        if over {
            self.rang.set(true);
        } else if now.saturating_sub(LAP.get().told.max(self.paused.get())) >= COURTESY {
            self.paused.set(now);
            std::thread::sleep(PAUSE);
        }
        over
    }

    /// Whether something was stopped since it was set.
    pub(super) fn rang(&self) -> bool {
        self.rang.get()
    }
}
