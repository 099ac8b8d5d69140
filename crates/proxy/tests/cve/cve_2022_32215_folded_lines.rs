//! CVE-2022-32215 (Node's llhttp), CVE-2024-27982 (Node): a field continued on the next line, or a
//! line that begins with a space, was one field to one party and two to the other.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n , identity\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\n chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n\tContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\n Host: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\n0123456789"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\nhello"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"),
];

#[tokio::test]
async fn a_folded_line_is_refused() {
    hold(CASES).await;
}
