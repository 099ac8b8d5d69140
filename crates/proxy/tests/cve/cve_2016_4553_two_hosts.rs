//! CVE-2016-4553, CVE-2016-4554 (Squid): an absolute target and a Host field that contradict each
//! other, or a Host that hides behind white space, and each party believes another one.

use crate::attack::{Case, attack, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"GET http://a/x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"),
    refused(b"GET http://a:81/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET http://a@b/x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"),
    refused(b"GET http://user:word@a/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET http://a/x HTTP/1.1\r\nConnection: close\r\n\r\n"),
    refused(b"GET ftp://a/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET a:80 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET http:///x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET http:/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET @b/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a, b\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: u@a\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a/x\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a?x\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a#x\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a:8x\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a:80:81\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\xa0\r\nConnection: close\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\n Host: b\r\nHost: a\r\nConnection: close\r\n\r\n"),
    passes(b"GET http://A:80/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET / HTTP/1.1"]),
    passes(b"GET http://a?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /?x HTTP/1.1"]),
];

#[tokio::test]
async fn there_is_one_host() {
    hold(CASES).await;
}

#[tokio::test]
async fn the_host_that_was_decided_on_is_the_one_that_is_told() {
    let seen =
        attack(b"GET http://api.example/x HTTP/1.1\r\nHost: API.example:80\r\nConnection: close\r\n\r\n", |_| {}).await;
    assert_eq!(seen.requests[0].field("x-forwarded-host"), Some("api.example:80"));
}
