//! TypeScript modules of a project, run on threads of their own.
//!
//! *Invariants.* A route without a script never enters this crate.
