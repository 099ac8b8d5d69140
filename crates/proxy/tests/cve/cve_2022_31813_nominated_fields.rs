//! CVE-2022-31813 (Apache httpd), CVE-2021-33197 (Go), CVE-2024-45410 (Traefik): `Connection` named
//! fields that the proxy itself had added, or that it relies on. CVE-2026-26365 (Akamai): it named
//! Transfer-Encoding.

use crate::attack::attack;

const NAMED: &str = "X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Port, X-Real-IP, Forwarded, \
                     Host, Content-Length, Transfer-Encoding, X-Tollgate-Consumer, X-Custom";

#[tokio::test]
async fn what_the_gateway_adds_cannot_be_named_away() {
    let bytes = format!(
        "POST / HTTP/1.1\r\nHost: gate.example\r\nConnection: close, {NAMED}\r\nX-Custom: 1\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 5\r\n\r\nhello"
    );
    let seen = attack(bytes.as_bytes(), |_| {}).await;
    let request = &seen.requests[0];
    assert_eq!(request.body, b"hello");
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("x-forwarded-host"), Some("gate.example"));
    assert_eq!(request.field("x-real-ip"), Some("127.0.0.1"));
    assert_eq!(request.field("forwarded"), Some("for=127.0.0.1;host=gate.example;proto=http"));
    assert_eq!(request.field("x-custom"), None);
    assert_eq!(request.field("connection"), None);
}

#[tokio::test]
async fn transfer_encoding_cannot_be_named_away() {
    let bytes = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding, close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let seen = attack(bytes, |_| {}).await;
    assert_eq!(seen.requests[0].field("transfer-encoding"), Some("chunked"));
    assert_eq!(seen.requests[0].body, b"hello");
}

/// A caller behind a trusted proxy cannot hide its address by naming the field that holds it.
#[tokio::test]
async fn what_a_trusted_proxy_says_cannot_be_named_away() {
    let bytes = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, {NAMED}\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example\r\n\r\n"
    );
    let trusting = |setup: &mut crate::support::Setup| {
        setup.settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let seen = attack(bytes.as_bytes(), trusting).await;
    let request = &seen.requests[0];
    assert_eq!(request.field("x-real-ip"), Some("192.0.2.7"));
    assert_eq!(request.field("x-forwarded-for"), Some("192.0.2.7, 127.0.0.1"));
    assert_eq!(request.field("x-forwarded-proto"), Some("https"));
    assert_eq!(request.field("x-forwarded-host"), Some("api.example"));
}
