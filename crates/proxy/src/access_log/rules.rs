//! Which requests have a line.

use tollgate_core::settings::AccessLogSettings;
use tollgate_core::units::Ratio;

use super::Entry;

/// Which requests have a line, by the settings of one project.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LogRules {
    enabled: bool,
    /// Of 2⁶⁴ spans, so many.
    threshold: u64,
    /// The share that is kept by chance; `None` for all.
    share: Option<f64>,
    slow: std::time::Duration,
}

/// Whether an entry has a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kept {
    No,
    /// For what it is.
    Always,
    /// By chance: it stands for others.
    Sampled(f64),
}

impl LogRules {
    pub(crate) fn new(settings: &AccessLogSettings) -> Self {
        let Ratio(share) = settings.sample;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and is between 0 and 1"
        )]
        let threshold = (share * u64::MAX as f64) as u64;
        Self { enabled: settings.enabled, threshold, share: (share < 1.0).then_some(share), slow: settings.slow.0 }
    }

    pub(crate) const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Chance is the gateway's own span: a caller chooses the trace, and could keep itself out of the log by it.
    pub(super) fn judge(&self, entry: &Entry) -> Kept {
        let Some(share) = self.share else { return Kept::Always };
        if entry.status >= 400 || entry.record.refusal.is_some() || entry.total() >= self.slow {
            return Kept::Always;
        }
        let chance = u64::from_str_radix(entry.span_id.as_str(), 16).unwrap_or_default();
        if chance < self.threshold { Kept::Sampled(share) } else { Kept::No }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tollgate_core::exchange::SpanId;
    use tollgate_core::units::Interval;

    use super::super::tests::{entry, refused};
    use super::*;

    fn rules(share: f64) -> LogRules {
        let slow = Interval::from_millis(50);
        LogRules::new(&AccessLogSettings { sample: Ratio(share), slow, ..AccessLogSettings::default() })
    }

    #[test]
    fn a_share_of_what_went_well_is_kept_and_everything_else() {
        let mut well = entry();
        for (span, expected) in [(0, Kept::Sampled(0.5)), (1 << 63, Kept::No), (u64::MAX, Kept::No)] {
            well.span_id = SpanId::of(span.into());
            assert_eq!(rules(0.5).judge(&well), expected, "{span:x}");
            assert_eq!(rules(1.0).judge(&well), Kept::Always);
            assert_eq!(rules(0.0).judge(&well), Kept::No);
        }
        let mut slow = entry();
        slow.record.timings.total = Some(Duration::from_millis(50));
        let mut failed = entry();
        failed.status = 404;
        for kept in [slow, failed, refused()] {
            assert_eq!(rules(0.0).judge(&kept), Kept::Always, "{kept:?}");
        }
    }
}
