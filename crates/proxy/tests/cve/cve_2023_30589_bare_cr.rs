//! CVE-2023-30589 (Node's llhttp): a CR without LF ended a line for one party. CVE-2019-9900
//! (Envoy): a NUL ended a value.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nDummy: x\rContent-Length: 23\r\n\r\nGET / HTTP/1.1\r\nX: y\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nDummy: x\r\rContent-Length: 3\r\n\r\nabc"),
    refused(b"GET / HTTP/1.1\rHost: a\r\r"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\rHost: b\r\n\r\n"),
    refused(b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX\r: y\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x00z\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX\x00Y: z\r\n\r\n"),
    refused(b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET\x00 / HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.1\x00\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x08\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x7f\r\n\r\n"),
];

#[tokio::test]
async fn a_bare_carriage_return_or_a_nul_in_a_head_is_refused() {
    hold(CASES).await;
}
