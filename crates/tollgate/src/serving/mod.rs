//! A gateway that serves: what `dev` and `run` have in common.

mod canary;
mod commit_messages;
mod control;
mod documents;
mod github_alerts;
mod leak_webhooks;
mod leaks;
mod listeners;
mod log_levels;
mod place;
mod reload;
mod repository;
mod rollback;
mod signals;
mod store;
mod usage;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tollgate_admin::{Admin, ManagementToken};
use tollgate_core::project::Project;
use tollgate_core::time::{Clock, SystemClock, Timestamp};
use tollgate_identity::DebugTokenKey;
use tollgate_proxy::Gateway;
use tollgate_proxy::access_log::{AccessLog, Format};
use tollgate_proxy::connection::WireSettings;
use tollgate_proxy::listener::{self, Listener};
use tollgate_proxy::upstream::MapHosts;
use tollgate_spec::Diagnostics;

use crate::certificates::Certificates;
use crate::cli::ServeArgs;
use crate::data_dir::DataDir;
use crate::git::Checkout;
use crate::handover::Role;
use crate::loading::ProjectSource;
use crate::run_state::RunState;
use crate::snapshots::{Applied, Pin, Snapshots};
use crate::wiring::{Plan, Rooms};
use crate::{Broken, issuer_url, ready_file, stores};

pub(crate) use listeners::Bound;
pub(crate) use place::Arrival;
pub(crate) use reload::{HOW_TO_UNPIN, Outcome};
pub(crate) use repository::first_checkout;
pub(crate) use signals::{Asked, Signals};

/// For whom it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Dev,
    Run,
}

impl Mode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Run => "run",
        }
    }
}

/// How to serve.
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) source: ProjectSource,
    /// The repository that it comes from.
    pub(crate) checkout: Option<Checkout>,
    pub(crate) data: DataDir,
    pub(crate) management_listen: Option<String>,
    /// Where limits are counted, instead of what the settings say.
    pub(crate) limits: Option<String>,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) map_hosts: MapHosts,
    pub(crate) log: Box<dyn Write + Send>,
    pub(crate) format: Format,
    pub(crate) arrival: Arrival,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("mode", &self.mode).field("source", &self.source).finish_non_exhaustive()
    }
}

/// The mappings of `--map-host` and `--map-host-tls`.
pub(crate) fn map_hosts(args: &ServeArgs) -> MapHosts {
    let mut hosts = MapHosts::default();
    for (maps, tls) in [(&args.map_host, false), (&args.map_host_tls, true)] {
        for map in maps {
            // The command line has checked the form.
            let _ = hosts.add(&map.to_string(), tls);
        }
    }
    hosts
}

/// The snapshot that stays in force whatever the project on disk is, and what it was read to be.
pub(crate) async fn pinned(
    snapshots: &Snapshots,
    source: &ProjectSource,
) -> anyhow::Result<Option<(Pin, tollgate_spec::Loaded)>> {
    let Some(pin) = snapshots.pinned()? else { return Ok(None) };
    let read = async {
        let record = snapshots.find(pin.id)?.context("it is not kept")?;
        snapshots.source(&record, source)?.load_with_scripts().await
    };
    let loaded = read.await.with_context(|| format!("{pin}, and cannot be served\n  help: {HOW_TO_UNPIN}"))?;
    Ok(Some((pin, loaded)))
}

/// A project in force, and since when.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) project: Arc<Project>,
    pub(crate) since: Timestamp,
    /// The id under which it is kept.
    pub(crate) kept: Option<u32>,
}

/// Where the first project of a gateway comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// The disk; it is to be kept.
    Disk(Applied),
    /// The disk, and nobody will come back to it: tests.
    Passing,
    /// A snapshot of this id, and whether it is pinned.
    Kept(u32, Option<Pin>),
}

