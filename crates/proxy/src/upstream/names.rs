//! The addresses of one name, kept for a moment: a look-up is not worth its wait for every connection, and a
//! resolver that fails does not take a backend away whose addresses are known.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tollgate_core::later::BoxFuture;
use tollgate_core::reason;

use super::connect::ConnectError;

/// For how long addresses are used whose name nobody can look up any more.
const STALE: Duration = Duration::from_secs(3600);
/// How long a connection waits for a look-up where it could use such addresses.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a name is looked up.
type LookUp = Box<dyn Fn() -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// What is known of one name.
pub(super) struct Names {
    look_up: LookUp,
    /// For how long addresses are used without a question.
    fresh: Duration,
    known: Mutex<Option<Known>>,
    /// One look-up at a time; who comes meanwhile shares it.
    looking: tokio::sync::Mutex<()>,
    last: Mutex<LookedUp>,
}

/// What came of the last look-up.
struct LookedUp {
    number: u64,
    outcome: Result<Vec<SocketAddr>, String>,
}

#[derive(Clone)]
struct Known {
    addresses: Vec<SocketAddr>,
    since: Instant,
}

impl Names {
    /// Of a host and its port, by the system's resolver.
    pub(super) fn of(host: &str, port: u16, fresh: Duration) -> Arc<Self> {
        let host: Arc<str> = host.into();
        Self::with(fresh, move || {
            let host = Arc::clone(&host);
            Box::pin(async move { Ok(tokio::net::lookup_host((&*host, port)).await?.collect()) })
        })
    }

    fn with(
        fresh: Duration,
        look_up: impl Fn() -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let look_up = Box::new(look_up);
        let last = Mutex::new(LookedUp { number: 0, outcome: Err(String::new()) });
        Arc::new(Self { look_up, fresh, known: Mutex::default(), looking: tokio::sync::Mutex::default(), last })
    }

    /// The addresses, in the resolver's order.
    ///
    /// # Errors
    /// Where the name cannot be looked up, and has not been for an hour.
    pub(super) async fn addresses(self: &Arc<Self>) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some(addresses) = self.known_for(self.fresh) {
            return Ok(addresses);
        }
        let stale = self.known_for(STALE);
        // It goes on where nobody waits for it any more: whoever comes next has its answer.
        let this = Arc::clone(self);
        let looking = tokio::spawn(async move { this.look().await });
        let Some(stale) = stale else {
            return looking.await.unwrap_or_else(|error| Err(unknown(error.to_string())));
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(Ok(addresses))) => Ok(addresses),
            Ok(Ok(Err(error))) => {
                tracing::warn!(cause = error.cause, "a name cannot be looked up; its last addresses are used");
                Ok(stale)
            }
            Ok(Err(_)) | Err(_) => Ok(stale),
        }
    }

    /// None of the addresses answers: the name is looked up again for the next connection.
    pub(super) fn doubt(&self) {
        if let Some(known) = &mut *self.known.lock() {
            known.since = known.since.checked_sub(self.fresh).unwrap_or(known.since);
        }
    }

    /// Looks the name up, or shares what somebody else has found or missed who began before.
    async fn look(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let before = self.last.lock().number;
        let _one = self.looking.lock().await;
        {
            let last = self.last.lock();
            if last.number != before {
                return last.outcome.clone().map_err(unknown);
            }
        }
        let since = Instant::now();
        let outcome = match (self.look_up)().await {
            Ok(addresses) if addresses.is_empty() => Err("the name has no address".to_owned()),
            Ok(addresses) => Ok(addresses),
            Err(error) => Err(error.to_string()),
        };
        if let Ok(addresses) = &outcome {
            *self.known.lock() = Some(Known { addresses: addresses.clone(), since });
        }
        *self.last.lock() = LookedUp { number: before + 1, outcome: outcome.clone() };
        outcome.map_err(unknown)
    }

    fn known_for(&self, most: Duration) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock();
        known.as_ref().filter(|known| known.since.elapsed() < most).map(|known| known.addresses.clone())
    }
}

fn unknown(cause: String) -> ConnectError {
    ConnectError { reason: &reason::UPSTREAM_DNS, cause }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    /// Each look-up gives the next answer, or fails where there is none; how many there have been.
    fn names(fresh: Duration, answers: Vec<Option<u16>>) -> (Arc<Names>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let names = Names::with(fresh, move || {
            let answer = answers.get(counted.fetch_add(1, Ordering::SeqCst)).copied().flatten();
            Box::pin(async move {
                tokio::task::yield_now().await;
                let port = answer.ok_or_else(|| io::Error::other("no such name"))?;
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
            })
        });
        (names, count)
    }

    async fn port(names: &Arc<Names>) -> Option<u16> {
        names.addresses().await.ok().map(|addresses| addresses[0].port())
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_for_a_while_and_by_one_for_all() {
        let (names, count) = names(LONG, vec![Some(1), Some(2)]);
        let together = tokio::join!(port(&names), port(&names), port(&names));
        assert_eq!(together, (Some(1), Some(1), Some(1)));
        assert_eq!(port(&names).await, Some(1));
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_look_up_that_fails_fails_once_for_all_who_wait_for_it() {
        let (names, count) = names(LONG, vec![None, Some(2)]);
        assert_eq!(tokio::join!(port(&names), port(&names), port(&names)), (None, None, None));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!(port(&names).await, Some(2));
    }

    #[tokio::test]
    async fn addresses_that_nobody_answers_at_are_looked_up_again() {
        let (names, count) = names(LONG, vec![Some(1), Some(2)]);
        assert_eq!(port(&names).await, Some(1));
        names.doubt();
        assert_eq!(port(&names).await, Some(2));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_resolver_that_fails_leaves_the_last_addresses_in_use() {
        let (names, count) = names(Duration::ZERO, vec![Some(1), None, Some(3)]);
        assert_eq!(port(&names).await, Some(1));
        assert_eq!(port(&names).await, Some(1), "the second look-up has failed");
        assert_eq!(port(&names).await, Some(3));
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_name_that_was_never_known_is_an_error() {
        let (names, _) = names(LONG, vec![None]);
        let error = names.addresses().await.unwrap_err();
        assert_eq!((error.reason.name, error.cause.as_str()), ("upstream.dns", "no such name"));
    }

    #[tokio::test]
    async fn a_resolver_that_hangs_holds_nobody_up_who_knows_an_address() {
        let count = AtomicUsize::new(0);
        let names = Names::with(Duration::ZERO, move || {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                if !first {
                    std::future::pending::<()>().await;
                }
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], 1))])
            })
        });
        assert_eq!(port(&names).await, Some(1));
        assert_eq!(port(&names).await, Some(1));
    }
}
