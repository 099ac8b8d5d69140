//! The quotas of several nodes, in the store that limits are shared in.
//!
//! Beside the store stands what this node last saw of it. While the store is away a quota that stands in goes on from
//! that, and keeps what it counts to tell it later. The bounds: each node lets through at most what it last saw
//! to be left; what was counted meanwhile is in the store within two seconds of its return; a request
//! that was under way to the store when it went may be counted twice. A store that was emptied goes on from
//! what the first node to ask last saw.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::Script;
use tollgate_core::MaybeLater;
use tollgate_core::services::{Anchor, Correction, LimiterAway, Metered, Period, Quota, Quotas, Schedule, Usage};
use tollgate_core::time::Timestamp;

use super::LocalQuotas;
use super::book::Full;
use super::counts::Counts;
use crate::RedisLimiter;
use crate::redis::{Link, Tag};

const QUOTA: &str = include_str!("quota.lua");
/// How often it is looked for what the store has to be told, besides when it returns.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long the store keeps counts after their period, and where first calls decide, how long those, in
/// milliseconds.
const KEPT: (i64, i64) = (86_400_000, 400 * 86_400_000);

const TAKEN: i64 = 1;
const REFUSED: i64 = 0;
const OTHER_FIRST: i64 = 2;
const OVER: i64 = 3;

/// Counts in Redis or Valkey.
#[derive(Debug)]
pub struct SharedQuotas {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    link: Arc<Link>,
    script: Script,
    seen: LocalQuotas,
}

#[derive(Debug)]
struct SharedQuota {
    id: Box<str>,
    stands_in: bool,
    shared: Arc<Shared>,
}

/// What the script is asked of one meter.
struct Asked {
    meter: Arc<str>,
    allowance: Option<u64>,
    /// May be below zero where something is given back.
    cost: i64,
    /// What this node last saw to be used.
    seen: u64,
}

/// What the script answered.
struct Answer {
    state: i64,
    first: Option<Timestamp>,
    period: Period,
    used: Vec<u64>,
}

impl SharedQuotas {
    /// Quotas in the store of a limiter; `seen` keeps what this node knows of them. Needs a runtime.
    pub fn new(limiter: &RedisLimiter, seen: LocalQuotas) -> Self {
        let shared = Arc::new(Shared { link: limiter.link(), script: Script::new(QUOTA), seen });
        tokio::spawn(reconcile(Arc::downgrade(&shared)));
        Self { shared }
    }
}

impl Quotas for SharedQuotas {
    fn quota(&self, id: &str, stands_in: bool) -> Arc<dyn Quota> {
        Arc::new(SharedQuota { id: id.into(), stands_in, shared: Arc::clone(&self.shared) })
    }
}

impl Quota for SharedQuota {
    fn take<'a>(
        &'a self,
        key: &str,
        schedule: Schedule,
        metered: &[Metered],
    ) -> MaybeLater<'a, Result<Usage, LimiterAway>> {
        let tag = self.tag(key);
        if !self.shared.link.is_up() {
            let away = LimiterAway("there is no connection".to_owned());
            return MaybeLater::Now(self.stand_in(&tag, schedule, metered, away));
        }
        let metered = metered.to_vec();
        MaybeLater::later(async move {
            match self.shared.take(&tag, schedule, &metered).await {
                Ok(usage) => Ok(usage),
                Err(away) => self.stand_in(&tag, schedule, &metered, away),
            }
        })
    }

    fn correct(&self, key: &str, period: Period, corrections: &[Correction]) {
        let tag = self.tag(key);
        let seen = &self.shared.seen;
        let current = seen.book.read(tag.as_str(), |counts| counts.period() == period) == Some(true);
        if !current {
            return;
        }
        // Noted as something to tell: if the store is there it is told at once, and else when it returns.
        let noted = seen.book.on(
            tag.as_str(),
            seen.clock.now(),
            || Counts::of_period(period),
            |counts, _| counts.correct(corrections, true),
        );
        if noted.is_ok() && self.shared.link.is_up() {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { shared.tell(tag.as_str()).await });
        }
    }
}

impl SharedQuota {
    fn tag(&self, key: &str) -> Tag {
        Tag::new(&self.shared.link.address().prefix, &self.id, key)
    }

    /// Goes on from what this node last saw, where that is wanted.
    fn stand_in(
        &self,
        tag: &Tag,
        schedule: Schedule,
        metered: &[Metered],
        away: LimiterAway,
    ) -> Result<Usage, LimiterAway> {
        self.shared.link.did_without();
        if !self.stands_in {
            return Err(away);
        }
        let seen = &self.shared.seen;
        let now = seen.clock.now();
        let taken = seen.book.on(
            tag.as_str(),
            now,
            || Counts::new(schedule, now),
            |counts, _| {
                counts.turn(schedule, now);
                counts.take(metered, true)
            },
        );
        taken.map_err(|Full| away)
    }
}

