//! The connection to the shared store, and what keeps it from holding requests up.
//!
//! One connection carries all decisions of the node, many at a time. Where it breaks, or where three decisions in
//! a row or more than a quarter of them have not come within their time, it is given up: from then on nothing waits for the
//! store, and one task tries to reach it again, by the very thing that requests ask of it. So a store that
//! hangs costs a few requests its timeout once, not each of them; and a server that answers but cannot
//! count (a replica, one that loads its data, one that is too slow) is as good as none.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, Script, ScriptInvocation, ServerErrorKind};
use tokio::sync::Notify;
use tollgate_core::services::{Charge, Decision, Limit, LimiterAway, Window};
use tollgate_core::time::Clock;

use super::address::Address;
use super::metrics::Series;
use super::script::{self, Tag};

/// What a trouble weighs against a decision that came in time, and what weight is too much. A part of a cluster
/// that is away is a reason to give it all up only if many callers are on it.
const TROUBLE: u32 = 3;
const TOO_MUCH: u32 = 3 * TROUBLE;
/// How many keys a cluster is probed with, so that all of its servers are asked.
const CLUSTER_PROBES: usize = 16;
/// How long a start waits for the store.
const START: Duration = Duration::from_secs(1);
/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long the store is left alone after it could not be reached: first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// How many calls may be queued for the connection's task.
const QUEUE: usize = 1024;

/// A connection, to one server or to a cluster.
#[derive(Clone)]
pub(crate) enum Live {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Live {
    async fn run(&self, call: &ScriptInvocation<'_>) -> Result<Vec<i64>, RedisError> {
        match self {
            Self::One(connection) => call.invoke_async(&mut connection.clone()).await,
            Self::Cluster(connection) => call.invoke_async(&mut connection.clone()).await,
        }
    }

    /// Whether an error means that the connection will do no good any more.
    fn is_lost(&self, error: &RedisError) -> bool {
        let cannot_count = matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading)
        );
        match self {
            Self::One(_) => cannot_count || error.is_connection_dropped() || error.is_unrecoverable_error(),
            // A cluster has other nodes, and mends itself; only if it does not, it is given up.
            Self::Cluster(_) => false,
        }
    }
}

/// The connection of this node.
pub(crate) struct Link {
    address: Address,
    clock: Arc<dyn Clock>,
    current: ArcSwapOption<Live>,
    /// What has gone wrong of late, weighed.
    troubles: AtomicU32,
    lost: Notify,
    /// Whether the log has said that the store is away.
    told: AtomicBool,
    /// Decisions made without the store since it went.
    without: AtomicU64,
    pub(crate) series: Series,
    pub(crate) limits: Script,
    /// Told each time that the store is there again.
    returned: Notify,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Link {
    /// A link that tries to be there for as long as somebody holds it. Returns once it is, or once the first
    /// try has failed: the log has why.
    pub(crate) async fn open(address: Address, clock: Arc<dyn Clock>) -> Arc<Self> {
        let link = Arc::new(Self {
            address,
            clock,
            current: ArcSwapOption::empty(),
            troubles: AtomicU32::new(0),
            lost: Notify::new(),
            told: AtomicBool::new(false),
            without: AtomicU64::new(0),
            series: Series::default(),
            limits: Script::new(script::LIMITS),
            returned: Notify::new(),
        });
        // A server that hangs must not keep the gateway from starting.
        if tokio::time::timeout(START, link.reach()).await.is_err() {
            link.away("it does not answer");
        }
        tokio::spawn(keep(Arc::downgrade(&link)));
        link
    }

    /// Whether there is a connection: nothing is tried otherwise.
    pub(crate) fn is_up(&self) -> bool {
        self.current.load().is_some()
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Waits until the store is there again.
    pub(crate) async fn returned(&self) {
        self.returned.notified().await;
    }

    /// Lets the script decide, within the time there is.
    pub(crate) async fn decide(
        &self,
        keys: &[String],
        charges: &[Charge],
        force: bool,
    ) -> Result<Vec<Decision>, LimiterAway> {
        let call = script::call(&self.limits, keys, charges, force);
        self.run(&call).await.and_then(|answer| {
            script::decisions(&answer, charges.len()).map_err(|error| LimiterAway(error.to_string()))
        })
    }

    /// Runs a script, within the time there is.
    pub(crate) async fn run(&self, call: &ScriptInvocation<'_>) -> Result<Vec<i64>, LimiterAway> {
        let Some(live) = self.current.load_full() else {
            return Err(LimiterAway("there is no connection".to_owned()));
        };
        match tokio::time::timeout(self.address.patience, live.run(call)).await {
            Ok(Ok(answer)) => {
                self.series.decided();
                let troubles = self.troubles.load(Ordering::Relaxed);
                if troubles != 0 {
                    // One that comes in between counts a little more or less: this is no account.
                    let _ =
                        self.troubles.compare_exchange(troubles, troubles - 1, Ordering::Relaxed, Ordering::Relaxed);
                }
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.series.failed();
                let lost = live.is_lost(&error);
                self.trouble(&live, &error.to_string(), lost);
                Err(LimiterAway(error.to_string()))
            }
            Err(_) => {
                self.series.timed_out();
                let what = format!("no answer within {:?}", self.address.patience);
                self.trouble(&live, &what, false);
                Err(LimiterAway(what))
            }
        }
    }

    /// Notes a decision that was made without the store.
    pub(crate) fn did_without(&self) {
        self.without.fetch_add(1, Ordering::Relaxed);
        self.series.did_without();
    }

    fn trouble(&self, live: &Arc<Live>, what: &str, lost: bool) {
        let troubles = self.troubles.fetch_add(TROUBLE, Ordering::Relaxed) + TROUBLE;
        if !lost && troubles < TOO_MUCH {
            return;
        }
        // Only the connection that had the trouble: there may be another one already.
        let given_up = self.current.compare_and_swap(live, None);
        if given_up.as_ref().is_some_and(|given_up| Arc::ptr_eq(given_up, live)) {
            self.away(what);
            self.lost.notify_one();
        }
    }

    fn away(&self, what: &str) {
        self.series.up(false);
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                store = %self.address,
                cause = what,
                "the store of the limits is away: every limit does as its policy says until it is back"
            );
        }
    }

