//! The management listener: health, metrics and the management API. Its OpenAPI document comes
//! out of its types and is served at `/v1/openapi.json`.
//!
//! [`operations`] holds what can be done to consumers and keys, for the API and the command line
//! alike; [`views`] holds what both print. What only the running gateway can do is the
//! [`Control`] that the binary hands in.
//!
//! *Invariants.* This crate knows stores, keys and the gateway through traits of `core` and
//! through [`Control`] only; it hashes and signs nothing, and everything below `/v1/` but the
//! document needs the management token.

mod auth;
mod consumers;
mod control;
mod error;
mod gateway;
mod health;
mod keys;
mod leaks;
pub mod operations;
mod server;
pub mod views;

pub use auth::ManagementToken;
pub use control::{Control, Health, MintedKey};
pub use error::REASONS;
pub use operations::OperationError;
pub use server::{Admin, document, router, serve};
