//! HTTP on one connection of a client: which protocol it is, and what it may cost.
//!
//! [`serve`] begins with a [`Protocol`]: on TLS, ALPN has decided; on plain text the first bytes
//! tell prior-knowledge HTTP/2 by its preface (RFC 9113 §3.4) from HTTP/1. `Upgrade: h2c` is not
//! answered: RFC 9113 §3.1 has given it up. Each protocol then has its own page ([`h1`], [`h2`]),
//! and both have the same promise: a client that says nothing, too little or too much costs the
//! gateway a bounded time and a bounded memory.

mod arrived;
mod detect;
mod early;
mod h1;
mod h2;
mod linger;
mod settings;
mod taking;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_core::Body;

pub use self::arrived::{Arrived, IncomingBody};
pub use self::settings::WireSettings;
pub use self::taking::TooSlow;

use self::taking::Taking;
use crate::alarm::after;
use crate::hygiene::ConnectionInfo;
use crate::observer::Observer;
use crate::unreadable::UnreadableHead;

/// How long a connection may be without its first request when the listener stops, counted from when it was
/// accepted: its client has been told that it is there, so its request is on the way, and closing would lose it.
pub(crate) const FIRST_REQUEST: Duration = Duration::from_secs(2);
/// How long one that is idle between two requests may go on so: whoever sends the next one meanwhile gets an
/// answer, and is told that it is the last.
const NEXT_REQUEST: Duration = Duration::from_millis(500);

/// The most bytes of interim answers to one request that are passed on; more are dropped.
const MOST_INTERIM: usize = 64 * 1024;

/// What is known of the protocol of a connection before its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 or 1.0.
    Http1,
    /// HTTP/2, as ALPN has agreed.
    Http2,
    /// Nothing: the first bytes tell.
    Detect,
}

/// Serves HTTP on a connection until it ends. Once `drain` is cancelled, the exchanges that are
/// under way are the last ones. Gives back what is known of a head that could not be read, with
/// which the connection ended; `observer` hears of those that it goes on after, and says what one is
/// answered with.
pub(crate) async fn serve<S, H, F>(
    stream: S,
    info: Arc<ConnectionInfo>,
    wire: &WireSettings,
    protocol: Protocol,
    handler: H,
    drain: CancellationToken,
    observer: Arc<dyn Observer>,
) -> Option<UnreadableHead>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Arc<ConnectionInfo>, Arrived) -> F + Send + 'static,
    F: Future<Output = http::Response<Body>> + Send + 'static,
{
    let taking = Taking::new(wire.taking_pace(), Arc::clone(&info));
    let mut opened = Opened { stream, early: Vec::new(), taking, born: Instant::now() };
    let protocol = match protocol {
        Protocol::Detect if wire.http2 => {
            let deadline = (!wire.head.is_zero()).then(|| after(opened.born, wire.head));
            let (protocol, early) = tokio::select! {
                biased;
                told = detect::protocol(&mut opened.stream, deadline) => match told {
                    Ok(told) => told,
                    Err(error) => return UnreadableHead::of_io(&error),
                },
                () = given_up(opened.born, &drain) => return None,
            };
            opened.early = early;
            protocol
        }
        Protocol::Detect => Protocol::Http1,
        known => known,
    };
    let ages = !wire.connection_age.is_zero();
    let end = End { retire: if ages { drain.child_token() } else { drain.clone() }, drain };
    // Boxed, as whatever most connections do without.
    let mut old = ages.then(|| Box::pin(grow_old(wire.connection_age, end.retire.clone())));
    let tell = |head: &UnreadableHead| observer.unreadable(&info, head);
    let mut serving = pin!(async {
        match protocol {
            Protocol::Http2 => Box::pin(h2::serve(opened, Arc::clone(&info), wire, handler, &end, &tell)).await,
            _ => h1::serve(opened, Arc::clone(&info), wire, handler, &end, &*observer).await,
        }
    });
    poll_fn(|cx| {
        if old.as_mut().is_some_and(|old| old.as_mut().poll(cx).is_ready()) {
            old = None;
        }
        serving.as_mut().poll(cx)
    })
    .await
}

/// A future on the heap, written where it stays: what is made first and boxed then is copied, whole.
#[inline]
pub(crate) fn boxed<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), make()))
}

/// A connection whose protocol is known.
struct Opened<S> {
    stream: S,
    /// What was read to learn that.
    early: Vec<u8>,
    taking: Taking,
    born: Instant,
}

/// Ready as long after the end of the listener as a connection without a first request is left open.
async fn given_up(born: Instant, drain: &CancellationToken) {
    drain.cancelled().await;
    tokio::time::sleep_until(born + FIRST_REQUEST).await;
}

/// When a connection ends.
struct End {
    /// The listener stops.
    drain: CancellationToken,
    /// This connection takes no more requests, be it for that or because it is old. Tunnels stay.
    retire: CancellationToken,
}

/// Ends a connection at its age, less up to a tenth: what began at one moment shall not end at one.
async fn grow_old(age: Duration, retire: CancellationToken) {
    let random = uuid::Uuid::new_v4();
    let part = u32::from(random.as_bytes().last().copied().unwrap_or_default());
    tokio::time::sleep(age.saturating_sub(age / 10 / 255 * part)).await;
    retire.cancel();
}
