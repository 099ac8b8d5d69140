//! How many connections each address holds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::connection::WireSettings;

/// How many connections each address holds.
pub(super) struct Shares {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: Option<usize>,
    trusted: Vec<ipnet::IpNet>,
}

impl Shares {
    pub(super) fn new(wire: &WireSettings) -> Self {
        Self { held: Arc::default(), most: wire.connections_per_address, trusted: wire.trusted_proxies.clone() }
    }

    /// A share for one more connection; `None` where the address has enough.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Share> {
        let peer = peer.to_canonical();
        let Some(most) = self.most else { return Some(Share(None)) };
        if peer.is_loopback() || self.trusted.iter().any(|net| net.contains(&peer)) {
            return Some(Share(None));
        }
        let owner = owner(peer);
        let mut held = self.held.lock();
        let count = held.entry(owner).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Share(Some((owner, Arc::clone(&self.held)))))
    }
}

/// Whoever has one IPv6 address has the whole /64 that it stands in.
fn owner(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
    }
}

/// Gives itself back when the connection ends.
#[expect(clippy::type_complexity, reason = "the address and the table it is counted in, or nothing")]
pub(super) struct Share(Option<(IpAddr, Arc<Mutex<HashMap<IpAddr, usize>>>)>);

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((owner, held)) = &self.0 {
            let mut held = held.lock();
            if let Some(count) = held.get_mut(owner) {
                *count -= 1;
                if *count == 0 {
                    held.remove(owner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::settings::Settings;

    fn shares(most: usize) -> Shares {
        let mut settings = Settings::default();
        settings.server.limits.connections_per_address = Some(most);
        settings.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Shares::new(&WireSettings::new(&settings))
    }

    #[test]
    fn an_address_holds_no_more_connections_than_its_share() {
        let shares = shares(2);
        let ip = "192.0.2.1".parse().unwrap();
        let first = shares.take(ip).unwrap();
        let _second = shares.take(ip).unwrap();
        assert!(shares.take(ip).is_none());
        assert!(shares.take("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(shares.take(ip).is_some());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let shares = shares(1);
        let _first = shares.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(shares.take("2001:db8::2".parse().unwrap()).is_none());
        assert!(shares.take("2001:db8:0:1::2".parse().unwrap()).is_some());
        assert!(shares.take("::ffff:192.0.2.9".parse().unwrap()).is_some());
    }

    #[test]
    fn loopback_and_trusted_proxies_have_no_limit() {
        let shares = shares(1);
        for ip in ["127.0.0.1", "::1", "10.1.2.3"] {
            let ip = ip.parse().unwrap();
            let held: Vec<_> = (0..5).map(|_| shares.take(ip)).collect();
            assert!(held.iter().all(Option::is_some));
        }
    }

    #[test]
    fn nothing_is_kept_of_addresses_that_have_gone() {
        let shares = shares(1);
        drop(shares.take("192.0.2.1".parse().unwrap()));
        assert!(shares.held.lock().is_empty());
    }
}
