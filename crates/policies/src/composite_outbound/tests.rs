use http::HeaderValue;
use serde_json::json;
use tollgate_core::{Body, Exchange, Fault, Problem, Reason};

use super::*;
use crate::testing::Room;

static NO: Reason =
    Reason { name: "no", code: "no", status: 502, title: "No", fault: Fault::Upstream, meaning: "", fix: "" };

/// Adds its name to a header field; then says what it is told to.
#[derive(Debug)]
struct Adds(&'static str, fn() -> Flow);

impl Policy for Adds {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        response.headers_mut().append("x-ran", HeaderValue::from_static(self.0));
        Step::Now((self.1)())
    }
}

async fn run(members: &[&str]) -> (Flow, Response, Vec<String>) {
    let mut room = Room::new();
    room.named.insert("a".into(), Arc::new(Adds("a", || Flow::Continue)));
    room.named.insert("b".into(), Arc::new(Adds("b", || Flow::Continue)));
    room.named.insert("other".into(), Arc::new(Adds("other", || Flow::Respond(Response::new(Body::full("other"))))));
    room.named.insert("no".into(), Arc::new(Adds("no", || Problem::new(&NO, "no").into())));
    room.name("nested", &KIND, json!({ "policies": ["a", "b"] }));
    let policy = room.build(&KIND, json!({ "policies": members })).unwrap();
    let (mut exchange, mut response) = (room.exchange(), Response::new(Body::empty()));
    let flow = policy.on_response(&mut exchange, &mut response).get().await;
    let visits = exchange.record.visits.iter().map(|visit| visit.policy.to_string()).collect();
    (flow, response, visits)
}

fn ran(response: &Response) -> Vec<&str> {
    response.headers().get_all("x-ran").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn members_run_in_their_order() {
    let (flow, response, visits) = run(&["b", "nested"]).await;
    assert!(matches!(flow, Flow::Continue));
    assert_eq!(ran(&response), ["b", "a", "b"]);
    assert_eq!(visits, ["b", "a", "b", "nested"]);
}

#[tokio::test]
async fn an_answer_takes_the_place_of_the_response_and_the_rest_still_runs() {
    let (flow, response, _) = run(&["a", "other", "b"]).await;
    assert!(matches!(flow, Flow::Continue));
    assert_eq!((ran(&response), response.body().bytes().unwrap()), (vec!["b"], "other".into()));
}

#[tokio::test]
async fn a_problem_ends_the_list() {
    let (flow, _, visits) = run(&["a", "no", "b"]).await;
    assert!(matches!(flow, Flow::Refuse(_)));
    assert_eq!(visits, ["a", "no"]);
}
