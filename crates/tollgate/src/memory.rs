//! Memory that the process does not need at the moment, given back to the system.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, interval_at};
use tollgate_js::memory;

/// By then, whoever had the project read has let go of its trees, and of the project before it.
const MOMENT: Duration = Duration::from_millis(200);

/// How often is looked whether the process has come to rest.
const LOOK: Duration = Duration::from_secs(5);
/// From so much processor time between two looks on, it is busy: a hundredth of a core.
const BUSY: Duration = Duration::from_millis(50);

/// Lets the allocator return what reading and building a project needed for a moment only, which is
/// several times what the project itself needs. To be called by the thread that built it.
pub(crate) fn give_back() {
    memory::give_back();
    tokio::spawn(async {
        tokio::time::sleep(MOMENT).await;
        // Not on a thread that serves; and it cannot fail.
        let _ = tokio::task::spawn_blocking(memory::give_back).await;
    });
}

/// Lets go of what only the start of the program needed of it. Not for a time at which somebody is served.
pub(crate) fn end_of_start() {
    memory::let_program_go();
}

/// Gives back what only busy times need, whenever one has ended: memory that the allocator keeps, and pages of the
/// program. Never ends.
pub(crate) async fn rest_when_idle() {
    let mut rest = Rest::default();
    let mut looks = interval_at(Instant::now() + LOOK, LOOK);
    loop {
        looks.tick().await;
        if rest.is_due(processor_time()) {
            let resting = tokio::task::spawn_blocking(|| {
                memory::give_back();
                memory::let_program_go();
            });
            // It cannot fail.
            let _ = resting.await;
            rest.seen = processor_time();
        }
    }
}

/// When a process rests: once behind each busy time, as soon as it has done next to nothing between two looks. By its
/// processor time, because traffic is not all that keeps it busy, and some traffic hardly does.
#[derive(Debug, Default)]
struct Rest {
    /// The processor time at the last look.
    seen: Duration,
    rests: bool,
}

impl Rest {
    /// Whether it is to rest now that it has used so much processor time since it began.
    fn is_due(&mut self, used: Duration) -> bool {
        let is_busy = used.saturating_sub(self.seen) >= BUSY;
        let rested = std::mem::replace(&mut self.rests, !is_busy);
        self.seen = used;
        !is_busy && !rested
    }
}

/// The processor time of all threads of the process.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_rests_once_behind_each_busy_time() {
        let mut rest = Rest::default();
        let mut used = Duration::ZERO;
        let due = [40, 10, 0, 49, 0, 50, 900, 5, 5, 60, 0].map(|milliseconds| {
            used += Duration::from_millis(milliseconds);
            rest.is_due(used)
        });
        // The start was cheap; then come two busy times, the second of one look.
        let expected = [true, false, false, false, false, false, false, true, false, false, true];
        assert_eq!(due, expected);
    }
}
