//! CVE-2019-20372 (nginx), CVE-2020-11724 (OpenResty): a request was answered without its body being
//! read, and the body became the next request; or a GET lost its length on the way.

use crate::attack::{Case, attack, hold, passes};

pub(crate) const CASES: &[Case] = &[
    passes(
        b"GET /one HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\nX: y\r\nGET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        &["GET /one HTTP/1.1", "GET /two HTTP/1.1"],
    ),
    passes(
        b"HEAD /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 28\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["HEAD /one HTTP/1.1"],
    ),
    passes(
        b"DELETE /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n",
        &["DELETE /one HTTP/1.1"],
    ),
    passes(
        b"OPTIONS /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 28\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["OPTIONS /one HTTP/1.1"],
    ),
];

#[tokio::test]
async fn a_body_travels_with_its_request() {
    hold(CASES).await;
    let seen = attack(&CASES[0].bytes, |_| {}).await;
    assert_eq!(seen.requests[0].body, b"GET /s HTTP/1.1\r\nHost: a\r\nX: y");
}

/// Refusals that do not look at the body: the path here, the size there.
#[tokio::test]
async fn the_body_of_a_refused_request_is_no_request() {
    let inner = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";
    for (line, status) in [("POST /%00", 400), ("POST /%ff", 400), ("TRACE /", 501)] {
        let bytes = format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{inner}", inner.len());
        let seen = attack(bytes.as_bytes(), |_| {}).await;
        assert_eq!(seen.requests.len(), 0, "{line}: {:?}", seen.requests);
        assert_eq!(seen.answers.iter().map(|answer| answer.status()).collect::<Vec<_>>(), [status], "{line}");
        let bytes = format!(
            "{line} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{inner}\r\n0\r\n\r\n",
            inner.len()
        );
        let seen = attack(bytes.as_bytes(), |_| {}).await;
        assert_eq!(seen.requests.len(), 0, "{line}: {:?}", seen.requests);
    }
}
