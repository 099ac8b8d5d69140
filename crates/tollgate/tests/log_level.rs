//! `tollgate log-level`: more is told of a route, or by a part of the gateway, for a time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use support::{Gateway, SOON, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_testkit::{CapturingUpstream, client};

/// The requests that were told of in detail.
fn told(gateway: &Gateway) -> Vec<Value> {
    let output = gateway.child.output();
    let lines = output.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(|line: &Value| line["target"] == "tollgate::route").collect()
}

async fn until(gateway: &Gateway, what: &str, holds: impl Fn() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(SOON, waited).await.is_err() {
        panic!("{what}\n{}", gateway.child.output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_one_route_are_told_of_in_detail_until_its_time_is_over() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await["key"].as_str().unwrap().to_owned();
    gateway.get("/protected", Some(&key)).await;

    let said = world.tollgate(&["log-level", "--route", "getProtected", "debug", "--for", "1h"]).await.good();
    assert!(said.stdout.starts_with("getProtected: debug until 20"), "{said:?}");
    let headers = [("authorization", &*format!("Bearer {key}")), ("x-secret", "s3cret"), ("x-request-id", "good-1")];
    let reply = client::get(&format!("{}/protected?token=s3cret", gateway.url), &headers).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    gateway.get("/protected", None).await;
    gateway.get("/open", None).await;
    until(&gateway, "both are told of", || told(&gateway).len() == 2).await;
    let told_of = told(&gateway);
    let good = told_of.iter().find(|line| line["id"] == "good-1").unwrap();
    assert_eq!(
        (&good["level"], &good["route"], &good["consumer"]),
        (&json!("DEBUG"), &json!("getProtected"), &json!("acme"))
    );
    assert!(good["policies"].as_str().unwrap().contains("auth api-key: passed, "), "{good}");
    assert!(good["attempts"].as_str().unwrap().contains(&format!("{}: ok 200, ", upstream.address())), "{good}");
    let names: Vec<&str> = good["request_headers"].as_str().unwrap().split(' ').collect();
    assert!(names.contains(&"authorization") && names.contains(&"x-secret"), "{good}");
    assert!(good["answer_headers"].as_str().unwrap().contains("x-request-id"), "{good}");
    let refused = told_of.iter().find(|line| line["id"] != "good-1").unwrap();
    assert_eq!((&refused["status"], &refused["reason"]), (&json!(401), &json!("key.missing")));
    assert!(refused["policies"].as_str().unwrap().contains("auth api-key: key.missing, "), "{refused}");
    let output = gateway.child.output();
    assert!(!output.contains("s3cret") && !output.contains(&key), "{output}");

    let listed = world.tollgate(&["log-level"]).await.good();
    assert!(listed.stdout.starts_with("route getProtected: debug until 20"), "{listed:?}");
    // A shorter time replaces the longer one, and then it is as usual.
    world.tollgate(&["log-level", "--route", "getProtected", "debug", "--for", "1s"]).await.good();
    until(&gateway, "its time is over", || gateway.child.output().contains("its time is over")).await;
    assert_eq!(world.tollgate(&["log-level"]).await.good().stdout, "all levels are as usual\n");
    gateway.get("/protected", None).await;
    world.tollgate(&["log-level", "--route", "getOpen", "debug"]).await.good();
    gateway.get("/open", None).await;
    until(&gateway, "the third is told of", || told(&gateway).len() == 3).await;
    assert_eq!(told(&gateway)[2]["route"], "getOpen", "and none of the other route between");
    world.tollgate(&["log-level", "--route", "getOpen", "reset"]).await.good();
    gateway.get("/open", None).await;
    gateway.get("/nowhere", None).await;
    until(&gateway, "the log has gone on", || gateway.child.output().contains("/nowhere")).await;
    assert_eq!(told(&gateway).len(), 3);

    let audit = world.tollgate(&["audit", "list", "--action", "log-level.", "--output", "json"]).await.good().stdout;
    assert_eq!(audit.matches("\"log-level.set\"").count(), 3, "{audit}");
    assert_eq!(audit.matches("\"log-level.reset\"").count(), 1, "{audit}");
}

/// A client that does not speak HTTP; of its connection the gateway's own log speaks at `debug` alone.
async fn talk_nonsense(gateway: &Gateway) {
    let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_gateway_tells_more_for_a_time() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let tells = || gateway.child.output().matches("connection ended early").count();
    talk_nonsense(&gateway).await;
    gateway.get("/first", None).await;
    until(&gateway, "the log has gone on", || gateway.child.output().contains("/first")).await;
    assert_eq!(tells(), 0);
    let set = ["log-level", "--target", "tollgate_proxy::connection", "debug", "--for", "1h"];
    world.tollgate(&set).await.good();
    let more = async {
        while tells() == 0 {
            talk_nonsense(&gateway).await;
        }
    };
    assert!(tokio::time::timeout(SOON, more).await.is_ok(), "{}", gateway.child.output());
    world.tollgate(&["log-level", "--target", "tollgate_proxy::connection", "reset"]).await.good();
    gateway.get("/second", None).await;
    until(&gateway, "the log has gone on", || gateway.child.output().contains("/second")).await;
    let before = tells();
    talk_nonsense(&gateway).await;
    gateway.get("/third", None).await;
    until(&gateway, "the log has gone on", || gateway.child.output().contains("/third")).await;
    assert_eq!(tells(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_work_as_they_stand() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    world.write("openapi.yaml", &world.read("openapi.yaml").replace("getOpen", "getTodo"));
    let _gateway = world.start(&["run", "."]).await;
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/observability.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let commands: Vec<Vec<&str>> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("tollgate log-level"))
        .map(|rest| ["log-level"].into_iter().chain(rest.split_whitespace()).collect())
        .collect();
    assert_eq!(commands.len(), 4);
    for command in commands {
        world.tollgate(&command).await.good();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_and_only_who_may_manage_the_project_sets_levels() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    for (arguments, expected) in [
        (&["--route", "getTodo", "debug"][..], "There is no route `getTodo`."),
        (&["--route", "getOpen", "trace"], "The level of a route is `debug`"),
        (&["--target", "a b", "debug"], "A target has up to 128 letters"),
        (&["--route", "getOpen", "debug", "--for", "2d"], "a day at most"),
        (&["debug"], "of what?"),
        (&["--route", "getOpen"], "which level?"),
    ] {
        let ended = world.tollgate(&[&["log-level"], arguments].concat()).await;
        assert_ne!(ended.code, 0);
        assert!(ended.stderr.contains(expected), "{ended:?}");
    }
    let reader = world.tollgate(&["operator", "create", "reader", "--scope", "read"]).await.good().stdout;
    let reader = reader.trim();
    let path = "/v1/log-levels/routes/getOpen";
    let body = r#"{"level":"debug","for":"10m"}"#;
    assert_eq!(gateway.manage(Method::PUT, path, reader, body).await.status, StatusCode::FORBIDDEN);
    assert_eq!(gateway.manage(Method::GET, "/v1/log-levels", reader, "").await.json(), json!([]));
    let deployer = world.tollgate(&["operator", "create", "deployer", "--scope", "project"]).await.good().stdout;
    let reply = gateway.manage(Method::PUT, path, deployer.trim(), body).await;
    assert_eq!((reply.status, &reply.json()["level"]), (StatusCode::OK, &json!("debug")));
    assert_eq!(gateway.manage(Method::DELETE, path, deployer.trim(), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(gateway.manage(Method::PUT, "/v1/log-levels/all/x", deployer.trim(), body).await.status, 400);
}
