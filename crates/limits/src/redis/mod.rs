//! The store that several nodes share: Redis 7 or Valkey, one server or a cluster.
//!
//! A decision is one Lua script and one round trip, on the server's clock, so that the count is exact over all
//! nodes whatever their clocks say. Equal projects on all nodes name equal counters: nothing else has to be
//! agreed upon.
//!
//! *Without the store* ([`link`] tells when that is): a counter that stands in counts in memory of this node, and
//! was told of every hit that the store counted for this node before; so no node ever lets through more than the
//! limit in any window, and all together at most the limit times the nodes. A counter that does not stand in
//! says [`LimiterAway`], and its policy decides.
//!
//! *Overtaking* counters (`mode: async`) answer from the memory of this node and tell the store beside it.
//! What the store refuses is refused here from then on. The bound: what arrives on all nodes within one
//! round trip after the limit was reached passes as well; and no node passes more than the limit.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use tollgate_core::MaybeLater;
use tollgate_core::services::{Charge, Counter, CounterGroup, Decision, Limit, Limiter, LimiterAway, Sharing};
use tollgate_core::time::Clock;

mod address;
mod link;
mod metrics;
mod refusals;
mod script;

pub(crate) use link::Link;
pub(crate) use script::Tag;

pub use address::{Address, AddressError};
pub use metrics::SERIES;
pub use script::LIMITS as SCRIPT;

use crate::LocalLimiter;
use crate::local::LocalGroup;
use refusals::Refusals;

/// Counts in Redis or Valkey.
#[derive(Debug)]
pub struct RedisLimiter {
    shared: Arc<Shared>,
    local: LocalLimiter,
}

#[derive(Debug)]
struct Shared {
    link: Arc<Link>,
    clock: Arc<dyn Clock>,
    refusals: Refusals,
}

/// Several counters that decide together.
#[derive(Debug)]
struct RedisGroup {
    id: Box<str>,
    names: Box<[Box<str>]>,
    sharing: Sharing,
    shared: Arc<Shared>,
    local: Arc<LocalGroup>,
}

/// A group of one.
#[derive(Debug)]
struct RedisCounter(RedisGroup);

impl RedisLimiter {
    /// A limiter on the store at this address. Where that cannot be reached, it begins without it; the log
    /// says so, and the store is used as soon as it is there.
    pub async fn open(address: Address, clock: Arc<dyn Clock>) -> Self {
        let link = Link::open(address, Arc::clone(&clock)).await;
        let local = LocalLimiter::new(Arc::clone(&clock));
        Self { shared: Arc::new(Shared { link, clock, refusals: Refusals::default() }), local }
    }

    /// Tries whether the store at an address can count, in time.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(address: &Address) -> Result<(), String> {
        link::connect(address, &redis::Script::new(SCRIPT)).await.map(|_| ())
    }

    /// Puts the series of the store into the metrics.
    pub fn register(&self, registry: &mut Registry) {
        self.shared.link.series.register(registry);
    }

    /// Whether the store can be reached.
    pub fn is_up(&self) -> bool {
        self.shared.link.is_up()
    }

    /// The connection, for what else is kept in the store.
    pub(crate) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.shared.link)
    }

    fn group_of(&self, id: &str, names: &[&str], sharing: Sharing) -> RedisGroup {
        RedisGroup {
            id: id.into(),
            names: names.iter().map(|name| (*name).into()).collect(),
            sharing,
            shared: Arc::clone(&self.shared),
            local: Arc::new(self.local.local_group(id, names)),
        }
    }
}

impl Limiter for RedisLimiter {
    fn counter(&self, id: &str, sharing: Sharing) -> Arc<dyn Counter> {
        Arc::new(RedisCounter(self.group_of(id, &[""], sharing)))
    }

    fn group(&self, id: &str, names: &[&str], sharing: Sharing) -> Arc<dyn CounterGroup> {
        Arc::new(self.group_of(id, names, sharing))
    }

    fn shared_store_is_up(&self) -> Option<bool> {
        Some(self.is_up())
    }
}

