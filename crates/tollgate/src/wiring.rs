//! Who is handed what: the rooms behind the traits, put together.

mod keys;

use std::sync::Arc;

use anyhow::Context;
use tollgate_core::byte_cache::{ByteCache, MOST};
use tollgate_core::catalog::BuildIssue;
use tollgate_core::project::Project;
use tollgate_core::services::{HttpClient, Limiter, Quotas, Services};
use tollgate_core::settings::Settings;
use tollgate_core::store::Store;
use tollgate_core::time::{Clock, SystemClock};
use tollgate_identity::{Issuer, Keyring, MasterKey, Verifiers};
use tollgate_limits::quota::{LocalQuotas, SharedQuotas};
use tollgate_limits::redis::Address;
use tollgate_limits::{LocalLimiter, RedisLimiter};
use tollgate_proxy::Snapshot;
use tollgate_proxy::http_client::OutboundClient;
use tollgate_proxy::metrics::Metrics;
use tollgate_proxy::upstream::{MapHosts, Upstreams};

use crate::data_dir::DataDir;
use crate::issuer_url;
use crate::offline::Offline;
use crate::stores::OpenStore;

/// Everything that lives as long as the process, besides the gateway itself.
#[derive(Debug)]
pub(crate) struct Rooms {
    pub(crate) services: Arc<Services>,
    pub(crate) upstreams: Arc<Upstreams>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) quotas: LocalQuotas,
    /// Whether the store that counts them is not this node's alone.
    pub(crate) quotas_shared: bool,
    /// Seals what must not be kept in clear.
    pub(crate) master_key: MasterKey,
}

/// What decides how the rooms are made.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) data: &'a DataDir,
    pub(crate) store_url: String,
    /// Where limits are counted: `memory`, or an address.
    pub(crate) limits_url: &'a str,
    pub(crate) issuer_url: String,
    pub(crate) map_hosts: MapHosts,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether the development key is good and refusals say how to mend them.
    pub(crate) dev: bool,
    /// Whether another process still counts, which lets go of the quotas later.
    pub(crate) succeeds: bool,
}

impl Rooms {
    /// Opens the store, loads keys and signing keys, and puts everything together.
    pub(crate) async fn open(plan: Plan<'_>) -> anyhow::Result<Self> {
        let mut metrics = Metrics::new();
        let counting = Counting::open(&plan, &mut metrics).await?;
        let (store, keyring, issuer, master_key) = keys::open(&plan).await?;
        let Plan { map_hosts, clock, dev, .. } = plan;
        // A token of a revoked key, or with the old metadata in it, is not handed out again.
        let forgetting = Arc::clone(&issuer);
        keyring.on_change(move |change| forgetting.forget(change));
        let upstreams = Upstreams::new(Arc::clone(&clock), map_hosts);
        let http: Arc<dyn HttpClient> = Arc::new(OutboundClient::new(Arc::clone(&upstreams)));
        let services = Arc::new(Services {
            keyring: Arc::clone(&keyring) as _,
            limiter: counting.limiter,
            quotas: counting.quotas,
            cache: Arc::new(ByteCache::new(MOST, Arc::clone(&clock))),
            outgoing: Arc::default(),
            issuer: Arc::clone(&issuer) as _,
            verifiers: Arc::new(Verifiers::new(Arc::clone(&clock), Arc::clone(&http))),
            http,
            clock,
            explain: dev,
        });
        Ok(Self {
            services,
            upstreams,
            metrics: Arc::new(metrics),
            store,
            keyring,
            issuer,
            master_key,
            quotas: counting.kept,
            quotas_shared: counting.shared,
        })
    }

    /// Compiles a project.
    ///
    /// # Errors
    /// What only building brings to light, each at its place.
    pub(crate) fn compile(&self, project: &Arc<Project>) -> Result<Snapshot, Vec<BuildIssue>> {
        Snapshot::build(Arc::clone(project), crate::catalog(), &self.services, &self.upstreams)
    }
}

