use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::testing::{Reply, Room, passed, refused, request, run};

fn options(more: Value) -> Value {
    let mut options = json!({ "apiUrl": "http://fga.example.com:8080/", "storeId": "S1", "authorizationModelId": "M1",
        "credentials": { "method": "none" } });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

fn check(object: &str) -> Value {
    json!({ "user": "user:alice", "relation": "viewer", "object": object })
}

async fn send(room: &Room, policy: &Arc<dyn Policy>, checks: Value) -> Flow {
    let (mut exchange, mut asked) = (room.exchange(), request(&[("authorization", "Bearer of-the-client")]));
    exchange.ledger.notes.insert(NOTE.to_owned(), checks);
    run(policy, &mut exchange, &mut asked).await
}

#[tokio::test]
async fn only_what_openfga_allows_goes_on() {
    let mut room = Room::new();
    let server = room.serve(|asked| Reply::Json(200, json!({ "allowed": asked.body.contains("folder:good") })));
    let policy = room.build(&KIND, options(json!({}))).unwrap();
    for (checks, passes) in [
        (check("folder:good"), true),
        (json!([check("folder:good"), check("folder:good2")]), true),
        (json!([check("folder:good"), check("folder:bad")]), false),
        (check("folder:bad"), false),
        (json!([]), false),
        (json!({}), false),
        (json!("folder:good"), false),
        (json!(null), false),
        (json!(vec![check("folder:good"); 51]), false),
    ] {
        match send(&room, &policy, checks.clone()).await {
            Flow::Continue => assert!(passes, "{checks}"),
            flow => assert!(refused(flow).reason.name == "openfga.denied" && !passes, "{checks}"),
        }
    }
    let first = &server.asked()[0];
    assert_eq!(first.url, "http://fga.example.com:8080/stores/S1/check");
    assert_eq!(first.json(), json!({ "tuple_key": check("folder:good"), "authorization_model_id": "M1" }));
    assert!(!first.headers.contains_key("authorization"));
}

#[tokio::test]
async fn where_nobody_knows_nobody_passes() {
    for (reply, reason) in [
        (0, "openfga.unavailable"),
        (1, "openfga.unavailable"),
        (2, "openfga.unavailable"),
        (3, "openfga.unavailable"),
        (4, "openfga.unavailable"),
        (5, "openfga.denied"),
    ] {
        let mut room = Room::new();
        room.serve(move |_| match reply {
            0 => Reply::Refuse,
            1 => Reply::Silence,
            2 => Reply::Text(200, "<html>"),
            3 => Reply::Json(200, json!({ "allowed": "true" })),
            4 => Reply::Json(401, json!({ "code": "bearer_token_missing" })),
            _ => Reply::Json(400, json!({ "code": "validation_error" })),
        });
        let policy = room.build(&KIND, options(json!({}))).unwrap();
        assert_eq!(refused(send(&room, &policy, check("folder:a")).await).reason.name, reason, "{reply}");
        let lenient = room.build(&KIND, options(json!({ "allowUnauthorizedRequests": true }))).unwrap();
        passed(send(&room, &lenient, check("folder:a")).await);
        passed(send(&room, &lenient, json!(null)).await);
    }
}

#[tokio::test]
async fn the_gateway_says_who_it_is_as_it_was_told() {
    for (credentials, name, value) in [
        (json!({ "method": "api-token", "token": "t0ken" }), "authorization", "Bearer t0ken"),
        (
            json!({ "method": "api_token", "token": "t0ken", "headerName": "X-Key", "headerValuePrefix": "" }),
            "x-key",
            "t0ken",
        ),
        (json!({ "method": "header" }), "authorization", "Bearer of-the-client"),
        (
            json!({ "method": "client-credentials", "clientId": "a", "clientSecret": "b",
                "oauthTokenEndpointUrl": "https://id.example.com/token", "apiAudience": "fga" }),
            "authorization",
            "Bearer fetched",
        ),
    ] {
        let mut room = Room::new();
        let server = room.serve(|asked| match asked.url.as_str() {
            "https://id.example.com/token" => {
                assert!(asked.body.contains("audience=fga") && asked.body.contains("client_secret=b"));
                Reply::Json(200, json!({ "access_token": "fetched", "expires_in": 3600 }))
            }
            _ => Reply::Json(200, json!({ "allowed": true })),
        });
        let policy = room.build(&KIND, options(json!({ "credentials": credentials }))).unwrap();
        for _ in 0..2 {
            passed(send(&room, &policy, check("folder:a")).await);
        }
        let asked = server.asked();
        let asked: Vec<_> = asked.iter().filter(|asked| asked.url.ends_with("/check")).collect();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1].field(name), value);
        assert!(!format!("{policy:?}").contains("t0ken"));
    }
}

#[tokio::test]
async fn without_a_token_of_its_own_nobody_passes() {
    let mut room = Room::new();
    room.serve(|asked| match asked.url.contains("token") {
        true => Reply::Text(500, ""),
        false => Reply::Json(200, json!({ "allowed": true })),
    });
    let credentials = json!({ "method": "client-credentials", "clientId": "a", "clientSecret": "b",
        "oauthTokenEndpointUrl": "https://id.example.com/token" });
    let policy = room.build(&KIND, options(json!({ "credentials": credentials }))).unwrap();
    assert_eq!(refused(send(&room, &policy, check("folder:a")).await).reason.name, "openfga.unavailable");
    room.clock.advance(Duration::from_secs(5));
    assert_eq!(refused(send(&room, &policy, check("folder:a")).await).status, 503);
}

#[test]
fn what_cannot_work_is_refused_at_its_place() {
    let room = Room::new();
    for (more, pointer) in [
        (json!({ "apiUrl": "fga.example.com" }), "/apiUrl"),
        (json!({ "storeId": "a/../b" }), "/storeId"),
        (json!({ "authorizationModelId": "" }), "/authorizationModelId"),
        (json!({ "credentials": { "method": "api-token", "token": "" } }), "/credentials/token"),
        (json!({ "credentials": { "method": "header", "headerName": "a b" } }), "/credentials/headerName"),
        (
            json!({ "credentials": { "method": "client-credentials", "clientId": "", "clientSecret": "b",
                "oauthTokenEndpointUrl": "https://id.example.com" } }),
            "/credentials/clientId",
        ),
        (
            json!({ "credentials": { "method": "client-credentials", "clientId": "a", "clientSecret": "b",
                "oauthTokenEndpointUrl": "id.example.com" } }),
            "/credentials/oauthTokenEndpointUrl",
        ),
    ] {
        assert_eq!(room.build(&KIND, options(more.clone())).unwrap_err().pointer, pointer, "{more}");
    }
}
