use std::collections::VecDeque;
use std::sync::Mutex;

use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::json;
use tollgate_core::exchange::Credential;
use tollgate_core::{BoxError, Response, User};

use super::*;
use crate::testing::{Room, passed, request, user};

type Chunks = Vec<Result<&'static str, &'static str>>;

fn policy(room: &Room, options: Value) -> Arc<dyn Policy> {
    room.build(&KIND, options).unwrap()
}

fn streamed(fields: &[(&'static str, &'static str)], chunks: Chunks) -> Response {
    let frames: Mutex<VecDeque<_>> = Mutex::new(chunks.into());
    let frames = std::iter::from_fn(move || frames.lock().unwrap().pop_front())
        .map(|chunk| chunk.map(|text| Frame::data(bytes::Bytes::from_static(text.as_bytes()))).map_err(BoxError::from));
    let mut response = Response::new(Body::stream(StreamBody::new(futures_util::stream::iter(frames))));
    for (name, value) in fields {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

fn whole(fields: &[(&'static str, &'static str)], text: &'static str) -> Response {
    streamed(fields, vec![Ok(text)])
}

/// Asks once; the upstream would answer this. Gives the answer that comes, and whether it was a hit.
async fn ask_as(
    room: &Room,
    policy: &Arc<dyn Policy>,
    asked: Request,
    who: Option<User>,
    upstream: Response,
) -> (Response, bool) {
    let mut exchange = room.exchange();
    exchange.user = who;
    let mut asked = asked;
    match policy.on_request(&mut exchange, &mut asked).get().await {
        Flow::Respond(response) => (response, true),
        flow => {
            passed(flow);
            let mut response = upstream;
            for keeper in std::mem::take(&mut exchange.keepers) {
                keeper.keep(&exchange, &mut response);
            }
            (response, false)
        }
    }
}

async fn ask(room: &Room, policy: &Arc<dyn Policy>, asked: Request, upstream: Response) -> bool {
    let (response, hit) = ask_as(room, policy, asked, None, upstream).await;
    let _ = response.into_body().collect().await;
    hit
}

/// Whether an answer is given again.
async fn is_kept(options: Value, upstream: impl Fn() -> Response) -> bool {
    let room = Room::new();
    let policy = policy(&room, options);
    assert!(!ask(&room, &policy, request(&[]), upstream()).await);
    ask(&room, &policy, request(&[]), upstream()).await
}

#[tokio::test]
async fn an_answer_is_kept_only_if_all_of_it_has_gone_by() {
    assert!(is_kept(json!({}), || streamed(&[], vec![Ok("a"), Ok("b")])).await);
    assert!(is_kept(json!({}), || streamed(&[("content-length", "2")], vec![Ok("a"), Ok("b")])).await);
    assert!(is_kept(json!({}), || Response::new(Body::full("in memory"))).await);
    // It breaks off, or is longer or shorter than it says.
    assert!(!is_kept(json!({}), || streamed(&[], vec![Ok("a"), Err("broken")])).await);
    assert!(!is_kept(json!({}), || streamed(&[("content-length", "3")], vec![Ok("ab")])).await);
    assert!(!is_kept(json!({}), || streamed(&[("content-length", "1")], vec![Ok("ab")])).await);
}

#[tokio::test]
async fn an_answer_whose_client_leaves_is_not_kept() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    let (response, _) = ask_as(&room, &policy, request(&[]), None, streamed(&[], vec![Ok("a"), Ok("b")])).await;
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    drop(body);
    assert!(!ask(&room, &policy, request(&[]), whole(&[], "ab")).await);
    assert!(ask(&room, &policy, request(&[]), whole(&[], "ab")).await);
}

#[tokio::test]
async fn the_client_gets_each_piece_as_it_comes() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    let (sender, body) = tokio::sync::mpsc::unbounded_channel::<&'static str>();
    let frames = futures_util::stream::unfold(body, |mut body| async {
        let text = body.recv().await?;
        Some((Ok::<_, BoxError>(Frame::data(bytes::Bytes::from_static(text.as_bytes()))), body))
    });
    let upstream = Response::new(Body::stream(StreamBody::new(frames)));
    let (response, _) = ask_as(&room, &policy, request(&[]), None, upstream).await;
    let mut body = response.into_body();
    for text in ["one", "two"] {
        sender.send(text).unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), text);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
    let (response, hit) = ask_as(&room, &policy, request(&[]), None, whole(&[], "x")).await;
    assert!(hit);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "onetwo");
}