    /// Tries to get a connection that can count.
    async fn reach(&self) -> bool {
        let started = self.clock.monotonic();
        match connect(&self.address, &self.limits).await {
            Ok(live) => {
                self.troubles.store(0, Ordering::Relaxed);
                self.current.store(Some(Arc::new(live)));
                self.series.up(true);
                if self.told.swap(false, Ordering::Relaxed) {
                    let without = self.without.swap(0, Ordering::Relaxed);
                    tracing::warn!(store = %self.address, without, "the store of the limits is back");
                }
                let took = self.clock.monotonic().saturating_sub(started);
                tracing::debug!(store = %self.address, ?took, "connected");
                self.returned.notify_waiters();
                true
            }
            Err(what) => {
                self.away(&what);
                false
            }
        }
    }
}

/// Gets a connection that can count.
pub(crate) async fn connect(address: &Address, limits: &Script) -> Result<Live, String> {
    let clients = address.clients().map_err(|error| error.to_string())?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        // Decisions have a time of their own.
        .set_response_timeout(Some(CONNECT))
        .set_pipeline_buffer_size(QUEUE);
    let mut why = String::new();
    for client in &clients {
        let one = match client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => connection,
            Err(error) => {
                why = error.to_string();
                continue;
            }
        };
        let info: Result<String, RedisError> = redis::cmd("INFO").arg("cluster").query_async(&mut one.clone()).await;
        let in_cluster = info.is_ok_and(|info| info.contains("cluster_enabled:1"));
        let live = if in_cluster { join(address).await } else { Ok(Live::One(one)) };
        let tried = match live {
            Ok(live) => probe(&live, address, limits).await.map(|()| live),
            Err(error) => Err(error),
        };
        match tried {
            Ok(live) => return Ok(live),
            Err(error) => why = error,
        }
    }
    Err(why)
}

async fn join(address: &Address) -> Result<Live, String> {
    let mut builder = ClusterClientBuilder::new(address.nodes.clone())
        .connection_timeout(CONNECT)
        .response_timeout(CONNECT)
        .retries(2)
        .min_retry_wait(1)
        .max_retry_wait(16);
    if let Some(certificates) = &address.certificates {
        builder = builder.certs(certificates.clone());
    }
    let connected = match builder.build() {
        Ok(client) => client.get_async_connection().await,
        Err(error) => Err(error),
    };
    connected.map(Live::Cluster).map_err(|error| error.to_string())
}

/// Asks for a decision as requests do: a count that is written, answered in time. The first makes the script known;
/// the second shows how long it takes.
async fn probe(live: &Live, address: &Address, limits: &Script) -> Result<(), String> {
    let limit = Limit::Window(Window { count: u32::MAX, window: Duration::from_secs(1) });
    let charges = [Charge::new(limit, 1)];
    let call = |number: usize| {
        let keys = [Tag::new(&address.prefix, "probe", &number.to_string()).key("", limit)];
        script::call(limits, &keys, &charges, true)
    };
    let probes = if matches!(live, Live::Cluster(_)) { CLUSTER_PROBES } else { 1 };
    let each = (0..probes).flat_map(|number| [(number, CONNECT), (number, address.patience)]);
    for (number, patience) in each {
        let call = call(number);
        let answer = tokio::time::timeout(patience, live.run(&call)).await;
        let answer = answer.map_err(|_| format!("no answer within {patience:?}"))?;
        let answer = answer.map_err(|error| error.to_string())?;
        script::decisions(&answer, charges.len()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Reaches the store again whenever it is lost, for as long as somebody holds the link.
async fn keep(link: Weak<Link>) {
    let mut pause = PAUSE.0;
    loop {
        let Some(held) = link.upgrade() else { return };
        if held.is_up() {
            pause = PAUSE.0;
            // Held weakly meanwhile: nobody may ask for the link any more.
            tokio::select! {
                () = held.lost.notified() => {}
                () = tokio::time::sleep(PAUSE.1) => {}
            }
        } else if !held.reach().await {
            drop(held);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }
}
