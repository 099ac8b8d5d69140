//! What TypeScript modules may use, and whom they may reach.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::{Interval, Size};

/// The limits of TypeScript modules. A call that breaks one ends with a problem, and the engine it
/// ran in is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScriptSettings {
    /// How much processor time one call of a policy, a handler or a hook may use.
    pub cpu: Interval,
    /// How long one call may take, with everything that it waits for.
    pub wall: Interval,
    /// The most memory of one engine: what the modules keep, and all calls that run in it together.
    /// At least 1 MiB.
    pub memory: Size,
    /// The deepest that functions may call each other, in bytes of stack. At least 64 KiB, at most
    /// 64 MiB.
    pub stack: Size,
    /// How many threads run modules, each with an engine of its own. `0`, the default, for as many
    /// as the machine has cores.
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
    /// Hosts (`api.example.com`, `*.example.com`), addresses and CIDR ranges that may be reached
    /// whatever else is refused.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<Destination>,
    /// The same, for what may not be reached. `0.0.0.0/0` and `::/0` together refuse everything
    /// that `allow` does not list.
    #[schemars(with = "Vec<String>")]
    pub deny: Vec<Destination>,
    /// Whether loopback and private addresses may be reached.
    pub allow_private: bool,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self { allow: Vec::new(), deny: Vec::new(), allow_private: true }
    }
}

/// Why a module may not reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchRefusal {
    /// `deny` lists it.
    #[error("`scripts.fetch.deny` lists it")]
    Denied,
    /// It is the management listener's.
    #[error("it is the gateway's management listener; `scripts.fetch.allow` can list it")]
    Management,
    /// It is a link-local one.
    #[error("it is a link-local address; `scripts.fetch.allow` can list it")]
    LinkLocal,
    /// It is loopback or private.
    #[error("it is a private address, and `scripts.fetch.allowPrivate` is false")]
    Private,
}

impl FetchSettings {
    /// Whether a module may reach `address`, which the name `host` stands for: to be asked for every
    /// address that is connected to, so that a name cannot be pointed elsewhere in between.
    /// `management` are the addresses of the management listener.
    ///
    /// # Errors
    /// Says why it may not.
    pub fn check(&self, host: &str, address: SocketAddr, management: &[SocketAddr]) -> Result<(), FetchRefusal> {
        let ip = address.ip().to_canonical();
        if self.allow.iter().any(|destination| destination.covers(host, ip)) {
            return Ok(());
        }
        if self.deny.iter().any(|destination| destination.covers(host, ip)) {
            return Err(FetchRefusal::Denied);
        }
        if management.iter().any(|listener| reaches(*listener, ip, address.port())) {
            return Err(FetchRefusal::Management);
        }
        if is_link_local(ip) {
            return Err(FetchRefusal::LinkLocal);
        }
        if !self.allow_private && is_private(ip) {
            return Err(FetchRefusal::Private);
        }
        Ok(())
    }
}

/// Whether a connection to this address ends at a listener of this machine. Which addresses the
/// machine has is not known here, so a listener on all of them is reached by every one that is not
/// public.
fn reaches(listener: SocketAddr, ip: IpAddr, port: u16) -> bool {
    let own = listener.ip().to_canonical();
    // To connect to the unspecified address is to connect to this machine.
    port == listener.port()
        && (own == ip || (ip.is_unspecified() && own.is_loopback()) || (own.is_unspecified() && is_private(ip)))
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Loopback, unspecified, RFC 1918, shared (RFC 6598), unique local (RFC 4193) and link-local.
fn is_private(ip: IpAddr) -> bool {
    let shared = |octets: [u8; 4]| octets[0] == 0 || (octets[0] == 100 && octets[1] & 0xc0 == 64);
    ip.is_loopback()
        || ip.is_unspecified()
        || is_link_local(ip)
        || match ip {
            IpAddr::V4(ip) => ip.is_private() || shared(ip.octets()),
            IpAddr::V6(ip) => ip.is_unique_local(),
        }
}

/// Where a request of a module goes: a host, or addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An address or a CIDR range.
    Network(IpNet),
    /// A host, in lower case; `*.example.com` is everything below `example.com`.
    Host(String),
}

impl Destination {
    /// Whether it means this host, or this address of it.
    fn covers(&self, host: &str, ip: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(&ip),
            Self::Host(own) => {
                let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
                match own.strip_prefix('*') {
                    Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                    None => host == *own,
                }
            }
        }
    }
}

