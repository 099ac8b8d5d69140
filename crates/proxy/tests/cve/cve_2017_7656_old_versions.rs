//! CVE-2017-7656 (Jetty): a request line with an odd or no version was served as HTTP/0.9, without
//! fields, and cached.

use crate::attack::{Case, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"GET /\r\n\r\n"),
    refused(b"GET / \r\nHost: a\r\n\r\n"),
    refused(b"GET /\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/+1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/3\r\nHost: a\r\n\r\n"),
    refused(b"GET / http/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTQ/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / XX\r\nHost: a\r\n\r\n"),
    passes(b"GET /x HTTP/1.0\r\n\r\nGET /s HTTP/1.0\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(
        b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /y HTTP/1.0\r\n\r\n",
        &["GET /x HTTP/1.1", "GET /y HTTP/1.1"],
    ),
    passes(b"POST /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", &["POST /x HTTP/1.1"]),
];

#[tokio::test]
async fn only_1_1_and_1_0_are_versions_here() {
    hold(CASES).await;
}
