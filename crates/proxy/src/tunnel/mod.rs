//! Two connections joined: after an upgrade, bytes go from the client to the upstream and back
//! until either side ends it, nothing has moved for too long, or the gateway stops.
//!
//! A tunnel holds on to nothing of the project that opened it: a reload does not touch it. What a
//! policy decided at its handshake holds until it ends; `server.tunnels.maxAge` bounds that, and so does
//! the life of the key that it was opened with.
//!
//! *Buffers.* Bytes that the other side takes at once are never stored; what it does not take waits
//! in a buffer of one direction, and as long as that holds anything, nothing more is read. So a slow
//! reader slows its sender down, and a silent tunnel costs no buffer at all.

mod goodbye;
mod pipes;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tollgate_core::exchange::Credential;
use tollgate_core::reason::{CLIENT_GONE, CLIENT_TOO_SLOW, TUNNEL_DRAINED, TUNNEL_KEY_ENDED};
use tollgate_core::services::{KeyVerdict, Keyring};
use tollgate_core::settings::TunnelSettings;
use tollgate_core::{Body, Reason};

use self::goodbye::To;
use self::pipes::Join;
use crate::hygiene::ConnectionInfo;
use crate::story::Story;
use crate::upstream::handshake::Switched;

/// The end of the key that a tunnel was opened with.
type KeyEnd = Pin<Box<dyn Future<Output = KeyVerdict> + Send>>;

/// What tunnels are held to; `None` means no limit.
#[derive(Debug, Clone, Copy)]
pub struct TunnelLimits {
    /// How long one may be silent.
    pub idle: Option<Duration>,
    /// How old one may become.
    pub max_age: Option<Duration>,
    /// How long a stop waits for them.
    pub drain: Duration,
    /// The most at once.
    pub most: Option<usize>,
}

impl TunnelLimits {
    /// What the settings ask for.
    pub fn new(settings: &TunnelSettings) -> Self {
        let limit = |duration: Duration| (!duration.is_zero()).then_some(duration);
        Self {
            idle: limit(settings.idle.0),
            max_age: limit(settings.max_age.0),
            drain: settings.drain.0,
            most: settings.most,
        }
    }
}

/// A tunnel that waits for the client's side.
pub struct Tunnel {
    upstream: Switched,
    limits: TunnelLimits,
    /// Where it was opened with a key.
    key: Option<KeyEnd>,
    told: Told,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

/// How a [`Tunnel`] travels in the extensions of an answer to whoever has the connection.
#[derive(Debug, Clone)]
struct TunnelSlot(Arc<Mutex<Option<Tunnel>>>);

impl Tunnel {
    /// `caller` is what the caller has proved itself with.
    pub(crate) fn new(
        upstream: Switched,
        limits: TunnelLimits,
        story: Story,
        caller: Option<&Credential>,
        keyring: &Arc<dyn Keyring>,
        connection: &Arc<ConnectionInfo>,
    ) -> Self {
        let protocol = Arc::clone(&upstream.asked.protocol);
        let key = match caller {
            Some(&Credential::Key { digest, .. }) => {
                let keyring = Arc::clone(keyring);
                Some(Box::pin(async move { keyring.ended(digest).await }) as KeyEnd)
            }
            _ => None,
        };
        let connection = Arc::clone(connection);
        let told = Told { protocol, story: Some(story), bytes: (0, 0), drain: None, connection };
        Self { upstream, limits, key, told }
    }

    pub(crate) fn put_into(self, response: &mut http::Response<Body>) {
        response.extensions_mut().insert(TunnelSlot(Arc::new(Mutex::new(Some(self)))));
    }

    /// The tunnel that an answer is the beginning of. Whoever sends the answer must run it.
    pub fn take(response: &mut http::Response<Body>) -> Option<Self> {
        let slot = response.extensions_mut().remove::<TunnelSlot>()?;
        slot.0.lock().take()
    }

    /// Joins the two sides until the end. Dropping the future ends the tunnel as well.
    pub async fn run<C: AsyncRead + AsyncWrite + Unpin>(mut self, mut client: C, drain: CancellationToken) {
        self.told.drain = Some(drain.clone());
        let mut join = Join::new(&self.limits, self.upstream.asked.is_websocket());
        let end = {
            let told = &mut self.told;
            let upstream = &mut self.upstream.stream;
            let joined = poll_fn(|cx| {
                let polled = join.poll(cx, &mut client, upstream);
                told.bytes = (join.up.bytes, join.down.bytes);
                polled
            });
            let drained = async {
                drain.cancelled().await;
                tokio::time::sleep(self.limits.drain).await;
            };
            let key = self.key.as_mut();
            let key_ended = async {
                match key {
                    Some(key) => key.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                end = joined => end,
                verdict = key_ended => End::by_gateway(&TUNNEL_KEY_ENDED, Some(why(&verdict))),
                () = drained => End::by_gateway(&TUNNEL_DRAINED, None),
            }
        };
        if let Some(reason) = end.reason.filter(|_| end.by == GATEWAY) {
            let (client_hears, upstream_hears) = (join.down.may_close(), join.up.may_close());
            let upstream = &mut self.upstream.stream;
            tokio::join!(
                async {
                    if client_hears {
                        goodbye::say(&mut client, To::Client, reason).await
                    }
                },
                async {
                    if upstream_hears {
                        goodbye::say(upstream, To::Upstream, reason).await
                    }
                },
            );
        }
        // The sockets are closed before the log says that they are.
        drop((client, self.upstream));
        self.told.end(end);
    }
}

/// What has become of a key, for the log.
fn why(verdict: &KeyVerdict) -> &'static str {
    match verdict {
        KeyVerdict::Revoked => "the key was revoked",
        KeyVerdict::Expired => "the key has expired",
        _ => "the key is not there any more",
    }
}

/// Who ends a tunnel, where neither side does.
const GATEWAY: &str = "gateway";

/// How a tunnel came to its end.
struct End {
    /// Which side ended it.
    by: &'static str,
    /// `None` where it was closed in order.
    reason: Option<&'static Reason>,
    cause: Option<String>,
}

impl End {
    fn by_gateway(reason: &'static Reason, cause: Option<&str>) -> Self {
        Self { by: GATEWAY, reason: Some(reason), cause: cause.map(str::to_owned) }
    }
}

/// Tells the story of a tunnel once, however it ends.
struct Told {
    protocol: Arc<str>,
    story: Option<Story>,
    bytes: (u64, u64),
    /// Of the listener, once the tunnel runs.
    drain: Option<CancellationToken>,
    /// The client's.
    connection: Arc<ConnectionInfo>,
}

impl Told {
    fn end(&mut self, end: End) {
        if let Some(story) = self.story.take() {
            let refusal = end.reason.map(|reason| match reason.name == CLIENT_GONE.name {
                true if self.connection.too_slow.is_noted() => (&CLIENT_TOO_SLOW, end.cause),
                _ => (reason, end.cause),
            });
            story.tunnel_ended(&self.protocol, end.by, self.bytes, refusal);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // A tunnel that runs is dropped by a listener that closes what is left, or with the HTTP/2
        // connection that it is a stream of.
        let stopping = self.drain.as_ref().is_some_and(CancellationToken::is_cancelled);
        let (by, reason) = if stopping { (GATEWAY, &TUNNEL_DRAINED) } else { ("client", &CLIENT_GONE) };
        self.end(End { by, reason: Some(reason), cause: None });
    }
}
