//! Whole requests through a real listener to a real upstream: what the application half of the
//! proxy guarantees.

mod cors;
mod handlers;
mod records;
mod routing;
mod snapshots;
mod support;
mod system;
