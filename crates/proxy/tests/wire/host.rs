//! Exactly one Host, and a target in a form that a gateway serves.

use super::support::{Gate, OK, Upstream, soon};

#[tokio::test]
async fn a_missing_double_or_ill_formed_host_is_refused() {
    let gate = Gate::alone().await;
    for fields in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host:\r\n",
        "Host: a b\r\n",
        "Host: a,b\r\n",
        "Host: user@a\r\n",
        "Host: a:port\r\n",
        "Host: a/b\r\n",
        "Host: [::1\r\n",
        "Host: a\\b\r\n",
    ] {
        let answer = gate.exchange(format!("GET / HTTP/1.1\r\n{fields}Connection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields:?} was answered with {answer:?}");
        assert!(answer.contains("request.malformed"), "{answer}");
    }
}

#[tokio::test]
async fn targets_that_are_not_a_path_are_refused() {
    let gate = Gate::alone().await;
    for (line, status) in [
        ("GET a HTTP/1.1", "400"),
        ("GET a/b HTTP/1.1", "400"),
        ("GET * HTTP/1.1", "400"),
        ("OPTIONS * HTTP/1.1", "400"),
        ("GET a:80 HTTP/1.1", "400"),
        ("GET ?x HTTP/1.1", "400"),
        ("CONNECT a:80 HTTP/1.1", "501"),
        ("CONNECT / HTTP/1.1", "501"),
        ("TRACE / HTTP/1.1", "501"),
    ] {
        let answer = gate.exchange(format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line} was answered with {answer:?}");
    }
}

#[tokio::test]
async fn paths_that_servers_read_differently_are_refused() {
    let gate = Gate::alone().await;
    for path in ["/%00", "/a%", "/%zz", "/%ff", "/%c0%ae", "/%252e%252e/", "/a%252fb", "/a;%2f..%2fb"] {
        let answer = gate.exchange(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path} was answered with {answer:?}");
    }
}

#[tokio::test]
async fn the_upstream_gets_its_own_host_and_the_resolved_path() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("GET //a/./b/../%63%2fd/?q=%2e%2e HTTP/1.1\r\nHost: Gateway.Example\r\n\r\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.starts_with("GET /a/%63%2fd/?q=%2e%2e HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {}\r\n", upstream.address)), "{request}");
    assert!(request.contains("x-forwarded-host: gateway.example\r\n"), "{request}");
}

#[tokio::test]
async fn http_1_0_needs_no_host_and_gets_a_closed_connection() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let answer = gate.exchange("GET /old HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    assert!(soon("the request", seen.recv()).await.unwrap().starts_with("GET /old HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_http_1_0_client_gets_no_chunks() {
    let (upstream, _seen) =
        Upstream::echoing(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").await;
    let gate = Gate::before(&upstream).await;
    let answer = gate.exchange("GET / HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    assert!(!answer.contains("chunked"), "{answer}");
}
