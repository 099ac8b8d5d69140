//! CVE-2018-8004 (Apache Traffic Server), CVE-2022-22720 (Apache httpd): the connection stayed open
//! after an error, and the rest of the refused request was read as the next one.

use crate::attack::{Case, hold, refused, refused_with};

pub(crate) const CASES: &[Case] = &[
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n0\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"XX\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused_with(501, b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused_with(501, b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
];

#[tokio::test]
async fn nothing_is_read_after_an_error() {
    hold(CASES).await;
}
