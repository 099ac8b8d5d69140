//! CVE-2021-32714 (hyper), CVE-2017-7657 (Jetty), CVE-2013-2028 (nginx): a chunk size that is too
//! large for its variable wrapped around to a small one.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nf0000000000000003\r\nabc\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n"),
    refused(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3000000000000000000000\r\nabc\r\n0\r\n\r\n",
    ),
];

/// Sizes that fit are waited for, and what has come is never taken for the whole.
pub(crate) const ENORMOUS: &[&[u8]] = &[
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000003\r\nabc\r\n0\r\n\r\n",
];

#[tokio::test]
async fn a_chunk_size_does_not_wrap_around() {
    hold(CASES).await;
    for bytes in ENORMOUS {
        let seen = crate::attack::attack(bytes, |_| {}).await;
        assert_eq!(seen.requests.len(), 0, "{:?}", String::from_utf8_lossy(bytes));
    }
}
