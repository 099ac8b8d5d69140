//! Refuses an address that fails to authenticate too often, before any more key or token work is
//! done for it. Only a credential that was presented and refused is a failure: a request without
//! any (a health check, a browser's first visit) guesses nothing.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use tollgate_core::project::Stage;
use tollgate_core::reason::AUTH_TOO_MANY_FAILURES;
use tollgate_core::record::{Record, Refusal};
use tollgate_core::services::{Counter, Limit, Sharing, Window};
use tollgate_core::settings::FailedAuthLimit;
use tollgate_core::time::Clock;
use tollgate_core::{Problem, Services};

/// How many addresses with failures are remembered at once.
const SUSPECTS: usize = 65_536;

/// The failures of every address.
#[derive(Debug)]
pub(crate) struct FailedAuth {
    counter: Arc<dyn Counter>,
    /// Addresses that failed here, and until when (monotonic) that matters. Everyone else costs no look at the
    /// counter, which may be on another machine.
    suspects: papaya::HashMap<IpAddr, Duration>,
}

impl FailedAuth {
    pub(crate) fn new(services: &Services) -> Self {
        // Where failures are counted together with other nodes, each counts for itself while that cannot be.
        let sharing = Sharing { overtakes: false, stands_in: true };
        Self { counter: services.limiter.counter("failed-auth", sharing), suspects: papaya::HashMap::new() }
    }

    /// Whether the address may try again.
    pub(crate) async fn check(&self, ip: IpAddr, limit: FailedAuthLimit, clock: &dyn Clock) -> Result<(), Problem> {
        let FailedAuthLimit::Rate(rate) = limit else { return Ok(()) };
        if self.suspects.is_empty() {
            return Ok(());
        }
        let network = network(ip);
        let suspect = self.suspects.pin().get(&network).is_some_and(|until| clock.monotonic() < *until);
        if !suspect {
            return Ok(());
        }
        let limit = Limit::Window(Window { count: rate.count.get(), window: rate.window });
        // Costs nothing: only what is left is of interest. A counter that is away lets the request
        // through to the real check, which fails closed by itself.
        match self.counter.hit(&network.to_string(), limit, 0).get().await {
            Ok(decision) if decision.remaining == 0 => {
                let wait = if decision.retry_after.is_zero() { decision.reset_after } else { decision.retry_after };
                let seconds = u64::from(wait.subsec_nanos() > 0).saturating_add(wait.as_secs()).max(1);
                Err(Problem::new(
                    &AUTH_TOO_MANY_FAILURES,
                    "Too many failed attempts to authenticate from this address.",
                )
                .with_header(RETRY_AFTER, HeaderValue::from(seconds)))
            }
            _ => Ok(()),
        }
    }

    /// Counts a failure, where the record shows one.
    pub(crate) async fn note(&self, record: &Record, ip: IpAddr, limit: FailedAuthLimit, clock: &dyn Clock) {
        let FailedAuthLimit::Rate(rate) = limit else { return };
        let failures = record.refused_within + u16::from(record.refusal.as_deref().is_some_and(is_failure));
        if failures == 0 {
            return;
        }
        let (network, now) = (network(ip), clock.monotonic());
        {
            let suspects = self.suspects.pin();
            if suspects.len() >= SUSPECTS {
                suspects.retain(|_, until| now < *until);
            }
            if suspects.len() < SUSPECTS {
                suspects.insert(network, now.saturating_add(rate.window));
            }
        }
        let limit = Limit::Window(Window { count: rate.count.get(), window: rate.window });
        let key = network.to_string();
        // One by one: what is more than is left at once would not be counted at all.
        for _ in 0..failures {
            let _ = self.counter.hit(&key, limit, 1).get().await;
        }
    }
}

/// Whether somebody presented a credential that was refused. A 403 is about what a caller may do,
/// who is known by then.
pub(crate) fn is_failure(refusal: &Refusal) -> bool {
    let reason = refusal.reason;
    refusal.stage == Some(Stage::Auth) && reason.status == 401 && !reason.name.ends_with(".missing")
}

/// One household of IPv6 has a /64: counting single addresses of it would count nothing.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_household_count_together() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        }
    }
}
