//! CVE-2023-38709, CVE-2023-27522 (Apache httpd): an origin's answer with odd bytes in its head, or
//! with two lengths, became two answers at the client.

use crate::answers::are;

#[tokio::test]
async fn an_answer_that_could_be_two_is_502() {
    let cases: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n X: a\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n: a\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nok",
        b"HTTP/1.1 200 O\rK\r\n\r\nok",
        b"HTTP/1.1 200 O\x00K\r\n\r\nok",
        b"HTTP/1.1  200 OK\r\n\r\nok",
        b"HTTP/1.1 20 OK\r\n\r\nok",
        b"HTTP/1.1 2000 OK\r\n\r\nok",
        b"HTTP/1.1 099 OK\r\n\r\nok",
        b"HTTP/2 200 OK\r\n\r\nok",
        b"HTTP/1.2 200 OK\r\n\r\nok",
        b"ICY 200 OK\r\n\r\nok",
        b"<html>hello</html>",
        b"HTTP/1.1 200 OK\nContent-Length: 2\nX: a\n\nok",
    ];
    for bytes in cases {
        are(502, "GET", bytes, false).await;
    }
}

#[tokio::test]
async fn what_an_origin_may_write_reaches_the_client_in_one_form() {
    let cases: &[&[u8]] = &[
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 \r\nContent-Length: \t2 \r\n\r\nok",
        b"HTTP/1.1 200 caf\xc3\xa9\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: caf\xc3\xa9 \xff\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ];
    for bytes in cases {
        are(200, "GET", bytes, false).await;
    }
}

/// The trailers of an answer cannot change what its head has said.
#[tokio::test]
async fn trailers_of_an_answer_hold_nothing_that_a_head_decides() {
    let bytes = b"HTTP/1.1 200 OK\r\nTrailer: x-sum, set-cookie, content-length, transfer-encoding, connection, upgrade, location\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\nok\r\n0\r\nX-Sum: 2\r\nSet-Cookie: evil\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nConnection: close\r\nUpgrade: h2c\r\nLocation: /evil\r\n\r\n";
    let upstream = crate::support::Upstream::play(move |_, mut conn| async move {
        conn.request().await;
        conn.send(bytes).await;
    })
    .await;
    let gate = crate::support::Gate::before(&upstream).await;
    let answer = gate.exchange("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n").await;
    assert!(answer.ends_with("2\r\nok\r\n0\r\nx-sum: 2\r\n\r\n"), "{answer}");
}
