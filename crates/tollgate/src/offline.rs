//! Stand-ins for rooms that a check does not open.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use serde_json::Value;
use tollgate_core::MaybeLater;
use tollgate_core::services::{IssueError, KeyVerdict, Keyring, TokenIssuer, TokenRequest};

/// Knows no key and signs nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offline;

impl Keyring for Offline {
    fn find<'a>(&'a self, _: &str, _: Option<&'a str>, _: IpAddr) -> MaybeLater<'a, KeyVerdict> {
        MaybeLater::Now(KeyVerdict::Unavailable)
    }
}

impl TokenIssuer for Offline {
    fn header(&self, _: &TokenRequest<'_>) -> Result<HeaderValue, IssueError> {
        Err(IssueError("nothing is signed while a project is checked".to_owned()))
    }

    fn issuer(&self) -> Arc<str> {
        Arc::from("")
    }

    fn jwks(&self) -> Arc<Value> {
        Arc::new(Value::Null)
    }

    fn discovery(&self) -> Arc<Value> {
        Arc::new(Value::Null)
    }
}
