//! Lets requests through, or refuses them, by the caller's address.
//!
//! An address is no proof of who calls: use it beside a key, not instead of one.

use std::net::IpAddr;

use http::HeaderName;
use ipnet::{IpNet, Ipv4Net};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::exchange::Introduction;
use tollgate_core::{Exchange, Fault, Policy, Problem, Reason, Request, Step};

/// The address is not one of those that may call.
pub static IP_DENIED: Reason = Reason {
    name: "ip.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "The caller's address is on the deny list of an ip-restriction, not on its allow list, or not known.",
    fix: "Add the address to `allow`, or take it off `deny`; behind a proxy, name the proxy in `server.trustedProxies`, so that the caller's own address is seen.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<IpRestriction>("ip-restriction", Direction::Inbound, include_str!("docs.md"))
        .exports(&["IpAddressRestrictionInboundPolicy"])
        .reasons(&[&IP_DENIED]);

/// Which addresses may call. At least one of the lists is required.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// Addresses and CIDR ranges that may call; all others may not. Default: every address that
    /// `deny` does not name.
    #[serde(default)]
    allow: Option<Vec<String>>,
    /// Addresses and CIDR ranges that may not call. Goes before `allow`.
    #[serde(default)]
    deny: Option<Vec<String>>,
    /// A header field to read the caller's address from, where a proxy in front of the gateway
    /// writes it. Any caller who can reach the gateway past that proxy can write it too: prefer
    /// `server.trustedProxies`. Default: the address that the gateway itself has established.
    client_ip_header: Option<String>,
    /// Whether a request passes whose address is not known, because `clientIpHeader` is missing
    /// from it or holds no address. Default: false.
    #[serde(default)]
    allow_unknown_ip_address: bool,
}

/// See the module.
#[derive(Debug)]
struct IpRestriction {
    allow: Option<Ranges>,
    deny: Ranges,
    header: Option<HeaderName>,
    allow_unknown: bool,
}

/// Ranges that do not overlap, by their first address.
#[derive(Debug)]
struct Ranges(Vec<IpNet>);

impl Ranges {
    fn new(texts: &[String], list: &str) -> Result<Self, BuildError> {
        let parse = |(index, text): (usize, &String)| {
            parse_range(text).ok_or_else(|| {
                BuildError::at(format!("/{list}/{index}"), format!("`{text}` is not an address or a CIDR range"))
                    .help("write 203.0.113.7, 10.0.0.0/8, 2001:db8::1 or 2001:db8::/32")
            })
        };
        let ranges = texts.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        let mut ranges = IpNet::aggregate(&ranges);
        ranges.sort_by_key(IpNet::network);
        Ok(Self(ranges))
    }

    fn contain(&self, address: IpAddr) -> bool {
        // They do not overlap, so only the last that begins at or before the address can hold it.
        let behind = self.0.partition_point(|range| range.network() <= address);
        behind.checked_sub(1).is_some_and(|index| self.0[index].contains(&address))
    }
}

/// A range; a v4-mapped one (`::ffff:10.0.0.0/104`) is the v4 range that it means.
fn parse_range(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let range = match text.parse::<IpNet>() {
        Ok(range) => range,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    match range {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - 96).ok().map(IpNet::V4),
            None => Some(range),
        },
        _ => Some(range),
    }
}

impl Configure for IpRestriction {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        if options.allow.is_none() && options.deny.as_ref().is_none_or(Vec::is_empty) {
            return Err(BuildError::at("", "neither `allow` nor `deny` names an address")
                .help("give `allow: [10.0.0.0/8]`, or `deny`"));
        }
        let header = options.client_ip_header.map(|name| {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| BuildError::at("/clientIpHeader", format!("`{name}` is not the name of a header field")))
        });
        Ok(Self {
            // An empty list of those who may call lets nobody in.
            allow: options.allow.map(|allow| Ranges::new(&allow, "allow")).transpose()?,
            deny: Ranges::new(&options.deny.unwrap_or_default(), "deny")?,
            header: header.transpose()?,
            allow_unknown: options.allow_unknown_ip_address,
        })
    }
}

impl IpRestriction {
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !self.deny.contain(address) && self.allow.as_ref().is_none_or(|allow| allow.contain(address))
    }
}

impl Policy for IpRestriction {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let address = match &self.header {
            None => Some(exchange.client.ip),
            Some(name) => address_in(request, name),
        };
        let allowed = address.map_or(self.allow_unknown, |address| self.allows(address));
        if allowed {
            return Step::CONTINUE;
        }
        let cause = address.map_or_else(|| "address not known".to_owned(), |address| format!("address {address}"));
        Problem::new(&IP_DENIED, "You are not allowed to use this resource.").caused_by(cause).into()
    }

    fn reads_introduction(&self) -> bool {
        self.header.as_ref().is_some_and(Introduction::has)
    }
}

/// The address in a field: its first, with or without a port. A field that comes twice was not
/// written by the proxy alone, so nothing is known.
fn address_in(request: &Request, name: &HeaderName) -> Option<IpAddr> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let first = value.split(',').next()?.trim();
    first.parse().ok().or_else(|| first.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(allow: Option<&[&str]>, deny: &[&str], address: &str, expected: bool) {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let policy = IpRestriction {
            allow: allow.map(|allow| Ranges::new(&texts(allow), "allow").unwrap()),
            deny: Ranges::new(&texts(deny), "deny").unwrap(),
            header: None,
            allow_unknown: false,
        };
        assert_eq!(policy.allows(address.parse().unwrap()), expected, "allow {allow:?}, deny {deny:?}: {address}");
    }

    #[test]
    fn deny_goes_before_allow_and_an_empty_allow_list_lets_nobody_in() {
        check(Some(&["10.0.0.0/8"]), &["10.1.0.0/16"], "10.2.0.1", true);
        check(Some(&["10.0.0.0/8"]), &["10.1.0.0/16"], "10.1.0.1", false);
        check(Some(&["10.0.0.0/8"]), &[], "11.0.0.1", false);
        check(None, &["10.1.0.0/16"], "11.0.0.1", true);
        check(Some(&[]), &[], "127.0.0.1", false);
    }

    #[test]
    fn a_v4_mapped_address_is_the_v4_address_that_it_means() {
        check(Some(&["10.0.0.0/8"]), &[], "::ffff:10.0.0.1", true);
        check(None, &["10.0.0.0/8"], "::ffff:10.0.0.1", false);
        check(None, &["::ffff:10.0.0.0/104"], "10.0.0.1", false);
        check(Some(&["::/0"]), &[], "10.0.0.1", false);
        check(Some(&["2001:db8::/32"]), &[], "2001:db8::1", true);
    }

    #[test]
    fn overlapping_and_unordered_ranges_are_all_honoured() {
        let ranges = ["192.0.2.128/25", "10.1.2.3", "10.0.0.0/8", "192.0.2.0/25", "2001:db8::1"];
        for address in ["10.255.0.1", "10.1.2.3", "192.0.2.0", "192.0.2.255", "2001:db8::1"] {
            check(Some(&ranges), &[], address, true);
        }
        for address in ["192.0.3.0", "11.0.0.0", "2001:db8::2", "0.0.0.0"] {
            check(Some(&ranges), &[], address, false);
        }
    }
}
