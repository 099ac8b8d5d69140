use serde_json::json;
use tollgate_core::project::Stage;

use super::*;
use crate::testing::{Room, passed, refused, request, route, run};
use crate::{api_key, rate_limit, upstream_jwt};

fn room() -> Room {
    let mut room = Room::new();
    room.name("key", &api_key::KIND, json!({}));
    room.name("limit", &rate_limit::KIND, json!({ "by": "user", "rate": "1/m" }));
    room.name("sign", &upstream_jwt::KIND, json!({}));
    room.name("checks", &KIND, json!({ "policies": ["key", "limit"] }));
    room
}

#[tokio::test]
async fn members_run_in_their_order_and_each_visit_is_recorded() {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": ["checks", "sign"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[("authorization", "Bearer good")]));
    passed(run(&policy, &mut exchange, &mut request).await);
    assert!(request.headers()["authorization"].to_str().unwrap().contains("alice"));
    let visits: Vec<_> = exchange.record.visits.iter().map(|visit| &*visit.policy).collect();
    assert_eq!(visits, ["key", "limit", "checks", "sign"]);
}

#[tokio::test]
async fn the_first_that_refuses_ends_it_and_is_named_in_the_stage_that_runs() {
    let room = room();
    let policy = room.build(&KIND, json!({ "policies": ["checks", "sign"] })).unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    exchange.record.stage = Some(Stage::Auth);
    assert_eq!(refused(run(&policy, &mut exchange, &mut request).await).reason.name, "key.missing");
    let refusal = exchange.record.refusal.unwrap();
    // Failed authentications are counted by the stage of the refusal.
    assert_eq!((refusal.policy.as_deref(), refusal.stage), (Some("key"), Some(Stage::Auth)));
    assert!(!request.headers().contains_key("authorization"));
}

#[tokio::test]
async fn members_are_bound_to_the_route_however_deep_they_are() {
    let mut room = Room::new();
    let mut upstream = tollgate_core::settings::UpstreamSettings::new("http://127.0.0.1:8888");
    upstream.audience = Some("todo-backend".into());
    let upstream = tollgate_core::settings::UpstreamOrUrl::Upstream(Box::new(upstream));
    room.settings.upstreams.insert("todo".into(), upstream);
    room.name("sign", &upstream_jwt::KIND, json!({}));
    room.name("inner", &KIND, json!({ "policies": ["sign"] }));
    let shared = room.build(&KIND, json!({ "policies": ["inner"] })).unwrap();
    assert!(shared.bind(&route(json!({ "upstream": "other" }))).unwrap().is_none());
    let bound = shared.bind(&route(json!({ "upstream": "todo" }))).unwrap().unwrap();
    let (mut exchange, mut request) = (room.exchange(), request(&[]));
    passed(run(&bound, &mut exchange, &mut request).await);
    assert!(request.headers()["authorization"].to_str().unwrap().contains("todo-backend"));
}

#[test]
fn a_member_that_cannot_be_built_is_pointed_at() {
    let room = room();
    assert_eq!(room.build(&KIND, json!({ "policies": ["key", "itself"] })).unwrap_err().pointer, "/policies/1");
    assert_eq!(room.build(&KIND, json!({ "policies": [] })).unwrap_err().pointer, "/policies");
}
