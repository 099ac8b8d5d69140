//! What TypeScript modules may use, and whom they may reach.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::egress::EgressRules;
use crate::units::{Interval, Size};

/// The limits of TypeScript modules. A call that breaks one ends with a problem, and the engine it
/// ran in is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScriptSettings {
    /// How much processor time one call of a policy, a handler or a hook may use until it has answered. What it
    /// does afterwards, a stream or work in the background, has as much each time that its code runs.
    pub cpu: Interval,
    /// How long one call may take until it has answered, with everything that it waits for. Behind the
    /// head of the answer it bounds the time between two pieces of a stream that a script makes, and how long
    /// work in the background may go on.
    pub wall: Interval,
    /// The most memory of one engine: what the modules keep, and all calls that run in it together.
    /// At least 1 MiB.
    pub memory: Size,
    /// The deepest that functions may call each other, in bytes of stack. At least 64 KiB, at most
    /// 64 MiB.
    pub stack: Size,
    /// How many threads run modules, each with an engine of its own. `0`, the default, for one
    /// less than the machine has cores (one is left to traffic), but at least one; at most 1024.
    pub threads: usize,
    /// The most calls that may wait for one thread; one more is answered with 503.
    pub queue: NonZeroU32,
    /// Whom `fetch` and `WebSocket` may reach.
    pub fetch: FetchSettings,
}

impl Default for ScriptSettings {
    fn default() -> Self {
        const QUEUE: NonZeroU32 = NonZeroU32::new(1024).unwrap();
        Self {
            cpu: Interval::from_millis(200),
            wall: Interval::from_secs(30),
            memory: Size(64 * 1024 * 1024),
            stack: Size(1024 * 1024),
            threads: 0,
            queue: QUEUE,
            fetch: FetchSettings::default(),
        }
    }
}

/// Whom `fetch` and `WebSocket` may reach. Link-local addresses, where clouds keep the credentials of
/// a machine, and the gateway's own management listener are refused unless `allow` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FetchSettings {
    /// Hosts (`api.example.com`), addresses and CIDR ranges that may be reached though a wider range
    /// is refused. The management listener may be reached only where its address is listed.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<Destination>,
    /// CIDR ranges that may not be reached. `0.0.0.0/0` and `::/0` together refuse everything that
    /// `allow` does not list.
    #[schemars(with = "Vec<String>")]
    pub deny: Vec<IpNet>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private: bool,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self { allow: Vec::new(), deny: Vec::new(), allow_private: true }
    }
}

/// Refused whatever the settings say, unless they list them: RFC 3927, RFC 4291 §2.5.6.
const LINK_LOCAL: [&str; 2] = ["169.254.0.0/16", "fe80::/10"];

/// This host, RFC 1918, shared addresses (RFC 6598), loopback; and the same of IPv6, with unique local
/// addresses (RFC 4193).
const PRIVATE: [&str; 9] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/128",
    "::1/128",
    "fc00::/7",
];

impl FetchSettings {
    /// The rules for every connection that a module asks for. `management` are the addresses of the
    /// management listener.
    pub fn rules(&self, management: &[SocketAddr]) -> EgressRules {
        let private: &[&str] = if self.allow_private { &[] } else { &PRIVATE };
        let fixed = LINK_LOCAL.iter().chain(private).filter_map(|network| network.parse().ok());
        let mut rules =
            EgressRules { refused_networks: fixed.chain(self.deny.iter().copied()).collect(), ..Default::default() };
        for destination in &self.allow {
            match destination {
                Destination::Network(network) => rules.allowed_networks.push(*network),
                Destination::Host(host) => rules.allowed_hosts.push(host.clone()),
            }
        }
        let listed = |address: &&SocketAddr| rules.allowed_networks.iter().any(|net| net.contains(&address.ip()));
        rules.refused_addresses = management.iter().filter(|address| !listed(address)).copied().collect();
        rules
    }
}

/// Where a request of a module goes: a host, or addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An address or a CIDR range.
    Network(IpNet),
    /// A host, in lower case.
    Host(String),
}

/// What is neither a host nor addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a host such as api.example.com, nor an address or a CIDR range")]
pub struct DestinationError(String);

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Network(ip.to_canonical().into()));
        }
        let valid = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        // What ends in digits only is an ill-formed address.
        let numeric = text.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if numeric || !text.split('.').all(valid) {
            return Err(DestinationError(text.to_owned()));
        }
        Ok(Self::Host(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => network.addr().fmt(f),
            Self::Network(network) => network.fmt(f),
            Self::Host(host) => f.write_str(host),
        }
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANAGEMENT: &str = "127.0.0.1:9001";

    #[track_caller]
    fn check(settings: &str, host: &str, address: &str, permitted: bool) {
        let settings: FetchSettings = serde_json::from_str(settings).unwrap();
        let rules = settings.rules(&[MANAGEMENT.parse().unwrap()]);
        assert_eq!(rules.permits(host, address.parse().unwrap()), permitted, "{settings:?}: {host} {address}");
    }

    #[test]
    fn by_default_everything_but_link_local_addresses_and_the_management_listener_is_in_reach() {
        for address in ["127.0.0.1:8888", "10.0.0.7:9001", "[::1]:8888", "192.0.2.7:80", "[2001:db8::7]:443"] {
            check("{}", "a.example", address, true);
        }
        for address in ["169.254.169.254:80", "[fe80::1]:80", MANAGEMENT, "0.0.0.0:9001"] {
            check("{}", "a.example", address, false);
        }
    }

    #[test]
    fn private_addresses_are_refused_where_the_settings_say_so() {
        let settings = r#"{ "allowPrivate": false, "allow": ["10.0.0.0/24"] }"#;
        for address in ["127.0.0.1:80", "10.1.0.1:80", "100.64.0.1:80", "[fd00::1]:80", "[::1]:80", "0.0.0.0:80"] {
            check(settings, "inner", address, false);
        }
        check(settings, "inner", "10.0.0.9:80", true);
        check(settings, "outer", "192.0.2.7:443", true);
        let all = FetchSettings { allow_private: false, ..Default::default() }.rules(&[]).refused_networks.len();
        assert_eq!(all, LINK_LOCAL.len() + PRIVATE.len(), "each is a network");
    }

    #[test]
    fn what_is_listed_is_in_reach_though_everything_else_is_refused() {
        let settings = r#"{ "deny": ["0.0.0.0/0", "::/0"], "allow": ["API.example.com", "[2001:db8::7]"] }"#;
        check(settings, "api.example.com", "192.0.2.7:443", true);
        check(settings, "api.example.com", MANAGEMENT, false);
        check(settings, "other.example.com", "[2001:db8::7]:443", true);
        check(settings, "other.example.com", "[2001:db8::8]:443", false);
        check(r#"{ "allow": ["169.254.169.254"] }"#, "m", "169.254.169.254:80", true);
        check(r#"{ "allow": ["169.254.169.254"] }"#, "m", "169.254.169.253:80", false);
        check(r#"{ "allow": ["127.0.0.1"] }"#, "m", MANAGEMENT, true);
    }

    #[test]
    fn a_destination_is_a_host_or_addresses_and_nothing_else() {
        for (text, shown) in [
            ("API.Example.com", "api.example.com"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7"),
            ("[::1]", "::1"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(text.parse::<Destination>().map(|destination| destination.to_string()), Ok(shown.to_owned()));
        }
        for text in ["", "*", "https://a.example.com", "a.example.com:443", "10.0.0.0/33", "300.1.1.1", "a b", "a..b"] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }
}
