//! CVE-2023-25690 (Apache httpd), CVE-2016-8743: line ends and spaces of a target that were decoded
//! on the way, or white space in the request line, split one request into two.

use crate::attack::{Case, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    passes(
        b"GET /x%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /x%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/s HTTP/1.1"],
    ),
    passes(
        b"GET /x?q=%0d%0aGET%20/s%20HTTP/1.1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /x?q=%0d%0aGET%20/s%20HTTP/1.1 HTTP/1.1"],
    ),
    // Some readers of request lines split at these bytes, which are spaces in Latin-1.
    passes(
        b"GET /x\xc2\x85?y\xc2\xa0z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /x%C2%85?y%C2%A0z HTTP/1.1"],
    ),
    refused(b"GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x  HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"),
    refused(b" GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x\x0bHTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x HTTP/1.1\r\n\tHost: a\r\n\r\n"),
    refused(b"GET /x HTTP /1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET /x\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
];

#[tokio::test]
async fn a_request_line_stays_one_line() {
    hold(CASES).await;
}
