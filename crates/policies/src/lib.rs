//! The policies: one folder each, and [`ALL`].
//!
//! A folder holds `mod.rs` (options, the policy, its reasons, its tests) and `docs.md` (the
//! reference page, whose transcripts run as tests). Adding a policy is a folder and one line in
//! [`ALL`]; schema, reference, validation, metric labels and problem pages follow from it.
//!
//! *Invariants.* No policy reads a clock, the environment or a global: what it needs comes with
//! `Services`. No policy knows hyper's server, the store or a key's hash.

use tollgate_core::PolicyKind;

pub mod any_of;
pub mod api_key;
pub mod complex_rate_limit;
pub mod composite;
pub mod composite_outbound;
mod counting;
mod credential;
mod header_fields;
pub mod http_deprecation;
pub mod ip_restriction;
mod members;
pub mod mock_api;
pub mod open_id_jwt_auth;
pub mod quota;
pub mod rate_limit;
mod references;
pub mod remove_request_headers;
pub mod remove_response_headers;
pub mod request_size_limit;
pub mod request_validation;
pub mod set_request_headers;
pub mod set_response_headers;
#[cfg(test)]
mod testing;
pub mod upstream_jwt;

/// Every policy there is, by name.
pub static ALL: &[&PolicyKind] = &[
    &any_of::KIND,
    &api_key::KIND,
    &complex_rate_limit::KIND,
    &composite::KIND,
    &composite_outbound::KIND,
    &http_deprecation::KIND,
    &ip_restriction::KIND,
    &mock_api::KIND,
    &open_id_jwt_auth::KIND,
    &quota::KIND,
    &rate_limit::KIND,
    &remove_request_headers::KIND,
    &remove_response_headers::KIND,
    &request_size_limit::KIND,
    &request_validation::KIND,
    &set_request_headers::KIND,
    &set_response_headers::KIND,
    &upstream_jwt::KIND,
];
