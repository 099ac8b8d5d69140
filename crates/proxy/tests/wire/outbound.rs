//! The gateway's own requests.

use std::sync::Arc;
use std::time::Duration;

use tollgate_core::services::HttpClient;
use tollgate_core::time::SystemClock;
use tollgate_proxy::http_client::OutboundClient;
use tollgate_proxy::upstream::{MapHosts, Upstreams};

use super::support::{DEADLINE, Upstream};

/// A client for which `https://keys.example` is this upstream.
fn client(upstream: &Upstream) -> OutboundClient {
    let mut hosts = MapHosts::default();
    hosts.add(&format!("keys.example={}", upstream.address), false).unwrap();
    OutboundClient::new(Upstreams::new(Arc::new(SystemClock::new()), hosts))
}

/// Answers by path.
async fn site() -> Upstream {
    Upstream::play(|_, mut conn| async move {
        while let Some(request) = conn.request().await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let to = |url: &str| format!("HTTP/1.1 302 Found\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
            let answer = match path.as_str() {
                "/keys?v=1" => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkeys".to_owned(),
                "/moved" => to("/keys?v=1"),
                "/loop" => to("/loop"),
                "/plain" => to("http://keys.example/keys?v=1"),
                "/silent" => return conn.closed().await,
                "/slow" => {
                    conn.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nke").await;
                    return conn.closed().await;
                }
                _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            };
            conn.send(answer).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_document_is_fetched_and_a_redirect_to_https_followed() {
    let site = site().await;
    let client = client(&site);
    for path in ["/keys?v=1", "/moved"] {
        let answer = client.get(&format!("https://keys.example{path}"), DEADLINE, 4).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"keys"[..]));
    }
    assert_eq!(client.get("https://keys.example/none", DEADLINE, 4).await.unwrap().status, 404);
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn what_is_not_to_be_trusted_or_waited_for_is_an_error() {
    let site = site().await;
    let client = client(&site);
    let short = Duration::from_millis(100);
    for (url, timeout, limit, says) in [
        ("https://keys.example/keys?v=1", DEADLINE, 3, "longer than 3"),
        ("https://keys.example/loop", DEADLINE, 100, "more than 3 redirects"),
        ("https://keys.example/plain", DEADLINE, 100, "not from https to https"),
        ("http://keys.example/moved", DEADLINE, 100, "not from https to https"),
        ("https://keys.example/silent", short, 100, "no answer within"),
        ("https://keys.example/slow", short, 100, "no answer within"),
        ("ftp://keys.example/", DEADLINE, 100, "http or https"),
        ("keys", DEADLINE, 100, "not a URL"),
        ("http://127.0.0.1:1/", DEADLINE, 100, "refused"),
    ] {
        let error = client.get(url, timeout, limit).await.unwrap_err();
        assert!(error.0.contains(says), "{url}: {error}");
    }
}
