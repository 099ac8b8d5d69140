//! Counting what somebody uses in an hour, a day, a week or a month.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Unit, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limiter::LimiterAway;
use crate::MaybeLater;
use crate::time::Timestamp;

/// How often a quota begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// Every hour.
    Hourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
}

/// Since when periods are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Full hours, midnights, Mondays and firsts of the month, in UTC.
    Calendar,
    /// This moment.
    At(Timestamp),
    /// The first request of the key that is counted; the store remembers it.
    FirstCall,
}

/// A stretch of time: from `start` on, and before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next one.
    pub end: Timestamp,
}

impl Every {
    /// The period around `now`, of those that begin at `anchor` and at equal distances from it. A month has
    /// its own length: what began on the 31st begins on the last day of shorter months, and on the 31st again
    /// where there is one. An anchor in the future has periods before it.
    pub fn period(self, anchor: Timestamp, now: Timestamp) -> Period {
        self.reckon(anchor, now).unwrap_or(Period { start: now, end: Timestamp(i64::MAX) })
    }

    /// The period of the calendar around `now`.
    pub fn calendar(self, now: Timestamp) -> Period {
        let first = || -> Result<Zoned, jiff::Error> {
            let now = zoned(now)?;
            Ok(match self {
                Self::Hourly => now.round(jiff::ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Floor))?,
                Self::Daily => now.start_of_day()?,
                Self::Weekly => {
                    let since_monday = now.weekday().since(Weekday::Monday);
                    now.start_of_day()?.checked_sub(i64::from(since_monday).days())?
                }
                Self::Monthly => now.first_of_month()?.start_of_day()?,
            })
        };
        match first() {
            Ok(first) => self.period(Timestamp(first.timestamp().as_millisecond()), now),
            Err(_) => Period { start: now, end: Timestamp(i64::MAX) },
        }
    }

    fn span(self, periods: i64) -> Result<Span, jiff::Error> {
        match self {
            Self::Hourly => Span::new().try_hours(periods),
            Self::Daily => Span::new().try_days(periods),
            Self::Weekly => Span::new().try_weeks(periods),
            Self::Monthly => Span::new().try_months(periods),
        }
    }

    fn reckon(self, anchor: Timestamp, now: Timestamp) -> Result<Period, jiff::Error> {
        let (first, moment) = (zoned(anchor)?, zoned(now)?);
        // Always from the anchor itself: from the 28th of February there is no way back to the 31st.
        let begins = |periods: i64| -> Result<Zoned, jiff::Error> { first.checked_add(self.span(periods)?) };
        let mut periods = match self {
            Self::Monthly => {
                let months = |at: &Zoned| i64::from(at.year()) * 12 + i64::from(at.month());
                months(&moment) - months(&first)
            }
            Self::Hourly => (now.0 - anchor.0).div_euclid(3_600_000),
            Self::Daily => (now.0 - anchor.0).div_euclid(86_400_000),
            Self::Weekly => (now.0 - anchor.0).div_euclid(7 * 86_400_000),
        };
        if begins(periods)? > moment {
            periods -= 1;
        }
        let millis = |at: Zoned| Timestamp(at.timestamp().as_millisecond());
        Ok(Period { start: millis(begins(periods)?), end: millis(begins(periods + 1)?) })
    }
}

fn zoned(at: Timestamp) -> Result<Zoned, jiff::Error> {
    Ok(jiff::Timestamp::from_millisecond(at.0)?.to_zoned(TimeZone::UTC))
}

/// When a quota begins anew, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How often.
    pub every: Every,
    /// Since when.
    pub anchor: Anchor,
}

impl Schedule {
    /// The period around `now`, where the first call was at `first`.
    pub fn period(self, first: Timestamp, now: Timestamp) -> Period {
        match self.anchor {
            Anchor::Calendar => self.every.calendar(now),
            Anchor::At(anchor) => self.every.period(anchor, now),
            Anchor::FirstCall => self.every.period(first, now),
        }
    }
}

/// So much of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The meter.
    pub meter: Arc<str>,
    /// How much the quota holds of it; any amount where nothing is said.
    pub allowance: Option<u64>,
    /// How much is used. Where that is nothing, because it is known only afterwards, something must be left.
    pub cost: u64,
}

/// What a quota says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Whether everything fitted. Where it did not, nothing was counted.
    pub allowed: bool,
    /// The period that it was counted in.
    pub period: Period,
    /// What is used of each meter now, in the order they were asked for.
    pub used: Vec<u64>,
}

