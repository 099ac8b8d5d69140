//! CVE-2023-25725 (HAProxy): a field without a name ended the list, and framing after it was lost.

use crate::attack::{Case, hold, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n: x\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n:x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n:\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\n: \r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n :\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n::authority: x\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nno colon\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\n\"quoted\": x\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nX Y: x\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nX(Y): x\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nX\xe2\x80\x90Y: x\r\nContent-Length: 5\r\n\r\nhello"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent\xc2\xadLength: 5\r\n\r\nhello"),
];

#[tokio::test]
async fn a_field_without_a_proper_name_is_refused() {
    hold(CASES).await;
}