/// A gateway that serves.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) mode: Mode,
    pub(crate) source: ProjectSource,
    pub(crate) data: DataDir,
    pub(crate) rooms: Rooms,
    pub(crate) gateway: Arc<Gateway>,
    /// The address of the first listener.
    pub(crate) listen: SocketAddr,
    pub(crate) listeners: Vec<Bound>,
    pub(crate) management: SocketAddr,
    pub(crate) descriptors: usize,
    started_on: Timestamp,
    management_listen: Option<String>,
    limits: Option<String>,
    in_force: ArcSwap<InForce>,
    /// The projects that were applied.
    pub(crate) snapshots: Snapshots,
    /// Why no other project is put into force.
    pinned: ArcSwapOption<Pin>,
    canary: canary::CanaryDesk,
    repository: Option<repository::Repository>,
    documents: documents::FollowedDocuments,
    messages: commit_messages::CommitDesk,
    this: Weak<Self>,
    /// Why the project on disk is not the one in force.
    degraded: ArcSwapOption<String>,
    /// Why the certificates on disk are not those in force.
    uncertified: ArcSwapOption<String>,
    reloading: tokio::sync::Mutex<()>,
    reporter: tokio::sync::Mutex<usage::Reporter>,
    /// The last change that is in the reserve on the disk; -1 for none.
    kept: AtomicI64,
    leaks: leaks::LeakDesk,
    /// The end was announced.
    leaving: CancellationToken,
    log_levels: log_levels::LogLevels,
    stopping: CancellationToken,
    ended: tokio_util::task::TaskTracker,
    arrival: Arrival,
    place: place::Place,
    state: RunState,
}

