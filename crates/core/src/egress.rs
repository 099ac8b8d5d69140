//! Where requests that scripts make may go.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// What a script's `fetch` may not reach, and what it may all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EgressRules {
    /// Networks that are refused.
    pub refused_networks: Vec<IpNet>,
    /// Addresses that are refused: the gateway's own management listener.
    pub refused_addresses: Vec<SocketAddr>,
    /// Host names that are allowed, whatever they resolve to.
    pub allowed_hosts: Vec<String>,
    /// Networks that are allowed, though a wider one is refused.
    pub allowed_networks: Vec<IpNet>,
}

impl EgressRules {
    /// Whether a request for `host` may be sent to `address`.
    pub fn permits(&self, host: &str, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        if self.refused_addresses.iter().any(|refused| refused.port() == address.port() && is_at(refused.ip(), ip)) {
            return false;
        }
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&ip));
        !within(&self.refused_networks)
            || within(&self.allowed_networks)
            || self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// A listener on a wildcard address is at every address of the machine, and a machine knows itself
/// by all of the loopback addresses.
fn is_at(listener: IpAddr, ip: IpAddr) -> bool {
    let listener = listener.to_canonical();
    listener == ip || listener.is_unspecified() || ip.is_unspecified() || (listener.is_loopback() && ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> EgressRules {
        EgressRules {
            refused_networks: vec!["169.254.0.0/16".parse().unwrap(), "fe80::/10".parse().unwrap()],
            refused_addresses: vec!["127.0.0.1:9001".parse().unwrap()],
            allowed_hosts: vec!["metadata.internal".to_owned()],
            allowed_networks: vec!["169.254.7.0/24".parse().unwrap()],
        }
    }

    #[test]
    fn link_local_addresses_and_the_management_listener_are_out_of_reach() {
        for (host, address, permitted) in [
            ("a.example", "93.184.216.34:443", true),
            ("a.example", "127.0.0.1:8080", true),
            ("169.254.169.254", "169.254.169.254:80", false),
            ("a.example", "169.254.169.254:80", false),
            ("a.example", "[::ffff:169.254.169.254]:80", false),
            ("a.example", "[fe80::1]:80", false),
            ("a.example", "169.254.7.9:80", true),
            ("METADATA.internal", "169.254.169.254:80", true),
            ("localhost", "127.0.0.1:9001", false),
            ("localhost", "127.0.0.2:9001", false),
            ("localhost", "[::1]:9001", false),
            ("metadata.internal", "127.0.0.1:9001", false),
            ("a.example", "10.0.0.1:9001", true),
        ] {
            assert_eq!(rules().permits(host, address.parse().unwrap()), permitted, "{host} {address}");
        }
    }
}
