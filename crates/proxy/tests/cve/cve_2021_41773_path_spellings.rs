//! CVE-2021-41773, CVE-2021-42013 (Apache httpd), CVE-2019-9901, CVE-2021-29492 (Envoy),
//! CVE-2000-0884 (IIS), CVE-2020-5902 (BIG-IP): a path in a spelling that the guard reads in one way
//! and the server behind it in another.

use crate::attack::{Case, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    passes(b"GET /a/../x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET /a/%2e%2e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET /a/.%2E/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET /../../x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET //x//y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x/y HTTP/1.1"]),
    passes(
        b"GET ///evil.example/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /evil.example/x HTTP/1.1"],
    ),
    passes(b"GET /./x/. HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x/ HTTP/1.1"]),
    passes(b"GET /x%2fy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x%2fy HTTP/1.1"]),
    passes(b"GET /x;y/z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x;y/z HTTP/1.1"]),
    passes(b"GET /x#/../y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"GET /x?/../y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x?/../y HTTP/1.1"]),
    refused(b"GET /%252e%252e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /%25252e%25252e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x%252fy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x%255cy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /%c0%ae%c0%ae/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /%c0%afx HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /%e0%80%af HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /\xc0\xae\xc0\xae/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x% HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x%u002e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    refused(b"GET /x;%2f..%2fy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
];

#[tokio::test]
async fn a_path_has_one_meaning() {
    hold(CASES).await;
}
