//! The connections of one upstream, and who may open a stream on which.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tollgate_core::Problem;
use tollgate_core::reason;
use tollgate_core::record::Record;
use tollgate_core::settings::{UpstreamProtocol, UpstreamSettings};

use super::super::connect::{ConnectError, Connected, Connector};
use super::super::wait::{Limits, problem};
use super::connection::Connection;

/// For how long it is believed that an upstream which chose HTTP/1 does so again.
const CHOICE_FOR: Duration = Duration::from_secs(300);

/// The HTTP/2 connections of one upstream.
pub(in crate::upstream) struct Pool {
    state: Mutex<State>,
    /// Told whenever a stream has become free, a connection has been made or making it has failed.
    changed: Notify,
    swept: AtomicBool,
    settings: Limit,
}

/// What the settings ask for.
struct Limit {
    /// It is HTTP/2 or nothing.
    only_http2: bool,
    /// Nothing need be chosen: there is no TLS.
    prior_knowledge: bool,
    streams: usize,
    age: Duration,
    idle: Duration,
    ping: Duration,
}

#[derive(Default)]
struct State {
    connections: Vec<Arc<Connection>>,
    connecting: usize,
    waiting: usize,
    /// How many streams the latest connection allowed at once.
    allowed: Option<usize>,
    /// When the upstream chose HTTP/1.
    chose_http1: Option<Instant>,
}

/// What an exchange is given.
pub(super) enum Leased {
    /// The right to open one stream.
    Stream(Lease),
    /// The upstream speaks HTTP/1.
    Http1,
}

/// The right to one stream on a connection, until it is dropped.
pub(super) struct Lease {
    pub(super) connection: Arc<Connection>,
    pub(super) sender: SendRequest<Bytes>,
    pub(super) reused: bool,
    pool: Arc<Pool>,
}

