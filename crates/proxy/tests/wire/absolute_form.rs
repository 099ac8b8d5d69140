//! A target that is a whole URL must agree with Host.

use super::support::{Gate, OK, Upstream, soon};

#[tokio::test]
async fn an_absolute_target_that_contradicts_host_is_refused() {
    let gate = Gate::alone().await;
    for (target, host) in [
        ("http://a/", "b"),
        ("http://a:81/", "a"),
        ("http://a.example/", "a.example.evil"),
        ("http://user@a/", "a"),
        ("http://a@b/", "b"),
        ("ftp://a/", "a"),
        ("HTTPX://a/", "a"),
    ] {
        let answer = gate.exchange(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{target} with {host} was answered with {answer:?}");
    }
    let answer = gate.exchange("GET http://a/ HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
}

#[tokio::test]
async fn an_absolute_target_that_agrees_is_forwarded_as_a_path() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    for (target, host) in [("http://a.example/x?y", "A.example"), ("http://a.example:80/x?y", "a.example")] {
        let mut client = gate.client().await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200"));
        assert!(soon("the request", seen.recv()).await.unwrap().starts_with("GET /x?y HTTP/1.1\r\n"));
    }
}