#[tokio::test]
async fn an_answer_that_is_too_long_goes_by_and_is_not_kept() {
    let mut room = Room::new();
    room.settings.server.limits.buffered_body = "4B".parse().unwrap();
    let policy = policy(&room, json!({}));
    for (chunks, kept) in [(vec![Ok("abcd"), Ok("e")], false), (vec![Ok("ab"), Ok("cd")], true)] {
        let (response, _) = ask_as(&room, &policy, request(&[]), None, streamed(&[], chunks.clone())).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.len(), chunks.iter().map(|chunk| chunk.unwrap().len()).sum::<usize>());
        assert_eq!(ask(&room, &policy, request(&[]), whole(&[("cache-control", "no-store")], "x")).await, kept);
    }
}

#[tokio::test]
async fn what_is_known_to_be_too_long_is_not_said_to_be_kept() {
    let mut room = Room::new();
    room.settings.server.limits.buffered_body = "4B".parse().unwrap();
    let policy = policy(&room, json!({}));
    for (text, status) in [("abcde", "tollgate;fwd=uri-miss"), ("abcd", "tollgate;fwd=uri-miss;stored")] {
        let body = http_body_util::Full::new(bytes::Bytes::from_static(text.as_bytes()));
        let (response, _) = ask_as(&room, &policy, request(&[]), None, Response::new(Body::stream(body))).await;
        assert_eq!(response.headers()["cache-status"], status);
    }
}

#[tokio::test]
async fn what_says_that_it_is_not_for_all_is_not_kept() {
    for (fields, kept) in [
        (vec![("cache-control", "public")], true),
        (vec![("cache-control", "no-store")], false),
        (vec![("cache-control", "private, max-age=60")], false),
        (vec![("cache-control", "Private=\"x-user\"")], false),
        (vec![("cache-control", "public"), ("cache-control", "no-cache")], false),
        (vec![("cache-control", "max-age=0")], false),
        (vec![("cache-control", "max-age=0, s-maxage=9")], true),
        (vec![("cache-control", "max-age=9"), ("age", "9")], false),
        (vec![("expires", "0")], false),
        (vec![("expires", "Thu, 01 Jan 2026 00:00:09 GMT")], true),
        (vec![("expires", "Thu, 01 Jan 2026 00:00:00 GMT")], false),
        (vec![("date", "Wed, 31 Dec 2025 23:59:50 GMT"), ("cache-control", "max-age=10")], false),
        (vec![("set-cookie", "a=b")], false),
        (vec![("vary", "*")], false),
        (vec![("vary", "Accept, *")], false),
    ] {
        assert_eq!(is_kept(json!({}), || whole(&fields, "x")).await, kept, "{fields:?}");
    }
    for (status, kept) in [(200, true), (404, true), (206, false), (500, false), (304, false)] {
        let answer = || {
            let mut response = whole(&[], "x");
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        };
        assert_eq!(is_kept(json!({}), answer).await, kept, "{status}");
        assert_eq!(is_kept(json!({ "statusCodes": [500] }), answer).await, status == 500, "{status}");
    }
}

#[tokio::test]
async fn nobody_gets_what_was_answered_to_somebody_else() {
    let key = |id: &str, version| User {
        credential: Credential::Key {
            id: id.into(),
            consumer: "con_1".into(),
            version,
            digest: tollgate_core::keys::KeyDigest([0; 32]),
        },
        ..user("alice", json!({}))
    };
    let token = |digest| User { credential: Credential::Token { digest: [digest; 16] }, ..user("alice", json!({})) };
    type Caller = (Option<User>, Vec<(&'static str, &'static str)>);
    let callers: Vec<Caller> = vec![
        (None, vec![]),
        (None, vec![("authorization", "Bearer a")]),
        (None, vec![("authorization", "Bearer b")]),
        (None, vec![("cookie", "session=a")]),
        (None, vec![("x-api-key", "a")]),
        (None, vec![("x-api-key", "a"), ("x-api-key", "")]),
        (None, vec![("api-key", "a")]),
        (Some(user("alice", json!({}))), vec![]),
        (Some(user("bob", json!({}))), vec![]),
        (Some(user("alice", json!({ "tenant": 1 }))), vec![]),
        (Some(key("key_1", 1)), vec![]),
        (Some(key("key_2", 1)), vec![]),
        (Some(key("key_1", 2)), vec![]),
        (Some(token(1)), vec![]),
        (Some(token(2)), vec![]),
    ];
    let room = Room::new();
    let (alone, shared) =
        (policy(&room, json!({})), policy(&room, json!({ "dangerouslyIgnoreAuthorizationHeader": true })));
    for (at, (who, fields)) in callers.iter().enumerate() {
        for (policy, hits) in [(&alone, false), (&shared, at > 0)] {
            let (response, hit) = ask_as(&room, policy, request(fields), who.clone(), whole(&[], "x")).await;
            let _ = response.into_body().collect().await;
            assert_eq!(hit, hits, "{who:?} {fields:?}");
        }
    }
    for (who, fields) in &callers {
        assert!(ask_as(&room, &alone, request(fields), who.clone(), whole(&[], "x")).await.1, "{who:?} {fields:?}");
    }
}

