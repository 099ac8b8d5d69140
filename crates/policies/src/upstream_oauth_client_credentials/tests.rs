use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tollgate_core::later::BoxFuture;
use tollgate_core::services::{HttpClient, HttpError, HttpResponse};
use tollgate_core::{Body, Flow, Response, Services};

use super::*;
use crate::testing::{Room, refused, request, run};

/// What was asked: the fields `authorization` and the body.
type Asked = Vec<(Option<String>, String)>;

/// A token endpoint that gives its answers one after another, the last of them for ever.
#[derive(Debug, Default)]
struct Server {
    answers: Mutex<VecDeque<(u16, String)>>,
    asked: Mutex<Asked>,
}

impl HttpClient for Server {
    fn get<'a>(&'a self, _: &'a str, _: Duration, _: usize) -> BoxFuture<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError("only POST".to_owned())) })
    }

    fn send<'a>(
        &'a self,
        request: Request,
        _: Duration,
        _: &'a Arc<tollgate_core::egress::EgressRules>,
    ) -> BoxFuture<'a, Result<Response, HttpError>> {
        Box::pin(async move {
            let authorization = request.headers().get("authorization").map(|v| v.to_str().unwrap().to_owned());
            let body = String::from_utf8(request.into_body().bytes().unwrap().to_vec()).unwrap();
            self.asked.lock().unwrap().push((authorization, body));
            // So that those who come meanwhile have to wait.
            tokio::task::yield_now().await;
            let mut answers = self.answers.lock().unwrap();
            let (status, body) = match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().ok_or_else(|| HttpError("refused".to_owned()))?,
            };
            let mut response = Response::new(Body::full(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        })
    }
}

fn granted(token: &str, seconds: u64) -> (u16, String) {
    (200, json!({ "access_token": token, "token_type": "bearer", "expires_in": seconds }).to_string())
}

fn room(answers: impl IntoIterator<Item = (u16, String)>) -> (Room, Arc<Server>) {
    let mut room = Room::new();
    let server = Arc::new(Server { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() });
    let old = &*room.services;
    room.services = Arc::new(Services {
        clock: Arc::clone(&old.clock),
        keyring: Arc::clone(&old.keyring),
        limiter: Arc::clone(&old.limiter),
        quotas: Arc::clone(&old.quotas),
        cache: Arc::clone(&old.cache),
        outgoing: Arc::default(),
        issuer: Arc::clone(&old.issuer),
        verifiers: Arc::clone(&old.verifiers),
        http: Arc::clone(&server) as _,
        explain: false,
    });
    (room, server)
}

