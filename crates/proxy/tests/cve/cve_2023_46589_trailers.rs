//! CVE-2023-46589, CVE-2023-45648 (Tomcat): trailers that were too large or ill-formed ended the
//! body early, and what remained was read as a request. Trailers are also a second place for fields
//! that must not come from outside (RFC 9110 §6.5.1).

use crate::attack::{Case, attack, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n folded\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX : a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\x00\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\rb\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["POST / HTTP/1.1"],
    ),
];

#[tokio::test]
async fn ill_formed_trailers_do_not_end_a_request() {
    hold(CASES).await;
}

#[tokio::test]
async fn too_large_trailers_do_not_end_a_request() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for trailers in [format!("X: {}\r\n", "a".repeat(100_000)), "X: a\r\n".repeat(5000)] {
        let bytes = format!("{head}{trailers}\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(attack(bytes.as_bytes(), |_| {}).await.requests.len(), 0);
    }
}

#[tokio::test]
async fn trailers_hold_nothing_that_a_head_may_not_hold() {
    let names = [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Connection",
        "TE",
        "Trailer",
        "Authorization",
        "Set-Cookie",
        "Content-Type",
        "X-Tollgate-Consumer",
        "X_Tollgate_Consumer",
        "X-Forwarded-For",
        "X.Forwarded.For",
        "Forwarded",
        "X-Real-IP",
        "X_Under",
        "Upgrade",
        "Proxy-Authorization",
        "Keep-Alive",
        "X-Original-URL",
        "Cookie",
    ];
    let trailers: String = names.iter().map(|name| format!("{name}: evil\r\n")).collect();
    let bytes = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Named\r\nTE: trailers\r\nTrailer: x-sum, x-named, {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nhi\r\n0\r\nX-Sum: fine\r\n{trailers}\r\n",
        names.join(", ")
    );
    let seen = attack(bytes.as_bytes(), |_| {}).await;
    assert_eq!(seen.requests[0].body, b"hi");
    assert_eq!(seen.requests[0].trailers, [("x-sum".to_owned(), "fine".to_owned())]);
}
