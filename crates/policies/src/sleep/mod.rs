//! Waits before the request goes on: to see how clients do with a slow answer.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Flow, Policy, Request, Step};

/// Nobody waits longer: a client would have gone by then, and its connection would be held for nothing.
const LONGEST: u64 = 5 * 60 * 1000;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<Sleep>("sleep", Direction::Inbound, include_str!("docs.md"))
    .exports(&["SleepInboundPolicy"])
    .shorthand("sleepInMs");

/// How long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// How long, in milliseconds; five minutes at most. It may stand in place of all options.
    sleep_in_ms: u64,
}

/// See the module.
#[derive(Debug)]
struct Sleep(Duration);

impl Configure for Sleep {
    type Options = Options;

    fn configure(Options { sleep_in_ms }: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        if sleep_in_ms > LONGEST {
            return Err(BuildError::at("/sleepInMs", format!("{sleep_in_ms} ms is longer than five minutes"))
                .help(format!("{LONGEST} at most; the value is in milliseconds")));
        }
        Ok(Self(Duration::from_millis(sleep_in_ms)))
    }
}

impl Policy for Sleep {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        if self.0.is_zero() {
            return Step::CONTINUE;
        }
        let over = exchange.services.clock.wait(self.0);
        Step::later(async {
            over.await;
            Flow::Continue
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::testing::{Room, passed, request, run};

    #[tokio::test]
    async fn a_request_does_not_go_on_before_the_time() {
        let room = Room::new();
        let policy = room.build(&KIND, json!({ "sleepInMs": 20 })).unwrap();
        let (mut exchange, mut request) = (room.exchange(), request(&[]));
        let begun = Instant::now();
        passed(run(&policy, &mut exchange, &mut request).await);
        assert!(begun.elapsed() >= Duration::from_millis(20));
        assert_eq!(room.build(&KIND, json!({ "sleepInMs": 300_001 })).unwrap_err().pointer, "/sleepInMs");
    }
}
