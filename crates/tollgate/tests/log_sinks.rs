//! Where the lines of the access log go: files that are put aside, servers of five shapes, and what happens while
//! they are away. Traffic is never touched by it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

#[path = "log_sinks/files.rs"]
mod files;
#[path = "log_sinks/lines.rs"]
mod lines;
#[path = "log_sinks/servers.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::StatusCode;
use support::{Gateway, SOON, World};
use tollgate_testkit::{CapturingUpstream, client};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A gateway whose access log is as given; its routes are answered by an upstream of its own.
struct Logging {
    world: World,
    gateway: Gateway,
    _upstream: CapturingUpstream,
}

impl Logging {
    async fn start(access_log: &str) -> Self {
        let upstream = CapturingUpstream::start().await.unwrap();
        let world = World::with_project(&upstream.url());
        world.write("tollgate.yaml", &settings(access_log));
        let gateway = world.start(&["run", "."]).await;
        Self { world, gateway, _upstream: upstream }
    }

    async fn ask(&self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.gateway.get("/open", None).await.status, StatusCode::OK);
        }
    }

    /// The value of a series, by its name and labels as they are scraped.
    async fn metric(&self, series: &str) -> f64 {
        metric(&self.gateway, series).await
    }

    /// Waits until a series has this value at least.
    async fn until(&self, series: &str, least: f64) {
        let reached = async {
            while self.metric(series).await < least {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(SOON, reached).await.is_err() {
            panic!("{series} is {} and not {least}\n{}", self.metric(series).await, self.gateway.child.output());
        }
    }

    async fn reload(&self, access_log: &str) {
        self.world.write("tollgate.yaml", &settings(access_log));
        self.world.tollgate(&["reload"]).await.good();
    }

    async fn stop(&mut self) {
        self.gateway.child.signal("TERM").await.unwrap();
        assert!(self.gateway.child.wait(SOON).await.unwrap().success());
    }
}

fn settings(access_log: &str) -> String {
    format!("accessLog: {access_log}\n")
}

async fn metric(gateway: &Gateway, series: &str) -> f64 {
    let text = client::get(&format!("{}/metrics", gateway.management), &[]).await.unwrap();
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_default()
}

/// Asks until there is something.
async fn soon<T>(what: &str, gateway: &Gateway, look: impl Fn() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(SOON, found).await;
    found.unwrap_or_else(|_| panic!("{what} did not come\n{}", gateway.child.output()))
}