/// Where limits and quotas are counted.
struct Counting {
    limiter: Arc<dyn Limiter>,
    quotas: Arc<dyn Quotas>,
    /// What this node has to write before it ends.
    kept: LocalQuotas,
    shared: bool,
}

impl Counting {
    async fn open(plan: &Plan<'_>, metrics: &mut Metrics) -> anyhow::Result<Self> {
        let Plan { limits_url: url, clock, .. } = plan;
        let address = (*url != "memory").then(|| Address::parse(url)).transpose()?;
        let journal = plan.data.quota_journal();
        let kept = if plan.succeeds {
            LocalQuotas::of_successor(Arc::clone(clock))
        } else {
            LocalQuotas::open(&journal, Arc::clone(clock))
                .with_context(|| format!("the quotas in {} cannot be read", journal.display()))?
        };
        kept.keep_writing();
        let Some(address) = address else {
            let limiter = Arc::new(LocalLimiter::new(Arc::clone(clock)));
            return Ok(Self { limiter, quotas: Arc::new(kept.clone()), kept, shared: false });
        };
        let limiter = RedisLimiter::open(address, Arc::clone(clock)).await;
        limiter.register(metrics.registry());
        let quotas = Arc::new(SharedQuotas::new(&limiter, kept.clone()));
        Ok(Self { limiter: Arc::new(limiter), quotas, kept, shared: true })
    }
}

/// Compiles a project without a store, a socket or a data folder, for the mistakes alone.
pub(crate) fn compile_offline(project: &Arc<Project>) -> Vec<BuildIssue> {
    let (services, upstreams) = offline();
    Snapshot::build(Arc::clone(project), crate::catalog(), &services, &upstreams).err().unwrap_or_default()
}

/// Rooms that are empty, but for the network: for scripts that run without a gateway.
pub(crate) fn offline_services() -> Arc<Services> {
    offline().0
}

fn offline() -> (Arc<Services>, Arc<Upstreams>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let upstreams = Upstreams::new(Arc::clone(&clock), MapHosts::default());
    let http: Arc<dyn HttpClient> = Arc::new(OutboundClient::new(Arc::clone(&upstreams)));
    let services = Arc::new(Services {
        keyring: Arc::new(Offline),
        limiter: Arc::new(LocalLimiter::new(Arc::clone(&clock))),
        quotas: Arc::new(LocalQuotas::in_memory(Arc::clone(&clock))),
        cache: Arc::new(ByteCache::new(MOST, Arc::clone(&clock))),
        outgoing: Arc::default(),
        issuer: Arc::new(Offline),
        verifiers: Arc::new(Verifiers::new(Arc::clone(&clock), Arc::clone(&http))),
        http,
        clock,
        explain: false,
    });
    (services, upstreams)
}

/// A client for a command that needs one.
pub(crate) fn http_client() -> Arc<dyn HttpClient> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Arc::new(OutboundClient::new(Upstreams::new(clock, MapHosts::default())))
}

/// The issuer over a store, for `token rotate`.
pub(crate) async fn issuer_of_store(open: &OpenStore) -> anyhow::Result<Arc<Issuer>> {
    let master_key = keys::master_key(&open.settings.secrets, open.data.as_ref(), &*open.store).await?;
    let mut settings = open.settings.issuer.clone();
    if !open.configured
        && let Some(newest) = open.store.signing_keys().await?.last()
        && let Ok(algorithm) = serde_json::from_value(newest.algorithm.as_str().into())
    {
        // Without the project at hand, the key that is there says what its issuer signs with.
        settings.algorithm = algorithm;
    }
    let url = issuer_url::of_settings(&open.settings, None);
    Issuer::load(Arc::clone(&open.store) as _, Arc::clone(&open.clock), master_key, &settings, url)
        .await
        .context("the signing keys cannot be loaded")
}
