//! Names for new things: a prefix and a UUIDv7 (RFC 9562), so that they sort by age.

use std::sync::{Arc, Mutex};

use tollgate_core::time::Clock;
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes ids from the injected clock. Two ids of one millisecond still sort in their order.
#[derive(Debug)]
pub(crate) struct Ids {
    clock: Arc<dyn Clock>,
    context: Mutex<ContextV7>,
}

impl Ids {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, context: Mutex::new(ContextV7::new()) }
    }

    /// A name for a new thing: `con_…` for `con`.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.uuid().simple())
    }

    fn uuid(&self) -> Uuid {
        let now = self.clock.now().0.max(0).unsigned_abs();
        let nanoseconds = u32::try_from(now % 1000).unwrap_or(0) * 1_000_000;
        Uuid::new_v7(Timestamp::from_unix(&self.context, now / 1000, nanoseconds))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tollgate_core::time::ManualClock;

    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_distinct_and_sorted() {
        let ids = Ids::new(Arc::new(ManualClock::default()));
        let made: Vec<String> = (0..1000).map(|_| ids.new_id("key")).collect();
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 1000);
        assert!(made.is_sorted());
        assert!(made[0].starts_with("key_") && made[0].len() == 36, "{}", made[0]);
    }
}
