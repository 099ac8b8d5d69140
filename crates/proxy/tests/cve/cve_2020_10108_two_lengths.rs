//! CVE-2020-10108 (Twisted), CVE-2017-7658 (Jetty): of two Content-Length fields each party
//! believed another one.

use crate::attack::{Case, attack, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\ncontent-length: 5\r\n\r\nhello!"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: \r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: x\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello!"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5;5\r\n\r\nhello"),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        &["POST / HTTP/1.1"],
    ),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nContent-Length: 005\r\n\r\nhello",
        &["POST / HTTP/1.1"],
    ),
];

#[tokio::test]
async fn lengths_that_differ_are_refused_and_equal_ones_become_one() {
    hold(CASES).await;
}

#[tokio::test]
async fn a_length_is_written_anew() {
    let bytes = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \t 0000000005 \t\r\n\r\nhello";
    let seen = attack(bytes, |_| {}).await;
    assert_eq!(seen.requests[0].field("content-length"), Some("5"));
}