impl Serving {
    /// Starts serving a project. Traffic is accepted when this returns.
    pub(crate) async fn start(
        options: Options,
        project: Arc<Project>,
        diagnostics: Diagnostics,
        origin: Origin,
    ) -> anyhow::Result<Arc<Self>> {
        let descriptors = crate::descriptors::raise();
        let settings = &project.settings;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let mut diagnostics = diagnostics;
        let certificates = Certificates::read(&project, clock.now());
        if certificates.failure().is_some() {
            certificates.tell(&mut diagnostics);
            return Err(Broken::new(diagnostics).into());
        }
        certificates.log_warnings();
        let seen = certificates.seen.clone();
        let mut opening = listeners::Opening::new(&options.arrival.sockets);
        let (bound_to, bound) = opening.all(settings, options.source.listen.as_deref(), certificates).await?;
        let listen = bound.first().context("there is no listener")?.address;
        let management_address = options.management_listen.as_ref().unwrap_or(&settings.server.management_listen);
        const MANAGEMENT: &str = "--management-listen";
        let management_listener = opening.one(Role::Management, management_address, true, MANAGEMENT).await?;
        let management = management_listener.local_addr()?;
        let shared = opening.finish()?;

        let issuer_url = issuer_url::of_settings(settings, Some(listen));
        let store_url =
            stores::url(settings, options.source.store_base(), &options.data, options.source.store.as_ref());
        let rooms = Rooms::open(Plan {
            settings,
            data: &options.data,
            store_url: store_url.clone(),
            limits_url: options.limits.as_deref().or(settings.limits.as_deref()).unwrap_or("memory"),
            issuer_url: issuer_url.clone(),
            map_hosts: options.map_hosts,
            clock: Arc::clone(&clock),
            dev: options.mode == Mode::Dev,
            succeeds: options.arrival.predecessor.is_some(),
        })
        .await?;
        // What a reload will link may be the first that has scripts.
        let _ = options.source.outside.set((Arc::clone(&rooms.services), management));
        options.source.open_scripts();
        let snapshot = rooms.compile(&project).map_err(|issues| {
            diagnostics.add_build_issues(&issues);
            Broken::new(diagnostics)
        })?;
        rooms.keyring.set_declared(&project.consumers)?;
        let wire = WireSettings::new(settings).with_descriptor_limit(descriptors);
        let access_log = AccessLog::start(options.log, options.format, options.data.path(), &rooms.metrics)
            .context("the access log cannot be started")?;
        let gateway = Gateway::new(
            Arc::clone(&rooms.services),
            Arc::clone(&rooms.upstreams),
            Arc::clone(&rooms.metrics),
            access_log,
            snapshot,
        );
        let token = ManagementToken::new(&options.data.management_token()?);
        let now = clock.now();
        let state = RunState {
            pid: std::process::id(),
            mode: options.mode.as_str().to_owned(),
            listen: listen.to_string(),
            management: management.to_string(),
            project: options.source.folder().map(Into::into),
            env: options.source.environment.env.clone(),
            env_file: options.source.environment.env_file.clone(),
            issuer: issuer_url,
            store: stores::place(&store_url),
        };
        let repository = options.checkout.map(repository::Repository::new);
        let serving = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            canary: canary::CanaryDesk::default(),
            repository,
            documents: documents::FollowedDocuments::default(),
            messages: commit_messages::CommitDesk::new(&rooms),
            mode: options.mode,
            source: options.source,
            data: options.data.clone(),
            gateway,
            listen,
            listeners: bound,
            management,
            descriptors,
            started_on: now,
            management_listen: options.management_listen,
            limits: options.limits,
            in_force: ArcSwap::from_pointee(InForce { project: Arc::clone(&project), since: now, kept: None }),
            snapshots: Snapshots::of(&options.data),
            pinned: ArcSwapOption::empty(),
            degraded: ArcSwapOption::empty(),
            uncertified: ArcSwapOption::empty(),
            reloading: tokio::sync::Mutex::new(()),
            reporter: tokio::sync::Mutex::default(),
            kept: AtomicI64::new(-1),
            leaks: leaks::LeakDesk::new(&rooms),
            leaving: CancellationToken::new(),
            log_levels: log_levels::LogLevels::default(),
            stopping: CancellationToken::new(),
            ended: tokio_util::task::TaskTracker::new(),
            arrival: options.arrival,
            place: place::Place::new(shared),
            state,
            rooms,
        });
        listeners::note(&serving.rooms.metrics, &seen);
        serving.take_place().await?;
        match origin {
            Origin::Disk(applied) => serving.keep_snapshot(&project, applied).await,
            Origin::Passing => {}
            Origin::Kept(id, pin) => serving.serve_kept(id, pin),
        }
        crate::memory::end_of_start();
        serving.spawn(bound_to, wire, management_listener, token);
        crate::memory::give_back();
        if let Err(error) = serving.state.write(&serving.data) {
            // Traffic matters more than `tollgate reload`, which alone reads the file.
            tracing::warn!(error = format!("{error:#}"), "`tollgate reload` will not find this gateway");
        }
        if let Some(path) = &options.ready_file {
            ready_file::write(path, &serving.listeners, management)
                .inspect_err(|_| serving.state.remove(&serving.data))?;
        }
        serving.placed().await;
        Ok(serving)
    }

    fn spawn(
        self: &Arc<Self>,
        listeners: Vec<Listener>,
        wire: WireSettings,
        management: TcpListener,
        token: ManagementToken,
    ) {
        // These follow the store for as long as the process lives.
        tokio::spawn(Arc::clone(&self.rooms.keyring).run());
        tokio::spawn(Arc::clone(&self.rooms.issuer).run());
        tokio::spawn(Arc::clone(self).report_usage());
        tokio::spawn(crate::memory::rest_when_idle());
        // These write files of the data folder, which are one process's.
        self.until_handed_over(Arc::clone(self).follow_store());
        self.until_handed_over(Arc::clone(self).tell_of_leaks());
        self.gateway.debug_with(Arc::new(DebugTokenKey::of(&self.rooms.master_key)));
        tokio::spawn(Arc::clone(self).note_answers());
        self.until_handed_over(Arc::clone(self).follow_repository());
        self.until_handed_over(Arc::clone(self).follow_documents());
        self.gateway.take_commits(Arc::new(commit_messages::CommitMessages(Arc::downgrade(self))));
        tokio::spawn(Arc::clone(self).end_levels());
        self.gateway.alert(Arc::new(github_alerts::GithubAlerts(Arc::downgrade(self))));
        if self.listeners.iter().any(|bound| bound.tls.is_some()) {
            tokio::spawn(Arc::clone(self).follow_certificates());
        }
        let gateway = Arc::clone(&self.gateway);
        let data = listener::serve_on(listeners, gateway, wire, self.stopping.clone());
        self.ended.spawn(data);
        let admin = Admin { store: Arc::clone(&self.rooms.store), control: Arc::clone(self) as _, token };
        // Until the last exchange has ended, probes and scrapers still get their answers; those of the successor,
        // where there is one.
        let (drained, handed_over) = (self.ended.clone(), self.place.handed_over.clone());
        let over = async move {
            tokio::select! {
                () = drained.wait() => {}
                () = handed_over.cancelled() => {}
            }
        };
        tokio::spawn(async move {
            if let Err(error) = tollgate_admin::serve(management, admin, over).await {
                tracing::error!(%error, "the management listener broke");
            }
        });
        self.ended.close();
    }

    /// The project in force.
    pub(crate) fn project(&self) -> Arc<Project> {
        Arc::clone(&self.in_force.load().project)
    }

    /// Why what is in force is not what is on disk, where that is so.
    pub(crate) fn degradation(&self) -> Option<String> {
        self.degraded.load_full().map(|why| why.as_ref().clone())
    }

    /// For how long it has served.
    pub(crate) fn up_for(&self) -> Duration {
        self.rooms.services.clock.now().since(self.started_on)
    }

    /// Whether what is in force is not what is on disk.
    pub(crate) fn is_degraded(&self) -> bool {
        self.degraded.load().is_some()
    }

    /// Says that what is in force is not what is on disk, and counts it.
    pub(crate) fn degrade(&self, why: impl Into<String>) {
        self.rooms.metrics.reloads_failed.inc();
        self.rooms.metrics.project_degraded.set(1);
        self.degraded.store(Some(Arc::new(why.into())));
    }

    /// Accepts no more, waits for what is under way (at most `server.drain`), and tidies up. A
    /// second signal ends it at once.
    pub(crate) async fn stop(&self, signals: &mut Signals) {
        let notice = self.project().settings.server.stop_notice.0;
        self.leaving.cancel();
        if !notice.is_zero() && !self.place.is_handed_over() {
            tracing::info!(
                seconds = notice.as_secs_f64(),
                "about to stop: load balancers are told, and given the time"
            );
            tokio::select! {
                () = tokio::time::sleep(notice) => {}
                () = signals.stop() => tracing::warn!("not waiting any longer, by a second signal"),
            }
        }
        tracing::info!("stopping: waiting for what is under way");
        self.place.leave();
        self.stopping.cancel();
        tokio::select! {
            () = self.drained() => {
                self.report_usage_once_more().await;
                self.keep_once_more().await;
                tracing::info!("stopped");
            }
            () = self.cut_short(signals) => tracing::warn!("stopped at once, by a second signal"),
        }
        self.gateway.flush_telemetry(Duration::from_secs(3)).await;
        let services = &self.rooms.services;
        services.outgoing.flush(&*services.clock, Duration::from_secs(5)).await;
        self.tell_counted().await;
        if let Err(error) = self.rooms.quotas.write() {
            tracing::error!(%error, "what was used of quotas since the last second could not be written");
        }
        self.gateway.access_log.flush(Duration::from_secs(5));
        self.state.remove(&self.data);
    }

    /// Waits for the signal that ends it at once. Whoever stops the service signals all of its processes, and this
    /// one may be ending already because another one serves: that one signal asks for nothing new.
    async fn cut_short(&self, signals: &mut Signals) {
        if self.place.is_handed_over() {
            signals.stop().await;
        }
        signals.stop().await;
    }
}
