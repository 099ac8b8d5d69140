//! The policies: one folder each, and [`ALL`].
//!
//! A folder holds `mod.rs` (options, the policy, its reasons, its tests) and `docs.md` (the
//! reference page, whose transcripts run as tests). Adding a policy is a folder and one line in
//! [`ALL`]; schema, reference, validation, metric labels and problem pages follow from it.
//!
//! *Invariants.* No policy reads a clock, the environment or a global: what it needs comes with
//! `Services`. No policy knows hyper's server, the store or a key's hash.

use tollgate_core::PolicyKind;

#[cfg(test)]
mod testing;

/// Every policy there is, by name.
pub static ALL: &[&PolicyKind] = &[];
