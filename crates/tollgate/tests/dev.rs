//! `tollgate dev`: hot reload, the development key, refusals that explain themselves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use http::StatusCode;
use support::{SOON, World, document};
use tollgate_testkit::CapturingUpstream;

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_change_is_live_in_well_under_a_second() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["dev", "."]).await;
    assert_eq!(gateway.get("/added", None).await.status, StatusCode::NOT_FOUND);
    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key").replace("/open:", "/added:"));
    let took = gateway.until("/added", None, StatusCode::OK).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_makes_a_route_public_says_so() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["dev", "."]).await;
    world.write("openapi.yaml", &document(&upstream.url(), "auth: public"));
    let line = gateway.child.wait_for_line("PUBLIC", SOON).await.unwrap();
    assert!(line.contains("/protected"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_save_is_explained_and_the_good_project_keeps_serving() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["dev", "."]).await;
    world.write("openapi.yaml", &document(&upstream.url(), "auht: api-key"));
    gateway.child.wait_for_line("keeps serving", SOON).await.unwrap();
    assert!(gateway.child.output().contains("openapi.yaml:9"), "{}", gateway.child.output());
    assert_eq!(gateway.get("/open", None).await.status, StatusCode::OK);
    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key"));
    gateway.child.wait_for_line("reloaded", SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_line_at_start_works_and_the_key_stays_the_same() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let mut gateway = world.start(&["dev", "."]).await;
    let line = gateway.child.wait_for_line("curl ", SOON).await.unwrap();
    assert!(line.contains(&format!("{}/protected", gateway.url)), "a route that wants the key: {line}");
    let output = tokio::process::Command::new("bash")
        .args(["-c", &format!("{} -s -o /dev/null -w '%{{http_code}}'", line.trim())])
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200", "{line}");
    let key = world.read(".tollgate/development.key");
    gateway.child.signal("INT").await.unwrap();
    assert!(gateway.child.wait(SOON).await.unwrap().success());
    let gateway = world.start(&["dev", "."]).await;
    let line = gateway.child.wait_for_line("curl ", SOON).await.unwrap();
    assert!(line.contains(key.trim()), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_says_how_to_mend_it() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["dev", "."]).await;
    let refused = gateway.get("/protected", None).await.json();
    assert_eq!(refused["reason"], "key.missing");
    assert!(refused["fix"].as_str().unwrap().contains("Authorization"), "{refused}");
    gateway.child.wait_for_line("key.missing", SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_at_all_is_needed() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    let gateway = world.start(&["dev", "--upstream", &upstream.url()]).await;
    let data = world.path().join("state/tollgate/dev");
    let key = std::fs::read_to_string(data.join("development.key")).unwrap();
    gateway.child.wait_for_line(data.to_str().unwrap(), SOON).await.unwrap();
    assert_eq!(gateway.get("/any/path?x=1", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gateway.get("/any/path?x=1", Some(key.trim())).await.status, StatusCode::OK);
    assert_eq!(upstream.last().unwrap().target, "/any/path?x=1");
    assert!(!world.data().exists(), "the folder where it was started stays as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_broken_at_start_is_waited_for() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("openapi.yaml", "openapi: [");
    let ready = world.path().join("ready.json");
    let arguments =
        ["dev", ".", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--ready-file", "ready.json"];
    let child = tollgate_testkit::Child::spawn(env!("CARGO_BIN_EXE_tollgate"), &arguments, world.path(), &[]).unwrap();
    child.wait_for_line("waiting for a change", SOON).await.unwrap();
    assert!(!ready.exists());
    world.write("openapi.yaml", &document(&upstream.url(), "auth: api-key"));
    tollgate_testkit::process::wait_for_file(&ready, SOON).await.unwrap();
}
