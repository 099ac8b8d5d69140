//! What a scraper and a collector get, and whether what is made for them (dashboard, alerts, lists) is true.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

#[path = "telemetry/integrations.rs"]
mod integrations;
#[path = "telemetry/metrics.rs"]
mod metrics;
#[path = "telemetry/otlp.rs"]
mod otlp;
#[path = "telemetry/traces.rs"]
mod traces;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use support::{Gateway, SOON};
use tollgate_testkit::{Child, client, free_port};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn python() -> PathBuf {
    root().join("target/python/bin/python")
}

/// A collector that reads with OpenTelemetry's own message types.
struct Collector {
    port: u16,
    child: Child,
}

impl Collector {
    async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_on(free_port().unwrap(), environment).await
    }

    async fn start_on(port: u16, environment: &[(&str, &str)]) -> Self {
        let text = port.to_string();
        let script = root().join("crates/tollgate/tests/python/otlp_collector.py");
        let environment: Vec<(&str, &str)> = environment.iter().copied().chain([("PORT", &*text)]).collect();
        let child = Child::spawn(python(), &[script.to_str().unwrap()], &root(), &environment).unwrap();
        child.wait_for_line("listens", SOON).await.unwrap();
        Self { port, child }
    }

    fn url(&self, signal: &str) -> String {
        format!("http://127.0.0.1:{}/v1/{signal}", self.port)
    }

    async fn list(&self, what: &str, members: &str) -> Vec<Value> {
        let reply = client::get(&format!("http://127.0.0.1:{}/{what}", self.port), &[]).await.unwrap();
        reply.json()[members].as_array().unwrap().clone()
    }

    async fn spans(&self) -> Vec<Value> {
        self.list("spans", "spans").await
    }

    /// The first export for which `fits`, of those that came last.
    async fn export(&self, gateway: &Gateway, fits: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let exports = self.list("metrics", "exports").await;
                if let Some(export) = exports.into_iter().rev().find(&fits) {
                    return export;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(SOON, found).await;
        match found {
            Ok(found) => found,
            Err(_) => {
                let exports = self.list("metrics", "exports").await;
                panic!("no such export\n{}\n{:#?}", gateway.child.output(), exports.last())
            }
        }
    }
}
