//! CVE-2025-32094 (Akamai): OPTIONS with a body, `Expect: 100-continue` and a folded line; and what
//! else makes two parties disagree on whether a body follows.

use crate::attack::{Case, attack, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nExpect:\r\n 100-continue\r\nContent-Length: 28\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\nExpect: 100-continue\r\n X: y\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    passes(
        b"OPTIONS /o HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 28\r\nExpect: 100-continue\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["OPTIONS /o HTTP/1.1"],
    ),
    passes(
        b"GET /o HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 28\r\nExpect: y 100-continue\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["GET /o HTTP/1.1"],
    ),
    passes(
        b"POST /o HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 28\r\nExpect: x\r\nExpect: 100-Continue\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["POST /o HTTP/1.1"],
    ),
    passes(
        b"POST /o HTTP/1.0\r\nHost: a\r\nContent-Length: 28\r\nExpect: 100-continue\r\n\r\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n",
        &["POST /o HTTP/1.1"],
    ),
    passes(
        b"GET /o HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
        &["GET /o HTTP/1.1"],
    ),
];

#[tokio::test]
async fn an_expectation_changes_no_framing_and_ends_at_the_gateway() {
    hold(CASES).await;
    for case in CASES {
        for request in attack(&case.bytes, |_| {}).await.requests {
            assert_eq!(request.field("expect"), None);
        }
    }
}
