//! CVE-2024-23452 (Apache bRPC), CVE-2020-10109 (Twisted), CVE-2024-1135 (gunicorn): Content-Length
//! and Transfer-Encoding in one request, each believed by another party (CL.TE and TE.CL).

use crate::attack::{Case, attack, hold, refused};

/// RFC 9112 §6.3 lets a server refuse the pair, or read the chunks and close afterwards. Nobody who means well sends it.
pub(crate) const CASES: &[Case] = &[
    refused(b"POST /te HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST /te HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\nA\r\n0\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST /te HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\nX"),
    refused(b"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"),
];

#[tokio::test]
async fn two_framings_are_refused_and_nothing_behind_them_is_read() {
    hold(CASES).await;
    let seen = attack(&CASES[1].bytes, |_| {}).await;
    assert_eq!((seen.requests.len(), seen.answers.len()), (0, 1));
}