#[tokio::test]
async fn clients_with_other_certificates_are_other_callers() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    for (certificate, hits) in [(None, false), (Some("a"), false), (Some("b"), false), (Some("a"), true)] {
        let (mut exchange, mut asked) = (room.exchange(), request(&[]));
        exchange.client.certificate = certificate.map(|sha256| {
            Arc::new(tollgate_core::exchange::ClientCertificate { sha256: sha256.to_owned(), ..Default::default() })
        });
        let flow = policy.on_request(&mut exchange, &mut asked).get().await;
        assert_eq!(matches!(flow, Flow::Respond(_)), hits, "{certificate:?}");
        let mut response = Response::new(Body::full("x"));
        for keeper in std::mem::take(&mut exchange.keepers) {
            keeper.keep(&exchange, &mut response);
        }
    }
}

#[tokio::test]
async fn an_answer_for_a_caller_who_became_known_later_is_not_kept() {
    let room = Room::new();
    for options in [json!({}), json!({ "dangerouslyIgnoreAuthorizationHeader": true })] {
        let policy = policy(&room, options);
        let (mut exchange, mut asked) = (room.exchange(), request(&[("authorization", "Bearer a")]));
        passed(policy.on_request(&mut exchange, &mut asked).get().await);
        exchange.user = Some(user("alice", json!({})));
        let mut response = whole(&[], "x");
        for keeper in std::mem::take(&mut exchange.keepers) {
            keeper.keep(&exchange, &mut response);
        }
        assert_eq!(response.headers()["cache-status"], "tollgate;fwd=uri-miss");
        let _ = response.into_body().collect().await;
        let again = request(&[("authorization", "Bearer a")]);
        assert!(!ask(&room, &policy, again, whole(&[], "x")).await);
    }
}

#[tokio::test]
async fn what_is_changed_while_it_is_asked_for_is_not_kept() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    let (early, _) = ask_as(&room, &policy, request(&[]), None, whole(&[], "old")).await;
    let change = |status: u16| {
        let mut response = whole(&[], "");
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let mut asked = request(&[]);
        *asked.method_mut() = Method::PUT;
        (asked, response)
    };
    let (asked, response) = change(204);
    assert!(!ask(&room, &policy, asked, response).await);
    let _ = early.into_body().collect().await;
    assert!(!ask(&room, &policy, request(&[]), whole(&[], "new")).await, "it was asked for before the change");
    room.clock.advance(Duration::from_millis(1));
    assert!(!ask(&room, &policy, request(&[]), whole(&[], "new")).await);
    assert!(ask(&room, &policy, request(&[]), whole(&[], "new")).await);
    // What failed has changed nothing.
    let (asked, response) = change(500);
    assert!(!ask(&room, &policy, asked, response).await);
    assert!(ask(&room, &policy, request(&[]), whole(&[], "new")).await);
}

