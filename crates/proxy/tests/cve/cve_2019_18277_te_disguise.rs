//! CVE-2019-18277 (HAProxy): a control byte before `chunked` hid the coding from one party, while
//! the other stripped the byte and saw it.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding:\x0b chunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \x0cchunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \x00chunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \x1fchunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \x7fchunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\x0bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
];

#[tokio::test]
async fn a_coding_behind_a_control_byte_is_refused() {
    hold(CASES).await;
}
