//! Interim answers on their way through a route: beside its policies, and only where the settings let them.

use serde_json::json;

use crate::app::{App, Draft};
use crate::wire::{Client, Upstream, header};

const GET: &str = "GET /hinted HTTP/1.1\r\nHost: a\r\n\r\n";

async fn hinting() -> Upstream {
    Upstream::play(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
        }
    })
    .await
}

#[tokio::test]
async fn policies_see_the_answer_alone() {
    let upstream = hinting().await;
    let draft = Draft::new()
        .policy("mark", "set-response-headers", json!({ "headers": [{ "name": "x-mark", "value": "1" }] }))
        .route("GET /hinted", "forward", json!({ "upstream": upstream.url() }))
        .outbound("mark");
    let app = App::start(draft).await;
    let mut client = Client::connect(app.address).await;
    client.send(GET).await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    let answer = client.answer().await;
    assert_eq!(header(&answer, "x-mark"), Some("1"), "{answer}");
    let line = app.log.line().await;
    assert_eq!((&line["status"], line["bytesOut"].as_u64()), (&json!(200), Some(2)), "{line}");
}

#[tokio::test]
async fn none_is_sent_where_the_settings_want_none() {
    let upstream = hinting().await;
    let draft = Draft::new()
        .route("GET /hinted", "forward", json!({ "upstream": upstream.url() }))
        .settings(|settings| settings.server.answers.interim = false);
    let app = App::start(draft).await;
    let mut client = Client::connect(app.address).await;
    client.send(GET).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
}
