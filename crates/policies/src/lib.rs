//! The policies: one folder each, and [`ALL`].
//!
//! A folder holds `mod.rs` (options, the policy, its reasons, its tests) and `docs.md` (the
//! reference page, whose transcripts run as tests). Adding a policy is a folder and one line in
//! [`ALL`]; schema, reference, validation, metric labels and problem pages follow from it.
//!
//! *Invariants.* No policy reads a clock, the environment or a global: what it needs comes with
//! `Services`. No policy knows hyper's server, the store or a key's hash.

use tollgate_core::PolicyKind;

mod header_fields;
pub mod ip_restriction;
pub mod remove_request_headers;
pub mod remove_response_headers;
pub mod request_size_limit;
pub mod set_request_headers;
pub mod set_response_headers;
#[cfg(test)]
mod testing;

/// Every policy there is, by name.
pub static ALL: &[&PolicyKind] = &[
    &ip_restriction::KIND,
    &remove_request_headers::KIND,
    &remove_response_headers::KIND,
    &request_size_limit::KIND,
    &set_request_headers::KIND,
    &set_response_headers::KIND,
];
