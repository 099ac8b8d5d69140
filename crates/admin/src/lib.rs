//! The management listener: health, metrics and the management API. Its OpenAPI document comes
//! out of its types and is served at `/v1/openapi.json`.
//!
//! [`operations`] holds what can be done to consumers and keys, for the API and the command line
//! alike; [`views`] holds what both print. What only the running gateway can do is the
//! [`Control`] that the binary hands in. `key_service` has the same things under the paths of
//! Zuplo's key API.
//!
//! *Invariants.* This crate knows stores, keys and the gateway through traits of `core` and
//! through [`Control`] only; it hashes and signs nothing. Everything below `/v1/` but the document
//! needs a token, and a handler reaches the store only through the scope that it names.

mod audit;
mod auth;
mod buckets;
mod consumers;
mod control;
mod debug_tokens;
mod document;
mod error;
mod exposition;
mod extract;
mod gateway;
mod health;
mod idempotency;
mod key_service;
mod keys;
mod leaks;
mod log_levels;
mod managers;
pub mod operations;
mod operators;
mod paging;
mod precondition;
mod requests;
mod server;
mod snapshots;
mod usage;
pub mod views;

pub use auth::ManagementToken;
pub use control::{Control, Health, MintedKey, RollbackRefused};
pub use document::document;
pub use error::REASONS;
pub use operations::OperationError;
pub use server::{Admin, router, serve};
