//! CVE-2025-55315 (Kestrel): a line end within a chunk extension ended the line for one party.
//! CVE-2023-39326 (Go), CVE-2024-21647 (Puma): extensions without a bound.

use crate::attack::{Case, attack, harmless, hold, passes, refused};

pub(crate) const CASES: &[Case] = &[
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;\rxx\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"\n\"\r\nxx\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\rb\r\nxx\r\n0\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nGET /s HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n"),
    refused(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a\rb\r\n\r\n"),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c\r\nxx\r\n0;d\r\n\r\n",
        &["POST / HTTP/1.1"],
    ),
    passes(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2 ; a = \"b;c\"\r\nxx\r\n0\r\n\r\n",
        &["POST / HTTP/1.1"],
    ),
];

#[tokio::test]
async fn an_extension_ends_at_crlf_and_at_the_gateway() {
    hold(CASES).await;
}

#[tokio::test]
async fn extensions_have_a_bound() {
    let mut bytes = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..200 {
        bytes.extend(b"1;".iter().chain(&[b'x'; 200]).chain(b"\r\na\r\n"));
    }
    bytes.extend(b"0\r\n\r\n");
    let case = harmless(bytes);
    assert_eq!(attack(&case.bytes, |_| {}).await.requests.len(), 0, "40 KB of extensions are too many");
}
