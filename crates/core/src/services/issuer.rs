//! Signing tokens for upstreams.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use serde_json::{Map, Value};

use crate::exchange::Credential;

/// A token to be signed. Standard claims are the issuer's business.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// `sub`
    pub subject: &'a str,
    /// `aud`, where one is configured.
    pub audience: Option<&'a str>,
    /// How long it shall be valid; a cached one is handed out for at most half of that.
    pub expires_in: Duration,
    /// Further claims. Standard ones (`iss`, `iat`, `nbf`, `exp`, `jti`) in it are ignored.
    pub claims: &'a Map<String, Value>,
    /// What goes in front of the token in the header value, with its space: `Bearer `.
    pub prefix: &'a str,
    /// Whose token it is; revoking the key drops its cached tokens.
    pub credential: Option<&'a Credential>,
}

/// Why no token came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot sign: {0}")]
pub struct IssueError(pub String);

/// The part that signs tokens.
pub trait TokenIssuer: Send + Sync + fmt::Debug {
    /// A header value with a signed token in it: from the cache, or signed now (0.2 ms for RSA).
    ///
    /// # Errors
    /// Where there is no usable signing key.
    fn header(&self, request: &TokenRequest<'_>) -> Result<HeaderValue, IssueError>;
    /// The issuer's name: the `iss` of its tokens.
    fn issuer(&self) -> Arc<str>;
    /// The JWK set (RFC 7517) that backends verify with.
    fn jwks(&self) -> Arc<Value>;
    /// The discovery document (OpenID Connect Discovery 1.0, §3).
    fn discovery(&self) -> Arc<Value>;
}