/// What is neither a host nor addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a host such as api.example.com, nor an address or a CIDR range")]
pub struct DestinationError(String);

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(network) = bare.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Network(ip.to_canonical().into()));
        }
        let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let valid = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        // What ends in digits only is an ill-formed address.
        let numeric = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if numeric || !host.strip_prefix("*.").unwrap_or(&host).split('.').all(valid) {
            return Err(DestinationError(text.to_owned()));
        }
        Ok(Self::Host(host))
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
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
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

    fn settings(allow: &[&str], deny: &[&str], allow_private: bool) -> FetchSettings {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        FetchSettings { allow: read(allow), deny: read(deny), allow_private }
    }

    #[track_caller]
    fn check(settings: &FetchSettings, host: &str, address: &str, expected: Result<(), FetchRefusal>) {
        let management = ["127.0.0.1:9001".parse().unwrap()];
        assert_eq!(settings.check(host, address.parse().unwrap(), &management), expected, "{host} {address}");
    }

    #[test]
    fn link_local_addresses_and_the_management_listener_are_refused_in_every_spelling() {
        let settings = FetchSettings::default();
        for address in ["169.254.169.254:80", "[fe80::1]:80", "[::ffff:169.254.169.254]:80"] {
            check(&settings, "metadata.example.com", address, Err(FetchRefusal::LinkLocal));
        }
        for address in ["127.0.0.1:9001", "0.0.0.0:9001", "[::ffff:127.0.0.1]:9001", "[::]:9001"] {
            check(&settings, "localhost", address, Err(FetchRefusal::Management));
        }
        for address in ["127.0.0.1:8888", "10.0.0.7:9001", "[::1]:8888", "192.0.2.7:80"] {
            check(&settings, "localhost", address, Ok(()));
        }
    }

    #[test]
    fn a_management_listener_on_all_addresses_is_not_reached_by_any_private_one() {
        let everywhere = ["0.0.0.0:9001".parse().unwrap()];
        let check = |address: &str| FetchSettings::default().check("h", address.parse().unwrap(), &everywhere);
        for address in ["127.0.0.1:9001", "10.1.2.3:9001", "[::1]:9001", "[fd00::1]:9001", "0.0.0.0:9001"] {
            assert_eq!(check(address), Err(FetchRefusal::Management), "{address}");
        }
        assert_eq!(check("192.0.2.7:9001"), Ok(()));
        assert_eq!(check("127.0.0.1:9000"), Ok(()));
    }

    #[test]
    fn private_addresses_are_refused_where_the_settings_say_so() {
        let settings = settings(&["10.0.0.0/24"], &[], false);
        for address in ["127.0.0.1:80", "10.1.0.1:80", "100.64.0.1:80", "[fd00::1]:80", "[::1]:80", "0.0.0.0:80"] {
            check(&settings, "inner", address, Err(FetchRefusal::Private));
        }
        check(&settings, "inner", "10.0.0.9:80", Ok(()));
        check(&settings, "outer", "192.0.2.7:443", Ok(()));
    }

    #[test]
    fn what_is_allowed_by_name_or_range_is_reached_whatever_else_is_refused() {
        let everything_else = settings(&["api.example.com", "*.tenants.example.com"], &["0.0.0.0/0", "::/0"], true);
        check(&everything_else, "API.example.com.", "192.0.2.7:443", Ok(()));
        check(&everything_else, "a.b.tenants.example.com", "[2001:db8::7]:443", Ok(()));
        for host in ["tenants.example.com", "eviltenants.example.com", "api.example.com.evil.test"] {
            check(&everything_else, host, "192.0.2.7:443", Err(FetchRefusal::Denied));
        }
        let metadata = settings(&["169.254.169.254", "127.0.0.1"], &[], true);
        check(&metadata, "169.254.169.254", "169.254.169.254:80", Ok(()));
        check(&metadata, "localhost", "127.0.0.1:9001", Ok(()));
        check(&metadata, "169.254.169.253", "169.254.169.253:80", Err(FetchRefusal::LinkLocal));
    }

    #[test]
    fn a_destination_is_a_host_or_addresses_and_nothing_else() {
        for (text, shown) in [
            ("API.Example.com", "api.example.com"),
            ("*.example.com", "*.example.com"),
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
