//! CVE-2022-32214 (Node's llhttp): lines that end without CR. RFC 9112 §2.2 lets a recipient read
//! them; then nobody behind it may have to.

use crate::attack::{Case, attack, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    passes(b"GET /x HTTP/1.1\nHost: a\nConnection: close\nX: y\n\n", &["GET /x HTTP/1.1"]),
    passes(b"GET /x HTTP/1.1\r\nHost: a\nConnection: close\r\nX: y\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"POST /x HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 5\n\nab\nc\n", &["POST /x HTTP/1.1"]),
    refused(b"GET / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: x\n\n"),
    refused(b"GET / HTTP/1.1\n Host: a\nX: y\n\n"),
    passes(b"\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
    passes(b"\n\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &["GET /x HTTP/1.1"]),
];

#[tokio::test]
async fn a_bare_line_feed_never_reaches_the_origin() {
    hold(CASES).await;
}

#[tokio::test]
async fn a_field_after_a_bare_line_feed_is_a_field_of_its_own() {
    let seen = attack(b"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\nX-Two: 2\r\nConnection: close\r\n\r\n", |_| {}).await;
    assert_eq!(seen.requests[0].field("x-one"), Some("1"));
    assert_eq!(seen.requests[0].field("x-two"), Some("2"));
}
