//! Two framings for one message are how one request is smuggled inside another. None of these
//! may reach the upstream as anything but what the gateway itself understood.

use super::support::{Gate, OK, Upstream, soon};

#[track_caller]
fn is_refused(answer: &str, request: &str) {
    assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?} was answered with {answer:?}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?} was taken for two: {answer:?}");
}

#[tokio::test]
async fn a_disguised_transfer_encoding_is_refused() {
    let gate = Gate::alone().await;
    for field in [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding: \x0bchunked",
        "Transfer\u{0}-Encoding: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
    ] {
        let request =
            format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        is_refused(&gate.exchange(&request).await, &request);
    }
}

#[tokio::test]
async fn transfer_encoding_in_http_1_0_is_refused() {
    let gate = Gate::alone().await;
    let request = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    is_refused(&gate.exchange(request).await, request);
}

#[tokio::test]
async fn an_ill_formed_content_length_is_refused() {
    let gate = Gate::alone().await;
    for value in ["+5", "-1", "0x5", "5, 6", "5,5", "five", "", " ", "5 5", "99999999999999999999999", "1e3", "5.0"] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {value}\r\n\r\nhello");
        is_refused(&gate.exchange(&request).await, &request);
    }
    let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!";
    is_refused(&gate.exchange(request).await, request);
}

#[tokio::test]
async fn content_length_beside_chunked_is_refused() {
    let gate = Gate::alone().await;
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        is_refused(&gate.exchange(&request).await, &request);
    }
}

#[tokio::test]
async fn equal_content_lengths_become_one() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert_eq!(request.to_lowercase().matches("content-length").count(), 1, "{request}");
}

#[tokio::test]
async fn ill_formed_chunks_never_look_like_a_finished_request() {
    for body in [
        "g\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3;x=\"\n\"\r\nabc\r\n0\r\n\r\n",
        "3;\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
    ] {
        let upstream = Upstream::play(|_, mut conn| async move {
            if conn.request().await.is_some() {
                conn.send("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\ncomplete").await;
            }
        })
        .await;
        let gate = Gate::before(&upstream).await;
        let answer =
            gate.exchange(format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")).await;
        is_refused(&answer, body);
    }
}

#[tokio::test]
async fn a_chunked_body_passes_with_its_trailers_where_they_are_wanted() {
    let (upstream, mut seen) = Upstream::echoing(OK).await;
    let gate = Gate::before(&upstream).await;
    let mut client = gate.client().await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n")
        .await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
    let request = soon("the request", seen.recv()).await.unwrap();
    assert!(request.contains("te: trailers\r\n"), "{request}");
    assert!(request.contains("5\r\nhello\r\n"), "chunk extensions end here: {request}");
    assert!(request.to_lowercase().contains("x-sum: 5\r\n"), "{request}");
}