#[tokio::test]
async fn a_head_is_answered_from_a_get_and_never_the_other_way() {
    let head = || {
        let mut asked = request(&[]);
        *asked.method_mut() = Method::HEAD;
        asked
    };
    let room = Room::new();
    let policy = policy(&room, json!({ "cacheHttpMethods": ["GET", "HEAD"] }));
    let without_body = || {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert("content-length", 5.into());
        response
    };
    assert!(!ask(&room, &policy, head(), without_body()).await);
    let (response, hit) = ask_as(&room, &policy, head(), None, without_body()).await;
    assert_eq!((hit, &response.headers()["content-length"]), (true, &5.into()));
    assert!(!ask(&room, &policy, request(&[]), whole(&[], "hello")).await);
    let get_only = self::policy(&room, json!({}));
    assert!(!ask(&room, &get_only, head(), without_body()).await);
    assert!(!ask(&room, &get_only, request(&[]), whole(&[], "hello")).await);
    let (response, hit) = ask_as(&room, &get_only, head(), None, without_body()).await;
    assert_eq!((hit, &response.headers()["content-length"]), (true, &5.into()));
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn another_body_is_another_request() {
    let room = Room::new();
    let policy = policy(&room, json!({ "cacheHttpMethods": ["POST"] }));
    let post = |body: &'static str| {
        let mut asked = request(&[]);
        (*asked.method_mut(), *asked.body_mut()) = (Method::POST, Body::full(body));
        asked
    };
    for (body, hit) in [("a", false), ("b", false), ("a", true), ("", false)] {
        assert_eq!(ask(&room, &policy, post(body), whole(&[], "x")).await, hit, "{body}");
    }
    let (mut exchange, mut asked) = (room.exchange(), post("new"));
    passed(policy.on_request(&mut exchange, &mut asked).get().await);
    assert_eq!(asked.into_body().collect().await.unwrap().to_bytes(), "new", "the upstream gets it");
}

#[tokio::test]
async fn a_hit_has_the_fields_of_the_answer_and_not_those_of_its_way() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    let fields = [
        ("x-a", "1"),
        ("x-a", "2"),
        ("age", "7"),
        ("cache-status", "origin;hit"),
        ("access-control-allow-origin", "https://a.example"),
        ("transfer-encoding", "chunked"),
    ];
    let (response, _) = ask_as(&room, &policy, request(&[]), None, whole(&fields, "x")).await;
    let statuses: Vec<_> = response.headers().get_all("cache-status").iter().collect();
    assert_eq!(statuses, ["origin;hit", "tollgate;fwd=uri-miss;stored"]);
    let _ = response.into_body().collect().await;
    room.clock.advance(Duration::from_secs(3));
    let (response, hit) = ask_as(&room, &policy, request(&[]), None, whole(&[], "x")).await;
    let mut expected = HeaderMap::new();
    for (name, value) in [("x-a", "1"), ("x-a", "2"), ("age", "10"), ("cache-status", "tollgate;hit;ttl=57")] {
        expected.append(name, value.parse().unwrap());
    }
    assert_eq!((hit, response.headers()), (true, &expected));
}

#[tokio::test]
async fn a_client_that_wants_it_fresh_gets_it_fresh() {
    let room = Room::new();
    let policy = policy(&room, json!({}));
    assert!(!ask(&room, &policy, request(&[]), whole(&[], "x")).await);
    room.clock.advance(Duration::from_secs(20));
    for (field, value, hit) in [
        ("cache-control", "max-age=20", true),
        ("cache-control", "min-fresh=40", true),
        ("cache-control", "only-if-cached", true),
        ("range", "bytes=0-0", false),
        ("if-match", "\"a\"", false),
        ("upgrade", "websocket", false),
        ("cache-control", "no-store", false),
        ("cache-control", "min-fresh=41", false),
    ] {
        assert_eq!(ask(&room, &policy, request(&[(field, value)]), whole(&[], "x")).await, hit, "{field}: {value}");
    }
    room.clock.advance(Duration::from_secs(20));
    for field in [("cache-control", "max-age=19"), ("pragma", "no-cache")] {
        assert!(!ask(&room, &policy, request(&[field]), whole(&[], "x")).await);
    }
}

#[test]
fn what_cannot_work_is_refused_at_its_place() {
    let room = Room::new();
    for (options, pointer) in [
        (json!({ "expirationSecondsTtl": 0 }), "/expirationSecondsTtl"),
        (json!({ "headers": ["a b"] }), "/headers/0"),
        (json!({ "cacheHttpMethods": ["OPTIONS"] }), "/cacheHttpMethods/0"),
        (json!({ "statusCodes": [99] }), "/statusCodes"),
        (json!({ "ttl": 5 }), "/ttl"),
    ] {
        assert_eq!(room.build(&KIND, options.clone()).unwrap_err().pointer, pointer, "{options}");
    }
    for options in [json!(null), json!({ "cacheId": "a" }), json!({ "cachedId": "a" })] {
        assert!(room.build(&KIND, options).is_ok());
    }
}