impl Pool {
    pub(in crate::upstream) fn new(settings: &UpstreamSettings, encrypted: bool) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            swept: AtomicBool::new(false),
            settings: Limit {
                only_http2: settings.protocol == UpstreamProtocol::Http2,
                prior_knowledge: !encrypted,
                streams: settings.http2.streams.get() as usize,
                age: settings.http2.connection_age.0,
                idle: settings.pool.idle_timeout.0,
                ping: settings.http2.ping_interval.0,
            },
        }
    }

    /// Whether the upstream has lately chosen HTTP/1.
    pub(super) fn is_known_not_to_speak_it(&self) -> bool {
        !self.settings.only_http2 && self.state.lock().chose_http1.is_some_and(|since| since.elapsed() < CHOICE_FOR)
    }

    /// Whether the upstream speaks nothing else.
    pub(in crate::upstream) fn is_only_http2(&self) -> bool {
        self.settings.only_http2
    }

    /// How many connections have no exchange on them.
    pub(in crate::upstream) fn idle(&self) -> usize {
        let state = self.state.lock();
        state.connections.iter().filter(|connection| connection.streams.load(Ordering::Relaxed) == 0).count()
    }

    /// The right to open a stream: on a connection there is, or on a new one.
    pub(super) async fn lease(
        self: &Arc<Self>,
        connector: &Connector,
        record: &mut Record,
        limits: &Limits<'_>,
    ) -> Result<Leased, Problem> {
        let (within, late) = limits.connect();
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let waits = {
                let mut state = self.state.lock();
                if let Some((connection, sender)) = self.free(&mut state) {
                    return Ok(Leased::Stream(self.take(connection, sender, true)));
                }
                // Whoever can hope for a stream on a connection that is being made waits for that.
                let hoped = state.allowed.unwrap_or(self.settings.streams).clamp(1, self.settings.streams);
                if state.connecting.saturating_mul(hoped) <= state.waiting {
                    state.connecting += 1;
                    None
                } else {
                    state.waiting += 1;
                    Some(Waiting(self))
                }
            };
            let Some(waiting) = waits else {
                let connecting = Connecting(self);
                let made = tokio::time::timeout_at(within, self.connect(connector, record)).await;
                return match made {
                    Ok(Ok(Some(connection))) => {
                        let connection = Arc::new(connection);
                        let Some(sender) = connection.sender() else {
                            return Err(problem(&reason::UPSTREAM_RESET).caused_by("the connection closed at once"));
                        };
                        let lease = self.take(Arc::clone(&connection), sender, false);
                        self.keep(connection);
                        drop(connecting);
                        Ok(Leased::Stream(lease))
                    }
                    Ok(Ok(None)) => Ok(Leased::Http1),
                    Ok(Err(ConnectError { reason, cause })) => Err(problem(reason).caused_by(cause)),
                    Err(_) => Err(problem(late).caused_by("no connection in time")),
                };
            };
            let in_time = tokio::time::timeout_at(within, changed).await;
            drop(waiting);
            if in_time.is_err() {
                return Err(problem(late).caused_by("every stream is in use, and no connection came in time"));
            }
            if self.is_known_not_to_speak_it() {
                return Ok(Leased::Http1);
            }
        }
    }

    /// The first connection with a stream to spare, so that the others can grow idle and close.
    /// Forgets the dead ones on the way.
    fn free(&self, state: &mut State) -> Option<(Arc<Connection>, SendRequest<Bytes>)> {
        let mut found = None;
        state.connections.retain(|connection| {
            if found.is_some() {
                return true;
            }
            if !self.settings.age.is_zero() && connection.born.elapsed() > self.settings.age {
                return false;
            }
            let Some(sender) = connection.sender() else { return false };
            let most = connection.allowed().min(self.settings.streams);
            if connection.streams.load(Ordering::Relaxed) < most {
                found = Some((Arc::clone(connection), sender));
            }
            true
        });
        found
    }

    fn take(self: &Arc<Self>, connection: Arc<Connection>, sender: SendRequest<Bytes>, reused: bool) -> Lease {
        connection.streams.fetch_add(1, Ordering::Relaxed);
        Lease { connection, sender, reused, pool: Arc::clone(self) }
    }

    /// None where the other side chose HTTP/1.
    async fn connect(&self, connector: &Connector, record: &mut Record) -> Result<Option<Connection>, ConnectError> {
        let connected = connector.connect_http2().await?;
        if !connected.chose_http2 && !self.settings.prior_knowledge {
            if self.settings.only_http2 {
                let cause = "the TLS handshake chose another protocol".to_owned();
                return Err(ConnectError { reason: &reason::UPSTREAM_NO_HTTP2, cause });
            }
            self.state.lock().chose_http1 = Some(Instant::now());
            connector.spare(connected);
            return Ok(None);
        }
        let Connected { stream, connect, tls, .. } = connected;
        let connection = Connection::over(stream, self.settings.ping, self.settings.streams).await?;
        record.timings.connect = Some(connect);
        record.timings.tls = tls;
        Ok(Some(connection))
    }

    fn keep(self: &Arc<Self>, connection: Arc<Connection>) {
        let mut state = self.state.lock();
        state.allowed = Some(connection.allowed());
        state.chose_http1 = None;
        state.connections.push(connection);
        drop(state);
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.keep_swept();
        }
    }

    /// Closes connections that have been idle for too long. What is left of the pool then is
    /// nothing, so the task ends with it.
    fn keep_swept(self: &Arc<Self>) {
        let pool = Arc::downgrade(self);
        let period = (self.settings.idle / 4).clamp(Duration::from_millis(250), Duration::from_secs(10));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                let Some(pool) = pool.upgrade() else { return };
                let Limit { idle, age, .. } = pool.settings;
                pool.state.lock().connections.retain(|connection| {
                    let old = !age.is_zero() && connection.born.elapsed() > age;
                    let unused = connection.streams.load(Ordering::Relaxed) == 0;
                    connection.sender().is_some() && !old && !(unused && connection.idle_since.lock().elapsed() > idle)
                });
            }
        });
    }
}

impl Lease {
    /// The connection has brought nothing since `received` was noted, although it should have: it
    /// may be cut, so others must not be sent over it.
    pub(super) fn doubt(&self, received: u64) {
        if self.connection.received() == received {
            self.connection.retire();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.connection.streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.connection.idle_since.lock() = Instant::now();
        }
        self.pool.changed.notify_one();
    }
}

/// Counts one that waits for a stream.
struct Waiting<'p>(&'p Pool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state.lock().waiting -= 1;
    }
}

/// Counts a connection that is being made; however that ends, the others look again.
struct Connecting<'p>(&'p Pool);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.state.lock().connecting -= 1;
        self.0.changed.notify_waiters();
    }
}
