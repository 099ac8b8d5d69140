//! Quotas through the built binary: what survives a stop and a kill.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::time::Duration;

use support::{Gateway, SOON, World};
use tollgate_testkit::CapturingUpstream;

const PROJECT: &str = "inbound: [{ quota: { period: monthly, allowances: { requests: 5 } } }], auth: api-key";

async fn remaining(gateway: &Gateway, key: &str) -> Option<u32> {
    let reply = gateway.get("/protected", Some(key)).await;
    match reply.status.as_u16() {
        200 => Some(reply.header("ratelimit").split(";r=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap()),
        429 => {
            assert_eq!(reply.json()["code"], "quota-exceeded");
            None
        }
        other => panic!("{other}: {}", String::from_utf8_lossy(&reply.body)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_survives_a_stop_and_all_but_its_last_second_a_kill() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("openapi.yaml", &support::document(&upstream.url(), PROJECT));
    let key = world.key("alice").await["key"].as_str().unwrap().to_owned();
    let mut gateway = world.start(&["run", "."]).await;
    assert_eq!(remaining(&gateway, &key).await, Some(4));
    gateway.child.signal("TERM").await.unwrap();
    assert!(gateway.child.wait(SOON).await.unwrap().success());

    let mut gateway = world.start(&["run", "."]).await;
    assert_eq!(remaining(&gateway, &key).await, Some(3), "a stop loses nothing");
    // What was counted a second ago is on disk.
    let journal = world.data().join("quotas.journal");
    let written = async {
        while !std::fs::read_to_string(&journal).is_ok_and(|text| text.contains(r#"["requests",2]"#)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, written).await.expect("it is written");
    gateway.child.kill().await.unwrap();

    let gateway = world.start(&["run", "."]).await;
    assert_eq!(remaining(&gateway, &key).await, Some(2));
    assert_eq!(remaining(&gateway, &key).await, Some(1));
    assert_eq!(remaining(&gateway, &key).await, Some(0));
    assert_eq!(remaining(&gateway, &key).await, None);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o600);
}