impl Shared {
    /// Takes from the quota in the store, and remembers what it says.
    async fn take(&self, tag: &Tag, schedule: Schedule, metered: &[Metered]) -> Result<Usage, LimiterAway> {
        let now = self.seen.clock.now();
        let mut first = match schedule.anchor {
            Anchor::FirstCall => {
                Some(self.seen.book.read(tag.as_str(), |counts| counts.first).flatten().unwrap_or(now))
            }
            _ => None,
        };
        // Twice at most: once a node knows the first call of a key, that stays.
        for _ in 0..3 {
            let period = schedule.period(first.unwrap_or(now), now);
            let meters = self.meters(tag.as_str(), period, metered);
            let answer = self.call(tag.as_str(), "take", first, period, &meters).await?;
            if answer.state == OTHER_FIRST {
                first = answer.first;
                continue;
            }
            let used: Vec<_> = metered.iter().map(|asked| Arc::clone(&asked.meter)).zip(answer.used.clone()).collect();
            let _ = self.seen.book.on(
                tag.as_str(),
                now,
                || Counts::new(schedule, now),
                |counts, _| counts.take_over(first, answer.period, &used),
            );
            return Ok(Usage { allowed: answer.state == TAKEN, period: answer.period, used: answer.used });
        }
        Err(LimiterAway("the first call of the key changes all the time".to_owned()))
    }

    /// Tells the store what it has not been told of a key.
    async fn tell(&self, key: &str) {
        let now = self.seen.clock.now();
        // Taken out first: what is counted meanwhile is told the next time.
        let taken = self.seen.book.on(key, now, unreachable_counts, |counts, _| {
            (counts.first, counts.period(), std::mem::take(&mut counts.pending), counts.used.clone())
        });
        let Ok((first, period, pending, used)) = taken else { return };
        if pending.is_empty() {
            return;
        }
        let last_seen = |meter: &Arc<str>, by: i64| {
            let used = used.iter().find(|(name, _)| name == meter).map_or(0, |(_, used)| *used);
            used.saturating_add_signed(by.saturating_neg())
        };
        let meters: Vec<_> = pending
            .iter()
            .map(|(meter, by)| Asked {
                meter: Arc::clone(meter),
                allowance: None,
                cost: *by,
                seen: last_seen(meter, *by),
            })
            .collect();
        match self.call(key, "add", first, period, &meters).await {
            Ok(answer) if matches!(answer.state, TAKEN | REFUSED | OVER) => {}
            // First calls that differ: both nodes met the key while the store was away. The store's counts, in the
            // period that it goes by.
            Ok(answer) => {
                let _ = self.call(key, "add", answer.first, answer.period, &meters).await;
                let _ = self.seen.book.on(key, now, unreachable_counts, |counts, _| counts.first = answer.first);
            }
            Err(_) => {
                let _ = self.seen.book.on(key, now, unreachable_counts, |counts, _| {
                    if counts.period() == period {
                        let corrections = pending.iter().map(|(meter, by)| (Arc::clone(meter), *by));
                        counts.still_pending(corrections);
                    }
                });
            }
        }
    }

    /// What is asked of each meter, and what this node last saw of it.
    fn meters(&self, key: &str, period: Period, metered: &[Metered]) -> Vec<Asked> {
        let seen = |meter: &str| {
            let used = self.seen.book.read(key, |counts| (counts.period() == period).then(|| counts.used(meter)));
            used.flatten().unwrap_or(0)
        };
        let one = |asked: &Metered| {
            let cost = i64::try_from(asked.cost).unwrap_or(i64::MAX);
            Asked { meter: Arc::clone(&asked.meter), allowance: asked.allowance, cost, seen: seen(&asked.meter) }
        };
        metered.iter().map(one).collect()
    }

    async fn call(
        &self,
        key: &str,
        how: &str,
        first: Option<Timestamp>,
        period: Period,
        meters: &[Asked],
    ) -> Result<Answer, LimiterAway> {
        let kept = if first.is_some() { KEPT.1 } else { KEPT.0 };
        let mut call = self.script.prepare_invoke();
        call.key(format!("{key}:quota")).arg(how);
        call.arg(first.map(|first| first.0.to_string()).unwrap_or_default());
        // By this node's clock, whatever the server's says.
        let left = period.end.0.saturating_sub(self.seen.clock.now().0).clamp(0, KEPT.1);
        call.arg(period.start.0).arg(period.end.0).arg(left.saturating_add(kept));
        for Asked { meter, allowance, cost, seen } in meters {
            let allowance = allowance.map_or(-1, |allowance| i64::try_from(allowance).unwrap_or(i64::MAX));
            call.arg(&**meter).arg(allowance).arg(*cost).arg(*seen);
        }
        let answer = self.link.run(&call).await?;
        let wrong = || LimiterAway("not an answer of the script".to_owned());
        let [state, first, start, end, used @ ..] = &*answer else { return Err(wrong()) };
        let counted = matches!(*state, TAKEN | REFUSED);
        if counted && used.len() != meters.len() {
            return Err(wrong());
        }
        Ok(Answer {
            state: *state,
            first: (*first >= 0).then_some(Timestamp(*first)),
            period: Period { start: Timestamp(*start), end: Timestamp(*end) },
            used: used.iter().map(|used| u64::try_from(*used).unwrap_or(0)).collect(),
        })
    }
}

/// Counts of a key that has gone while it was looked at: they count nothing.
fn unreachable_counts() -> Counts {
    Counts::of_period(Period { start: Timestamp(0), end: Timestamp(0) })
}

/// Tells the store what was counted without it, when it returns and once a second.
async fn reconcile(shared: Weak<Shared>) {
    loop {
        {
            let Some(held) = shared.upgrade() else { return };
            if held.link.is_up() {
                for key in held.seen.book.owed() {
                    held.tell(&key).await;
                }
            }
            // Held while waiting, but for no longer than a moment.
            let _ = tokio::time::timeout(TELL_EVERY, held.link.returned()).await;
        }
        tokio::task::yield_now().await;
    }
}
