//! HTTP/2 with clients that begin with it.

mod drain;
mod floods;
mod messages;
mod slow;

use super::support::{Gate, OK, Upstream, h2_client, rest, soon};

#[tokio::test]
async fn a_client_that_begins_with_the_preface_speaks_http2() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let (head, body) = client.get("/todos?x=1").await;
    assert_eq!((head.status.as_u16(), body.as_slice()), (200, &b"ok"[..]));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.starts_with("GET /todos?x=1 HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn a_preface_that_comes_byte_by_byte_is_still_one_and_a_near_miss_is_http1() {
    let (upstream, _seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
        client.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    client.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    // The server's own preface: a SETTINGS frame.
    let settings = client.bytes(9).await;
    assert_eq!(settings[3], 4, "{settings:?}");

    for near in [
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "PRINT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ] {
        let mut client = gate.client().await;
        client.send(near).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200"), "{near}");
    }
}

#[tokio::test]
async fn an_upgrade_to_h2c_is_not_answered() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n")
        .await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap().to_lowercase();
    assert!(!request.contains("h2c") && !request.contains("http2-settings"), "{request}");
}

#[tokio::test]
async fn bodies_and_trailers_stream_in_both_directions() {
    let upstream = Upstream::play(|_, mut conn| async move {
        conn.head().await.unwrap();
        // The first piece arrives although the second has not been sent.
        assert_eq!(conn.exactly(6).await.unwrap(), "3\r\none");
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await;
        conn.until("3\r\ntwo\r\n0\r\nx-up: 1\r\n\r\n").await.unwrap();
        conn.send("3\r\ntwo\r\n0\r\nx-down: 2\r\n\r\n").await;
    })
    .await;
    let gate = Gate::before(&upstream).await;
    let mut client = h2_client(gate.address).await;
    let request = client.request("POST", "/").header("te", "trailers").header("trailer", "x-up");
    let (answer, mut up) = client.begin(request, true).await;
    up.send_data("one".into(), false).unwrap();
    let mut down = soon("the head", answer).await.unwrap().into_body();
    assert_eq!(soon("a piece", down.data()).await.unwrap().unwrap(), "one");
    up.send_data("two".into(), false).unwrap();
    up.send_trailers(
        [(http::HeaderName::from_static("x-up"), http::HeaderValue::from_static("1"))].into_iter().collect(),
    )
    .unwrap();
    assert_eq!(rest(&mut down).await.unwrap(), b"two");
    let trailers = soon("the trailers", down.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["x-down"], "2");
}
