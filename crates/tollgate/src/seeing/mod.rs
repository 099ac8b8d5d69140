//! What is to be seen of the running gateway, as the management API and the command line show it.

pub(crate) mod live;
pub(crate) mod requests;

use std::time::Duration;

/// Milliseconds, to the microsecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
