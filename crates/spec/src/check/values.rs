//! Values that only code can check: URLs, hosts, addresses.

use std::net::{IpAddr, SocketAddr};

use url::Url;

/// Reads the URL of an upstream.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the URL, and what helps.
pub fn upstream_url(text: &str) -> Result<Url, (String, Option<String>)> {
    let url = Url::parse(text).map_err(|error| {
        let help = (!text.contains("://")).then(|| format!("write the scheme too: http://{text}"));
        (format!("is no URL: {error}"), help)
    })?;
    let wrong = |message: &str, help: &str| Err((message.to_owned(), Some(help.to_owned())));
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("has a scheme that no upstream speaks", "use http:// or https://");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return wrong("names no host", "write http://HOST:PORT");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("carries a user or password", "send credentials as a header, with set-request-headers");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or fragment", "an upstream's URL ends with its path");
    }
    Ok(url)
}

/// Checks where an upstream is: a URL, or a Unix socket of this machine.
///
/// # Errors
/// As [`upstream_url`].
pub fn upstream_place(text: &str) -> Result<(), (String, Option<String>)> {
    match tollgate_core::unix_socket::parse(text) {
        Some(Ok(_)) => Ok(()),
        Some(Err(mistake)) => Err((mistake.message.to_owned(), Some(mistake.help))),
        None => upstream_url(text).map(drop),
    }
}

/// Reads `publicUrl`: like an upstream's, without a slash at its end.
///
/// # Errors
/// As [`upstream_url`].
pub fn public_url(text: &str) -> Result<Url, (String, Option<String>)> {
    let url = upstream_url(text)?;
    match text.strip_suffix('/') {
        Some(short) => Err(("ends with a slash".to_owned(), Some(format!("write {short}")))),
        None => Ok(url),
    }
}

/// Whether a text is a host that a route may serve: a name, an address, or `*.` before a name.
pub fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    (address && name == text) || (name.len() <= 253 && name.split('.').all(label))
}

/// Reads `IP:PORT`; `:PORT` alone means every address, `localhost` is 127.0.0.1.
///
/// # Errors
/// Where it is none.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| match text.rsplit_once(':') {
        Some(("localhost", port)) => format!("write 127.0.0.1:{port}"),
        Some(("", port)) => format!("write 0.0.0.0:{port} for every address"),
        _ => "write IP:PORT, such as 127.0.0.1:9000 or [::]:9000".to_owned(),
    })
}

/// Checks the name of a protocol that requests may upgrade to.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the name, and what helps.
pub fn upgrade_protocol(text: &str) -> Result<(), (&'static str, String)> {
    // RFC 9110 §7.8: a token, and perhaps a version behind a slash.
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let (name, version) = text.split_once('/').map_or((text, None), |(name, version)| (name, Some(version)));
    if !token(name) || !version.is_none_or(token) {
        return Err(("is no name of a protocol", "write it as the Upgrade field does, such as websocket".to_owned()));
    }
    // Requests in a tunnel would be routed, checked and counted by nobody.
    if ["h2c", "http", "tls"].iter().any(|http| name.eq_ignore_ascii_case(http)) {
        let help = "take it out; requests in a tunnel would go past every policy".to_owned();
        return Err(("would carry requests that the gateway does not see", help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_or_one_star_in_front() {
        for good in ["example.com", "*.example.com", "localhost", "10.0.0.1", "[::1]", "a_b.example"] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "*", "a..b", "https://a", "a.b:80", "*.*.a", "-a.b", "a/b"] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn an_upstream_is_an_http_url_without_credentials_query_or_fragment() {
        for good in ["http://127.0.0.1:8888", "https://api.example.com/v1", "http://[::1]:80/"] {
            assert!(upstream_url(good).is_ok(), "{good}");
        }
        for bad in ["localhost:80", "//x", "ftp://a", "http://u:p@h", "http://h/?q", "http://h/#f", "http://", ""] {
            assert!(upstream_url(bad).is_err(), "{bad}");
            assert!(upstream_place(bad).is_err(), "{bad}");
        }
        assert!(upstream_place("http://unix:/run/app.sock").is_ok());
        for bad in ["unix:/run/app.sock", "https://unix:/run/app.sock", "http://unix:app.sock"] {
            assert!(
                upstream_place(bad).is_err_and(|(_, help)| help.is_some_and(|help| help.contains("http://unix:/run")))
            );
        }
    }

    #[test]
    fn a_protocol_to_upgrade_to_is_a_token_that_carries_no_requests() {
        for good in ["websocket", "Terminal", "x-shell/2"] {
            assert!(upgrade_protocol(good).is_ok(), "{good}");
        }
        for bad in ["", "web socket", "websocket,", "a/b/c", "h2c", "H2C", "HTTP/2.0", "TLS/1.2"] {
            assert!(upgrade_protocol(bad).is_err(), "{bad}");
        }
    }
}
