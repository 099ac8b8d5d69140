//! Projects with TypeScript modules, through the built binary: policies, handlers, hooks, what they may
//! reach, and what becomes of them when they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

#[path = "scripts/asking.rs"]
mod asking;
#[path = "scripts/catalogue.rs"]
mod catalogue;
#[path = "scripts/counting.rs"]
mod counting;
#[path = "scripts/documented.rs"]
mod documented;
#[path = "scripts/failing.rs"]
mod failing;
#[path = "scripts/hooks.rs"]
mod hooks;
#[path = "scripts/issuer.rs"]
mod issuer;
#[path = "scripts/lambda.rs"]
mod lambda;
#[path = "scripts/lasting.rs"]
mod lasting;
#[path = "scripts/loading.rs"]
mod loading;
#[path = "scripts/messages.rs"]
mod messages;
#[path = "scripts/packages.rs"]
mod packages;
#[path = "scripts/policies.rs"]
mod policies;
#[path = "scripts/project.rs"]
mod project;
#[path = "scripts/services.rs"]
mod services;
#[path = "scripts/spans.rs"]
mod spans;
#[path = "scripts/streaming.rs"]
mod streaming;
#[path = "scripts/websocket.rs"]
mod websocket;
