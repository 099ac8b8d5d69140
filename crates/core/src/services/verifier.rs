//! Verifying the tokens that clients bring.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::MaybeLater;
use crate::catalog::BuildError;

/// What a token must be, from a policy's options. Its debug form hides the secret.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct VerifierSettings {
    /// The `iss` it must have; keys are discovered there unless told otherwise.
    pub issuer: Option<String>,
    /// The `aud` it must have, among others.
    pub audience: Option<String>,
    /// Where the keys are.
    pub jwks_url: Option<String>,
    /// A shared secret instead of keys (HS256, HS384, HS512).
    pub secret: Option<String>,
    /// One public key instead of a set, as PEM (`BEGIN PUBLIC KEY`).
    pub public_key: Option<String>,
    /// The algorithms allowed; empty for those that fit the kind of key.
    pub algorithms: Vec<String>,
}

impl fmt::Debug for VerifierSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierSettings")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("jwks_url", &self.jwks_url)
            .field("secret", &self.secret.as_ref().map(|_| "…"))
            .field("public_key", &self.public_key)
            .field("algorithms", &self.algorithms)
            .finish()
    }
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is not a signed token at all.
    #[error("not a well-formed token: {0}")]
    Malformed(String),
    /// Its signature, algorithm or key is wrong.
    #[error("wrong signature: {0}")]
    Signature(String),
    /// Its `exp` lies in the past.
    #[error("expired")]
    Expired,
    /// Its `nbf` lies in the future.
    #[error("not valid yet")]
    NotYet,
    /// A claim is missing, wrong, or of the wrong type.
    #[error("claim `{claim}`: {problem}")]
    Claim {
        /// Which one.
        claim: String,
        /// What about it.
        problem: String,
    },
    /// The keys could not be fetched, and there are no older ones.
    #[error("the keys of the issuer are unavailable: {0}")]
    KeysUnavailable(String),
}

/// A token that passed.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    /// All of its claims.
    pub claims: Arc<Value>,
    /// The first 16 bytes of the token's SHA-256.
    pub digest: [u8; 16],
}

/// Checks tokens against one set of settings. Prepared at load.
pub trait TokenVerifier: Send + Sync + fmt::Debug {
    /// Verifies a compact JWS. Good tokens are remembered until they expire. An answer that
    /// comes later holds what it needs of the token, so that the caller may go on with the request.
    fn verify<'a>(&'a self, token: &str) -> MaybeLater<'a, Result<VerifiedToken, VerifyError>>;
}

/// Where verifiers come from. Equal settings give the same verifier, so that a reload keeps its
/// keys and its cache.
pub trait VerifierFactory: Send + Sync + fmt::Debug {
    /// The verifier for these settings.
    ///
    /// # Errors
    /// Where they cannot work: neither keys nor a secret, an unknown algorithm.
    fn verifier(&self, settings: &VerifierSettings) -> Result<Arc<dyn TokenVerifier>, BuildError>;
    /// The keys of other issuers that are in use.
    fn key_sets(&self) -> Vec<KeySet> {
        Vec::new()
    }
}

/// The keys of another issuer, and how they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// Its URL, or the issuer that says where it is.
    pub location: String,
    /// How old it is; `None` where it has not been fetched.
    pub age: Option<Duration>,
    /// Why it could not be fetched when that was last tried.
    pub error: Option<String>,
}