fn options(more: Value) -> Value {
    let mut options = json!({
        "tokenUrl": "https://id.example.com/token",
        "clientId": "gate way",
        "clientSecret": "s3cret&value",
        "tokenRetries": 0,
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

/// The token that the upstream gets, or the cause of the refusal.
async fn sent(room: &Room, policy: &Arc<dyn Policy>) -> Result<String, String> {
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer mine")]));
    match run(policy, &mut exchange, &mut request).await {
        Flow::Continue => Ok(request.headers()["authorization"].to_str().unwrap().to_owned()),
        flow => {
            let problem = refused(flow);
            assert_eq!(problem.reason.name, "oauth.token_unavailable");
            Err(problem.cause.clone().unwrap())
        }
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_and_again_shortly_before_its_end() {
    let (room, server) = room([granted("one", 1000), granted("two", 1000), granted("three", 1000)]);
    let policy = room.build(&KIND, options(json!({ "scope": "a b", "audience": "api" }))).unwrap();
    let all = futures_util::future::join_all((0..20).map(|_| sent(&room, &policy))).await;
    assert!(all.iter().all(|token| token.as_deref() == Ok("Bearer one")), "{all:?}");
    let asked = server.asked.lock().unwrap().clone();
    let body =
        "grant_type=client_credentials&scope=a%20b&audience=api&client_id=gate%20way&client_secret=s3cret%26value";
    assert_eq!(asked, [(None, body.to_owned())]);
    room.clock.advance(Duration::from_secs(699));
    assert_eq!(sent(&room, &policy).await.unwrap(), "Bearer one");
    room.clock.advance(Duration::from_secs(1));
    assert_eq!(sent(&room, &policy).await.unwrap(), "Bearer two");
    // A token that lives for less than the offset is used for half of its time.
    let policy = room.build(&KIND, options(json!({ "expirationOffsetSeconds": 5000 }))).unwrap();
    assert_eq!(sent(&room, &policy).await.unwrap(), "Bearer three");
    let before = server.asked.lock().unwrap().len();
    room.clock.advance(Duration::from_secs(499));
    sent(&room, &policy).await.unwrap();
    assert_eq!(server.asked.lock().unwrap().len(), before);
}

#[tokio::test]
async fn id_and_secret_may_be_sent_as_name_and_password() {
    let (room, server) = room([granted("one", 10)]);
    let more = json!({
        "credentialsIn": "header", "headerName": "X-Token", "headerScheme": "", "additionalParameters": { "tenant": "t" },
    });
    let policy = room.build(&KIND, options(more)).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    run(&policy, &mut exchange, &mut request).await;
    assert_eq!(request.headers()["x-token"], "one");
    let asked = server.asked.lock().unwrap().clone();
    // gate%20way:s3cret%26value
    let basic = "Basic Z2F0ZSUyMHdheTpzM2NyZXQlMjZ2YWx1ZQ==";
    assert_eq!(asked, [(Some(basic.to_owned()), "grant_type=client_credentials&tenant=t".to_owned())]);
}

#[tokio::test]
async fn without_a_token_nothing_is_forwarded_and_the_server_is_left_in_peace() {
    for (answer, expected) in [
        (
            (401, r#"{"error":"invalid_client","error_description":"s3cret&value is wrong"}"#.to_owned()),
            "invalid_client",
        ),
        ((200, "<html>".to_owned()), "something else than a token"),
        ((200, r#"{"access_token":""}"#.to_owned()), "an empty token"),
        ((200, r#"{"access_token":"a","token_type":"mac"}"#.to_owned()), "of the type mac"),
        ((200, r#"{"access_token":"a\r\nX-A: b"}"#.to_owned()), "no header field"),
        ((503, String::new()), "503"),
    ] {
        let (room, server) = room([answer]);
        let policy = room.build(&KIND, options(json!({}))).unwrap();
        for _ in 0..5 {
            let cause = sent(&room, &policy).await.unwrap_err();
            assert!(cause.contains(expected) && !cause.contains("s3cret"), "{cause}");
        }
        assert_eq!(server.asked.lock().unwrap().len(), 1, "{expected}");
        room.clock.advance(Duration::from_secs(1));
        sent(&room, &policy).await.unwrap_err();
        assert_eq!(server.asked.lock().unwrap().len(), 2, "{expected}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_now_is_asked_again_and_an_old_token_is_used_to_its_end() {
    let (room, server) = room([(503, String::new()), granted("one", 1000), (500, String::new())]);
    let policy = room.build(&KIND, options(json!({ "tokenRetries": 1 }))).unwrap();
    assert_eq!(sent(&room, &policy).await.unwrap(), "Bearer one");
    assert_eq!(server.asked.lock().unwrap().len(), 2);
    room.clock.advance(Duration::from_secs(999));
    assert_eq!(sent(&room, &policy).await.unwrap(), "Bearer one");
    room.clock.advance(Duration::from_secs(1));
    assert!(sent(&room, &policy).await.unwrap_err().contains("500"));
}

#[test]
fn what_cannot_work_is_refused_at_its_place_and_the_secret_is_never_shown() {
    let (room, _) = room([]);
    for (more, pointer) in [
        (json!({ "tokenUrl": "id.example.com" }), "/tokenUrl"),
        (json!({ "tokenUrl": "https://a:b@id.example.com" }), "/tokenUrl"),
        (json!({ "clientSecret": "" }), "/clientSecret"),
        (json!({ "tokenRetries": 11 }), "/tokenRetries"),
        (json!({ "headerName": "Host" }), "/headerName"),
        (json!({ "headerScheme": "a\nb" }), "/headerScheme"),
        (json!({ "additionalParameters": { "grant_type": "password" } }), "/additionalParameters/grant_type"),
    ] {
        let error = room.build(&KIND, options(more.clone())).unwrap_err();
        assert_eq!(error.pointer, pointer, "{more}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
    assert!(!format!("{:?}", room.build(&KIND, options(json!({}))).unwrap()).contains("s3cret"));
}
