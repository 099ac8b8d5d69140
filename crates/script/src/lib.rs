//! TypeScript modules of a project, run on threads of their own.
//!
//! *The way of a call.* [`link()`] loads a project's modules once. A policy, handler or hook that is a
//! script ([`calls`]) hands its request to the [`runner`], which sends a message ([`message`]) to one of
//! the threads of the [`pool`]. There [`call`] turns it into JavaScript objects, runs the project's code
//! in the engine of its [`generation`] ([`live`]), and sends a reply. What a script may ask of the gateway
//! meanwhile is in [`natives`].
//!
//! All calls of one exchange go to one thread and share one context, so that what one policy leaves in
//! `context.custom` the next finds, whatever it is.
//!
//! *Invariants.* A route without a script never enters this crate. JavaScript values never leave their
//! thread. A script that fails refuses the request.

mod areas;
mod at_hand;
mod background;
mod call;
mod calls;
mod context;
mod generation;
mod issues;
mod joined;
mod link;
mod linked;
mod live;
mod message;
mod natives;
mod outbox;
mod pool;
mod route_view;
mod runner;
mod runtime;
mod socket;
mod tester;
mod thread;
mod types;
mod variables;
mod world;

pub use link::link;
pub use pool::{Pulse, ScriptPool};
pub use tester::{TestError, TestResult, TestRun, test, test_files};
pub use types::{TSCONFIG, TYPES};
