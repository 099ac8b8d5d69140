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
pub mod auth0_jwt_auth;
mod authorization;
pub mod authzen;
pub mod basic_auth;
pub mod brownout;
pub mod cache;
pub mod change_method;
pub mod clear_request_headers;
pub mod clear_response_headers;
pub mod clerk_jwt_auth;
mod client_credentials;
pub mod cognito_jwt_auth;
pub mod complex_rate_limit;
pub mod composite;
pub mod composite_outbound;
mod content;
mod counting;
mod credential;
pub mod curity_phantom_token;
mod expression;
pub mod firebase_jwt_auth;
pub mod form_data_to_json;
mod graphql;
pub mod graphql_complexity_limit;
pub mod graphql_disable_introspection;
mod header_fields;
pub mod http_deprecation;
pub mod ip_restriction;
pub mod jwt_scopes;
mod members;
pub mod mock_api;
pub mod mtls_auth;
pub mod okta_fga;
pub mod okta_jwt_auth;
pub mod open_id_jwt_auth;
pub mod openfga;
pub mod openmeter;
mod outbox;
mod preset;
pub mod prompt_injection_detection;
pub mod propel_auth_jwt_auth;
mod query;
pub mod query_param_to_header;
pub mod quota;
mod random;
pub mod rate_limit;
mod remote;
pub mod remove_query_params;
pub mod remove_request_headers;
pub mod remove_response_headers;
pub mod replace_string;
mod request_form;
pub mod request_size_limit;
pub mod request_validation;
pub mod require_origin;
pub mod require_user_claims;
mod rewriting;
pub mod secret_masking;
pub mod set_body;
pub mod set_query_params;
pub mod set_request_headers;
pub mod set_response_headers;
pub mod set_status;
pub mod set_upstream_api_key;
pub mod sleep;
mod statuses;
pub mod stripe_webhook_verification;
pub mod supabase_jwt_auth;
#[cfg(test)]
mod testing;
pub mod traffic_splitting;
pub mod upstream_jwt;
pub mod upstream_oauth_client_credentials;
pub mod validate_json_schema;
pub mod xml_to_json;

/// Every policy there is, by name.
pub static ALL: &[&PolicyKind] = &[
    &any_of::KIND,
    &api_key::KIND,
    &auth0_jwt_auth::KIND,
    &authzen::KIND,
    &basic_auth::KIND,
    &brownout::KIND,
    &cache::KIND,
    &change_method::KIND,
    &clear_request_headers::KIND,
    &clear_response_headers::KIND,
    &clerk_jwt_auth::KIND,
    &cognito_jwt_auth::KIND,
    &complex_rate_limit::KIND,
    &composite::KIND,
    &composite_outbound::KIND,
    &curity_phantom_token::KIND,
    &firebase_jwt_auth::KIND,
    &form_data_to_json::KIND,
    &graphql_complexity_limit::KIND,
    &graphql_disable_introspection::KIND,
    &http_deprecation::KIND,
    &ip_restriction::KIND,
    &jwt_scopes::KIND,
    &mock_api::KIND,
    &mtls_auth::KIND,
    &okta_fga::KIND,
    &okta_jwt_auth::KIND,
    &open_id_jwt_auth::KIND,
    &openfga::KIND,
    &openmeter::KIND,
    &prompt_injection_detection::KIND,
    &propel_auth_jwt_auth::KIND,
    &query_param_to_header::KIND,
    &quota::KIND,
    &rate_limit::KIND,
    &remove_query_params::KIND,
    &remove_request_headers::KIND,
    &remove_response_headers::KIND,
    &replace_string::KIND,
    &request_size_limit::KIND,
    &request_validation::KIND,
    &require_origin::KIND,
    &require_user_claims::KIND,
    &secret_masking::KIND,
    &set_body::KIND,
    &set_query_params::KIND,
    &set_request_headers::KIND,
    &set_response_headers::KIND,
    &set_status::KIND,
    &set_upstream_api_key::KIND,
    &sleep::KIND,
    &stripe_webhook_verification::KIND,
    &supabase_jwt_auth::KIND,
    &traffic_splitting::KIND,
    &upstream_jwt::KIND,
    &upstream_oauth_client_credentials::KIND,
    &validate_json_schema::KIND,
    &xml_to_json::KIND,
];
