use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};
use tollgate_core::BoxError;

use super::*;
use crate::testing::Room;

fn text(find: &str, replacement: &str) -> Value {
    json!({ "mode": "string", "match": find, "replaceWith": replacement })
}

fn regexp(find: &str, replacement: &str) -> Value {
    json!({ "mode": "regexp", "match": find, "replaceWith": replacement })
}

/// A body that comes in pieces of this size, with trailers.
fn pieces(bytes: &str, size: usize) -> Body {
    let mut frames: Vec<Result<Frame<Bytes>, BoxError>> =
        bytes.as_bytes().chunks(size).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
    frames.push(Ok(Frame::trailers(HeaderMap::from_iter([(
        http::HeaderName::from_static("x-end"),
        http::HeaderValue::from_static("1"),
    )]))));
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

async fn outcome(options: Value, body: Body) -> Response {
    let room = Room::new();
    let policy = room.build(&KIND, options).unwrap();
    let (mut exchange, mut response) = (room.exchange(), Response::new(body));
    match policy.on_response(&mut exchange, &mut response).get().await {
        Flow::Continue => response,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_text_is_replaced_wherever_the_pieces_of_the_body_end() {
    for (body, find, replacement, expected) in [
        ("a secret and a secret", "secret", "***", "a *** and a ***"),
        ("secretsecret", "secret", "", ""),
        ("ssecret secre", "secret", "x", "sx secre"),
        ("aaaa", "aa", "b", "bb"),
        ("aaabaaab", "aab", "-", "a-a-"),
        ("$1 costs $", "$", "€", "€1 costs €"),
        ("nothing here", "secret", "x", "nothing here"),
    ] {
        for size in [1, 2, 3, 5, 1000] {
            let collected =
                outcome(text(find, replacement), pieces(body, size)).await.into_body().collect().await.unwrap();
            assert_eq!(collected.trailers().unwrap()["x-end"], "1");
            assert_eq!(collected.to_bytes(), expected, "{body} in {size}");
        }
        let whole = outcome(text(find, replacement), Body::full(body)).await.into_body();
        assert_eq!(whole.bytes().unwrap(), expected, "of known length");
    }
}

#[tokio::test]
async fn what_cannot_be_the_beginning_of_the_text_does_not_wait() {
    use futures_util::{FutureExt, StreamExt};
    let frames = futures_util::stream::iter([Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"data: 1\n\nsec")))]);
    let body = Body::stream(StreamBody::new(frames.chain(futures_util::stream::pending())));
    let mut body = outcome(text("secret", "x"), body).await.into_body();
    let frame = body.frame().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "data: 1\n\n");
    assert!(body.frame().now_or_never().is_none());
}

#[tokio::test]
async fn an_expression_is_read_as_javascript_reads_it() {
    for (find, replacement, body, expected) in [
        (r"/(\d+)/g", "1234", "a 1 b 22", "a 1234 b 1234"),
        (r"/(\d+)/", "1234", "a 1 b 22", "a 1234 b 22"),
        (r"\d+", "#", "a 1 b 22", "a # b 22"),
        ("/ABC/gi", "x", "abc AbC", "x x"),
        (r"/(\w+)@(\w+)/g", "$2 at $1, $& $$ $3", "me@host", "host at me, me@host $ $3"),
        (r"/(?<user>\w+)@/", "$<user> at ", "me@host", "me at host"),
        (r"/a\/b/", "x", "a/b", "x"),
        ("/^b/gm", "x", "a\nb\nb", "a\nx\nx"),
        (r"/\d/g", "x", "1\u{0661}", "x\u{0661}"),
    ] {
        let response = outcome(regexp(find, replacement), pieces(body, 2)).await;
        assert_eq!(response.into_body().bytes().unwrap(), expected, "{find}");
    }
}

#[test]
fn what_is_no_expression_is_refused_at_its_place() {
    let room = Room::new();
    for options in [
        text("", "x"),
        regexp("", "x"),
        regexp("//g", "x"),
        regexp("/(/g", "x"),
        regexp("/a/gz", "x"),
        regexp("/a(?=b)/", "x"),
        regexp(r"/(a)\1/", "x"),
    ] {
        assert_eq!(room.build(&KIND, options.clone()).unwrap_err().pointer, "/match", "{options}");
    }
}
