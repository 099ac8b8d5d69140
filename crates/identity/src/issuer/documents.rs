//! The JWK set (RFC 7517) and the discovery document (OpenID Connect Discovery 1.0, §3).

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::time::Timestamp;

use super::Documents;
use super::rotation::KeySet;

/// Both documents. The key that signs stands first, because there are verifiers that take the
/// first one.
pub(super) fn build(issuer: &str, keys: &KeySet, now: Timestamp) -> Documents {
    let published = keys.published(now);
    let jwks: Vec<&Value> = published.iter().map(|key| key.jwk()).collect();
    let mut algorithms: Vec<&str> = published.iter().map(|key| key.algorithm().as_str()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    Documents {
        jwks: Arc::new(json!({ "keys": jwks })),
        discovery: Arc::new(json!({
            "issuer": issuer,
            "jwks_uri": format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
            "claims_supported": super::STANDARD_CLAIMS,
        })),
    }
}
