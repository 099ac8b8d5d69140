//! What an upstream is told of a caller does not depend on when the gateway writes it: at once where a step of the
//! route may look at it, with the request where none does.

use serde_json::json;
use tollgate_core::project::Stage;
use tollgate_testkit::{CapturingUpstream, Seen};

use crate::support::{App, Draft, echo};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A route with no step, one with a step that looks at no such field, and one with a step that might.
fn draft(upstream: &CapturingUpstream) -> Draft {
    let options = || json!({ "upstream": upstream.url() });
    Draft::new()
        .policy("key", "api-key", json!({ "allowUnauthenticatedRequests": true }))
        .policy("any", "composite", json!({ "policies": ["key"] }))
        .route("GET /late", "forward", options())
        .route("GET /late-too", "forward", options())
        .inbound(Stage::Auth, "key")
        .route("GET /early", "forward", options())
        .inbound(Stage::Inbound, "any")
}

/// The fields of a request, sorted; those that differ from request to request with what may differ in them cut out.
fn told(seen: &Seen, reply_id: &str) -> Vec<String> {
    let mut fields: Vec<String> = seen
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            match name.as_str() {
                "x-request-id" => {
                    assert_eq!(value, reply_id, "the client learns the id that the upstream got");
                    let is_own = value.len() == 36;
                    format!("{name}: {}", if is_own { "a new one" } else { value })
                }
                "traceparent" => {
                    assert_eq!(value.len(), 55, "{value}");
                    let goes_on = &value[3..35] == TRACE;
                    format!("{name}: {} {}", if goes_on { TRACE } else { "a new one" }, &value[53..])
                }
                name => format!("{name}: {value}"),
            }
        })
        .collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn an_upstream_is_told_the_same_of_a_caller_whether_or_not_a_step_may_look_at_it() {
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let requests: [&[(&str, &str)]; 7] = [
        &[],
        &[("user-agent", "test/1"), ("accept", "*/*")],
        &[("x-request-id", "mine-1"), ("traceparent", &parent), ("tracestate", "a=b")],
        &[("x-request-id", "not well-formed"), ("traceparent", "nor this"), ("tracestate", "a=b")],
        &[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-host", "a.test"), ("x-real-ip", "192.0.2.2")],
        &[("forwarded", "for=192.0.2.1;host=a.test"), ("x_forwarded_for", "192.0.2.3")],
        &[("connection", "x-forwarded-for, x-request-id"), ("x-forwarded-for", "192.0.2.1")],
    ];
    for trusted in [false, true] {
        let upstream = echo().await;
        let app = App::start(draft(&upstream).settings(|settings| {
            if trusted {
                settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            }
        }))
        .await;
        for headers in requests {
            let mut all = Vec::new();
            for path in ["/early", "/late", "/late-too"] {
                let reply = app.send("GET", path, headers, "").await;
                assert_eq!(reply.status.as_u16(), 200);
                all.push(told(&upstream.last().unwrap(), reply.header("x-request-id")));
            }
            assert_eq!(all[1], all[0], "{headers:?}, trusted: {trusted}");
            assert_eq!(all[2], all[0], "{headers:?}, trusted: {trusted}");
            for name in
                ["forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-request-id", "traceparent"]
            {
                let count = all[0].iter().filter(|field| field.starts_with(&format!("{name}:"))).count();
                assert_eq!(count, 1, "{name}: {:#?}", all[0]);
            }
        }
    }
}
