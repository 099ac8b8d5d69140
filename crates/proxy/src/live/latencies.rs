//! How long things took, counted in classes that are never wider than a quarter of their value: enough
//! for percentiles that people read, for two counters' worth of work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Classes in each doubling.
const STEPS: u64 = 4;
/// Up to 2³⁶ microseconds, nineteen hours, are told apart.
const CLASSES: usize = 140;

/// Counts durations.
pub(crate) struct Latencies(Box<[AtomicU64; CLASSES]>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Box::new([const { AtomicU64::new(0) }; CLASSES]))
    }
}

impl Latencies {
    pub(crate) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0[class(micros)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far: the end of each class that is not empty, in microseconds, and how many
    /// took less than that and not less than the class before says.
    pub(crate) fn counts(&self) -> Vec<(u64, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed)).enumerate();
        counts.filter(|(_, count)| *count > 0).map(|(class, count)| (end(class), count)).collect()
    }
}

fn class(micros: u64) -> usize {
    if micros < STEPS {
        return usize::try_from(micros).unwrap_or_default();
    }
    let doubling = u64::from(micros.ilog2());
    let step = (micros >> (doubling - 2)) & (STEPS - 1);
    usize::try_from((doubling - 1) * STEPS + step).unwrap_or(CLASSES).min(CLASSES - 1)
}

/// The first number that is beyond a class.
fn end(class: usize) -> u64 {
    let class = class as u64;
    if class < STEPS {
        return class + 1;
    }
    let (doubling, step) = (class / STEPS + 1, class % STEPS);
    (STEPS + step + 1) << (doubling - 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_lies_below_its_end_and_not_below_that_of_the_one_before() {
        for class_at in 1..CLASSES - 1 {
            let (from, to) = (end(class_at - 1), end(class_at));
            assert!(from < to, "{class_at}");
            assert_eq!((class(from), class(to - 1)), (class_at, class_at), "{from} {to}");
            assert!(from < STEPS || (to - from) * STEPS <= from, "{from} {to}");
        }
        assert_eq!(class(u64::MAX), CLASSES - 1);
    }

    #[test]
    fn durations_are_counted_in_their_classes() {
        let latencies = Latencies::default();
        for micros in [0, 1000, 1001, 1_000_000] {
            latencies.note(Duration::from_micros(micros));
        }
        latencies.note(Duration::MAX);
        let counts = latencies.counts();
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 5);
        assert_eq!(counts[0], (1, 1));
        assert!(counts[1].0 > 1001 && counts[1].0 < 1251 && counts[1].1 == 2, "{counts:?}");
    }
}
