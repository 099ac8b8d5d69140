//! CVE-2022-32213 (Node's llhttp): a value that only begins with, ends with or contains `chunked`
//! was taken for it.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedchunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked-false\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x-chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: [chunked]\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=0.5\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked x\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunke\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chun\xc4\xb7ed\r\n\r\n0\r\n\r\n"),
    refused(b"GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    refused(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
];

#[tokio::test]
async fn what_only_resembles_chunked_is_refused() {
    hold(CASES).await;
}
