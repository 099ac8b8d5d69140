//! Whole projects: what is written in files, what runs, and what is said of mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in a test, a panic is the report")]

mod commonjs;
mod mistakes;
mod positions;
mod project;
mod resolution;
mod typescript;

/// Engines run on threads of their own, and share one graph.
#[test]
fn a_graph_can_be_shared_by_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<tollgate_modules::Graph>();
}
