//! Line ends, folding and bytes that have no place in a head.

use super::support::{Gate, OK, Upstream, soon};

#[tokio::test]
async fn bytes_that_have_no_place_in_a_head_are_refused() {
    let gate = Gate::alone().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\r",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\u{0}: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tfolded\r\n\r\n",
        "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n",
        "GE T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G\"T / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let answer = gate.exchange(request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?} was answered with {answer:?}");
    }
}

/// RFC 9112 §2.2 lets a recipient take a bare LF for a line end. The upstream must then see CRLF,
/// so that it cannot see one long line instead.
#[tokio::test]
async fn bare_line_feeds_reach_the_upstream_as_line_ends() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET / HTTP/1.1\nHost: a\nX-One: 1\nX-Two: 2\n\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("x-one: 1\r\nx-two: 2\r\n"), "{request}");
    assert!(!request.replace("\r\n", "").contains('\n'), "{request}");
}

#[tokio::test]
async fn too_long_heads_are_refused_by_name() {
    let gate = Gate::alone().await;
    let url = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(17 * 1024));
    assert!(gate.exchange(url).await.starts_with("HTTP/1.1 414 "));
    let url = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(70 * 1024));
    assert!(gate.exchange(url).await.starts_with("HTTP/1.1 414 "));
    let field = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(65 * 1024));
    assert!(gate.exchange(field).await.starts_with("HTTP/1.1 431 "));
    let fields = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(101));
    assert!(gate.exchange(fields).await.starts_with("HTTP/1.1 431 "));
    // A client that never comes to an end is answered as soon as it is clear.
    let endless = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(200 * 1024));
    assert!(gate.exchange(endless).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_fragment_does_not_reach_the_upstream() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    assert!(soon("the request", seen.recv()).await.unwrap().starts_with("GET /a?b HTTP/1.1\r\n"));
}
