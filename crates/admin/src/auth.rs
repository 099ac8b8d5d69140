//! The management token: who holds the file holds the gateway.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use subtle::ConstantTimeEq;

use crate::error::{ApiError, UNAUTHORIZED};

/// The token that callers of the management API present.
#[derive(Clone)]
pub struct ManagementToken(Arc<str>);

impl ManagementToken {
    /// Takes a token. An empty one is never accepted.
    pub fn new(token: &str) -> Self {
        Self(Arc::from(token.trim()))
    }

    /// Compares in a time that does not depend on where the first difference is.
    fn is(&self, presented: &[u8]) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(presented))
    }
}

impl fmt::Debug for ManagementToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ManagementToken(…)")
    }
}

/// Lets a request through only with the token. The same answer for a missing and a wrong one.
pub(crate) async fn require(State(token): State<ManagementToken>, request: Request, next: Next) -> Response {
    let presented = request.headers().get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
    });
    if presented.is_some_and(|presented| token.is(presented)) {
        return next.run(request).await;
    }
    let mut refusal =
        ApiError::new(&UNAUTHORIZED, "The management API needs the token of the data folder's `management.token`.")
            .into_response();
    refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tollgate management\""));
    refusal
}
