//! How often an address may make the gateway look at the store with keys that nobody knows.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use parking_lot::Mutex;

/// Looks that find nothing, per address and minute.
const PER_MINUTE: u32 = 30;
/// Addresses that are counted at once; beyond that, new ones get no look in this minute.
const ADDRESSES: usize = 65_536;

/// Counts looks in whole minutes.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: u64,
    taken: HashMap<IpAddr, u32>,
}

impl Looks {
    /// Takes one of an address's looks; false where there is none left.
    pub(super) fn take(&self, client: IpAddr, now: Duration) -> bool {
        let mut minute = self.0.lock();
        let number = now.as_secs() / 60;
        if minute.number != number {
            minute.number = number;
            minute.taken.clear();
        }
        let client = network(client);
        if minute.taken.len() >= ADDRESSES && !minute.taken.contains_key(&client) {
            return false;
        }
        let taken = minute.taken.entry(client).or_insert(0);
        *taken += 1;
        *taken <= PER_MINUTE
    }

    /// Gives a look back that found something.
    pub(super) fn give_back(&self, client: IpAddr) {
        if let Some(taken) = self.0.lock().taken.get_mut(&network(client)) {
            *taken = taken.saturating_sub(1);
        }
    }
}

/// Who holds an IPv6 address holds its /64.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_looks_a_minute() {
        let looks = Looks::default();
        let client: IpAddr = "192.0.2.1".parse().expect("an address");
        assert_eq!((0..100).filter(|_| looks.take(client, Duration::ZERO)).count(), 30);
        assert!(looks.take("192.0.2.2".parse().expect("an address"), Duration::ZERO));
        assert!(looks.take(client, Duration::from_secs(60)));
    }

    #[test]
    fn a_network_of_version_six_counts_as_one() {
        let looks = Looks::default();
        let taken = (0..100_u16)
            .filter(|n| looks.take(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, *n)), Duration::ZERO))
            .count();
        assert_eq!(taken, 30);
        assert!(looks.take("2001:db8:0:2::1".parse().expect("an address"), Duration::ZERO));
    }
}