impl Counter for RedisCounter {
    fn hit<'a>(&'a self, key: &str, limit: Limit, cost: u32) -> MaybeLater<'a, Result<Decision, LimiterAway>> {
        let one = |decisions: Vec<Decision>| {
            decisions.into_iter().next().ok_or_else(|| LimiterAway("there was no decision".to_owned()))
        };
        match self.0.hit(key, &[Charge::new(limit, cost)]) {
            MaybeLater::Now(outcome) => MaybeLater::Now(outcome.and_then(one)),
            MaybeLater::Later(outcome) => MaybeLater::later(async move { outcome.await.and_then(one) }),
        }
    }
}

impl CounterGroup for RedisGroup {
    fn hit<'a>(&'a self, key: &str, charges: &[Charge]) -> MaybeLater<'a, Result<Vec<Decision>, LimiterAway>> {
        let tag = Tag::new(&self.shared.link.address().prefix, &self.id, key);
        let asked_at = self.shared.clock.monotonic();
        let looks = charges.iter().all(|charge| charge.needed() == 0);
        if !looks && let Some(known) = self.shared.refusals.find(tag.as_str(), charges, asked_at) {
            self.shared.link.series.refused_here();
            return MaybeLater::Now(Ok(known));
        }
        if !self.shared.link.is_up() {
            let away = LimiterAway("there is no connection".to_owned());
            return MaybeLater::Now(self.stand_in(&tag, charges, away));
        }
        if self.sharing.overtakes && !looks {
            return MaybeLater::Now(Ok(self.overtake(tag, charges)));
        }
        let charges: Vec<Charge> = charges.into();
        MaybeLater::later(async move {
            let keys = self.keys(&tag, &charges);
            match self.shared.link.decide(&keys, &charges, false).await {
                Ok(decisions) => {
                    self.shared.refusals.note(tag.as_str(), &charges, &decisions, asked_at);
                    if self.sharing.stands_in && !looks && decisions.iter().all(|decision| decision.allowed) {
                        self.local.add(tag.as_str(), &charges);
                    }
                    Ok(decisions)
                }
                Err(away) => self.stand_in(&tag, &charges, away),
            }
        })
    }

    fn add(&self, key: &str, charges: &[Charge]) {
        let tag = Tag::new(&self.shared.link.address().prefix, &self.id, key);
        if self.sharing.stands_in || self.sharing.overtakes {
            self.local.add(tag.as_str(), charges);
        }
        if !self.shared.link.is_up() {
            return;
        }
        let (keys, charges) = (self.keys(&tag, charges), charges.to_vec());
        let link = Arc::clone(&self.shared.link);
        tokio::spawn(async move {
            // A failure is in the metrics, and in the log where it lasts.
            let _ = link.decide(&keys, &charges, true).await;
        });
    }
}

impl RedisGroup {
    fn keys(&self, tag: &Tag, charges: &[Charge]) -> Vec<String> {
        self.names.iter().zip(charges).map(|(name, charge)| tag.key(name, charge.limit)).collect()
    }

    /// Counts here, where that is wanted.
    fn stand_in(&self, tag: &Tag, charges: &[Charge], away: LimiterAway) -> Result<Vec<Decision>, LimiterAway> {
        self.shared.link.did_without();
        if self.sharing.stands_in { Ok(self.local.count(tag.as_str(), charges)) } else { Err(away) }
    }

    /// Counts here, and tells the store, whose refusal holds for those who come later.
    fn overtake(&self, tag: Tag, charges: &[Charge]) -> Vec<Decision> {
        let decisions = self.local.count(tag.as_str(), charges);
        if !decisions.iter().all(|decision| decision.allowed) {
            return decisions;
        }
        let (keys, charges) = (self.keys(&tag, charges), charges.to_vec());
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let asked_at = shared.clock.monotonic();
            if let Ok(decisions) = shared.link.decide(&keys, &charges, false).await {
                shared.refusals.note(tag.as_str(), &charges, &decisions, asked_at);
            }
        });
        decisions
    }
}