/// A correction of what was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The meter.
    pub meter: Arc<str>,
    /// By how much: less than zero gives back.
    pub by: i64,
}

/// The counts of one quota, for all of its keys.
pub trait Quota: Send + Sync + fmt::Debug {
    /// Takes all of it from the quota of `key` if everything fits, and nothing otherwise.
    ///
    /// An error means that the counts cannot be reached. A quota that answers later keeps a copy of the key.
    fn take<'a>(
        &'a self,
        key: &str,
        schedule: Schedule,
        metered: &[Metered],
    ) -> MaybeLater<'a, Result<Usage, LimiterAway>>;
    /// Corrects what was taken in a period, if that is still the one that counts. Nobody waits for it.
    fn correct(&self, key: &str, period: Period, corrections: &[Correction]);
}

/// Where quotas come from. The same id gives the same counts, across reloads and restarts.
pub trait Quotas: Send + Sync + fmt::Debug {
    /// The quota with this id (a policy instance's). `stands_in`: whether this node goes on from what it knows
    /// while a shared store is away.
    fn quota(&self, id: &str, stands_in: bool) -> Arc<dyn Quota>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[track_caller]
    fn check(period: Period, start: &str, end: &str) {
        assert_eq!((period.start, period.end), (at(start), at(end)));
    }

    #[test]
    fn a_month_that_began_on_the_31st_ends_where_months_end() {
        let anchor = at("2026-01-31T10:30:00Z");
        for (now, start, end) in [
            ("2026-01-31T10:30:00Z", "2026-01-31T10:30:00Z", "2026-02-28T10:30:00Z"),
            ("2026-02-28T10:29:59.999Z", "2026-01-31T10:30:00Z", "2026-02-28T10:30:00Z"),
            ("2026-02-28T10:30:00Z", "2026-02-28T10:30:00Z", "2026-03-31T10:30:00Z"),
            ("2026-03-31T10:29:00Z", "2026-02-28T10:30:00Z", "2026-03-31T10:30:00Z"),
            ("2026-04-15T00:00:00Z", "2026-03-31T10:30:00Z", "2026-04-30T10:30:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02-29T10:30:00Z", "2028-03-31T10:30:00Z"),
            ("2025-12-31T11:00:00Z", "2025-12-31T10:30:00Z", "2026-01-31T10:30:00Z"),
        ] {
            check(Every::Monthly.period(anchor, at(now)), start, end);
        }
    }

    #[test]
    fn the_calendar_begins_at_full_hours_midnights_mondays_and_firsts() {
        let now = at("2026-11-28T08:40:12.345Z");
        check(Every::Hourly.calendar(now), "2026-11-28T08:00:00Z", "2026-11-28T09:00:00Z");
        check(Every::Daily.calendar(now), "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z");
        check(Every::Weekly.calendar(now), "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
        check(Every::Monthly.calendar(now), "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        check(Every::Monthly.calendar(at("2026-12-31T23:59:59Z")), "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    }

    #[test]
    fn hours_days_and_weeks_have_equal_lengths_before_the_anchor_too() {
        let anchor = at("2026-11-28T08:40:00Z");
        check(Every::Hourly.period(anchor, at("2026-11-28T10:39:59Z")), "2026-11-28T09:40:00Z", "2026-11-28T10:40:00Z");
        check(Every::Daily.period(anchor, at("2026-11-27T09:00:00Z")), "2026-11-27T08:40:00Z", "2026-11-28T08:40:00Z");
        check(Every::Weekly.period(anchor, at("2026-12-05T08:40:00Z")), "2026-12-05T08:40:00Z", "2026-12-12T08:40:00Z");
    }

    #[test]
    fn every_moment_lies_in_its_period_and_periods_follow_one_another() {
        let anchor = at("2024-01-31T00:00:00Z");
        let mut now = at("2023-06-01T00:00:00Z");
        let mut last: Option<Period> = None;
        while now < at("2029-01-01T00:00:00Z") {
            let period = Every::Monthly.period(anchor, now);
            assert!(period.start <= now && now < period.end, "{now:?} in {period:?}");
            if let Some(last) = last.filter(|last| *last != period) {
                assert_eq!(last.end, period.start);
            }
            last = Some(period);
            now = Timestamp(now.0 + 7 * 3_600_000);
        }
    }
}
