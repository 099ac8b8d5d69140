//! CVE-2019-16276 (Go), CVE-2019-16869 (Netty), CVE-2018-8004 (Apache Traffic Server): white space
//! between name and colon made a field that one party saw and the other did not.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost : a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nX :\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length\xa0: 5\r\n\r\nhello"),
];

#[tokio::test]
async fn space_before_the_colon_is_refused() {
    hold(CASES).await;
}
