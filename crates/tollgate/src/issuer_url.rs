//! The issuer's name: `publicUrl` and the issuer's path. Never from a request.

use std::net::SocketAddr;

use tollgate_core::settings::Settings;

/// The `iss` of every token. `bound` is the address that the listener really has, where it has one.
pub(crate) fn of_settings(settings: &Settings, bound: Option<SocketAddr>) -> String {
    format!("{}/{}", public_url(settings, bound), settings.issuer.path.trim_matches('/'))
}

/// The URL under which clients reach the gateway, without a trailing slash.
pub(crate) fn public_url(settings: &Settings, bound: Option<SocketAddr>) -> String {
    let scheme = if settings.server.tls.is_some() { "https" } else { "http" };
    match (&settings.public_url, bound) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(address)) => format!("{scheme}://{}", reachable(address)),
        (None, None) => match settings.server.listen.parse::<SocketAddr>() {
            Ok(address) => format!("{scheme}://{}", reachable(address)),
            Err(_) => format!("{scheme}://{}", settings.server.listen),
        },
    }
}

/// The address to call for a listener: a wildcard is no address, so it becomes loopback.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other.ip(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_named_by_public_url_or_by_the_address_that_was_bound() {
        let mut settings = Settings::default();
        assert_eq!(of_settings(&settings, None), "http://127.0.0.1:9000/__tollgate/issuer");
        let bound = Some("0.0.0.0:8080".parse().unwrap());
        assert_eq!(of_settings(&settings, bound), "http://127.0.0.1:8080/__tollgate/issuer");
        settings.server.tls = Some(Default::default());
        assert_eq!(of_settings(&settings, bound), "https://127.0.0.1:8080/__tollgate/issuer");
        settings.public_url = Some("https://api.example.com/".to_owned());
        assert_eq!(of_settings(&settings, bound), "https://api.example.com/__tollgate/issuer");
    }
}
