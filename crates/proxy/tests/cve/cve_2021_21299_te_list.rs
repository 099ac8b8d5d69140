//! CVE-2021-21299 (hyper), CVE-2020-8287 (Node): of several Transfer-Encoding fields or list
//! members each party believed another one.

use crate::attack::{Case, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    refused(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: \r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked ,\t\r\n\r\n0\r\n\r\n"),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\ntRANSFER-eNCODING: \t CHUNKED \t\r\n\r\n0\r\n\r\n",
        &["POST / HTTP/1.1"],
    ),
];

#[tokio::test]
async fn only_one_coding_and_only_chunked_is_believed() {
    hold(CASES).await;
}
