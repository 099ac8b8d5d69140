//! `ETag` and `If-Match`: a change that is meant for what the caller has seen.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::header::{ETAG, HeaderValue, IF_MATCH};
use http::request::Parts;
use serde::Serialize;

use crate::error::{ApiError, CHANGED, INVALID};

/// What has versions: the id makes two things that had the same name one after the other differ.
fn tag(id: &str, version: u64) -> String {
    format!("\"{id}.{version}\"")
}

/// An answer with the version of what is in it.
#[derive(Debug)]
pub(crate) struct Versioned<T> {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.body).into_response();
        if let Ok(value) = HeaderValue::from_str(&tag(&self.id, self.version)) {
            response.headers_mut().insert(ETAG, value);
        }
        response
    }
}

/// The condition of a call.
#[derive(Debug)]
pub(crate) struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// The version that a change of this must be made for, where there is a condition.
    pub(crate) fn version_of(&self, id: &str, version: u64) -> Result<Option<u64>, ApiError> {
        let Some(tags) = &self.0 else { return Ok(None) };
        let current = tag(id, version);
        if tags.contains(&current) {
            return Ok(Some(version));
        }
        if tags.iter().any(|tag| tag == "*") {
            return Ok(None);
        }
        Err(ApiError::new(&CHANGED, format!("It is at {current}, which `If-Match` does not name.")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut tags: Option<Vec<String>> = None;
        for value in parts.headers.get_all(IF_MATCH) {
            let text = value.to_str().map_err(|_| unreadable(&IF_MATCH))?;
            tags.get_or_insert_default().extend(text.split(',').map(|tag| tag.trim().to_owned()));
        }
        Ok(Self(tags))
    }
}

fn unreadable(name: &HeaderName) -> ApiError {
    ApiError::new(&INVALID, format!("`{name}` is not text."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(tags: &[&str]) -> IfMatch {
        IfMatch((!tags.is_empty()).then(|| tags.iter().map(|tag| (*tag).to_owned()).collect()))
    }

    #[test]
    fn a_condition_holds_for_the_very_thing_in_the_very_version() {
        assert_eq!(condition(&[]).version_of("con_1", 3).unwrap(), None);
        assert_eq!(condition(&["*"]).version_of("con_1", 3).unwrap(), None);
        assert_eq!(condition(&["\"x\"", "\"con_1.3\""]).version_of("con_1", 3).unwrap(), Some(3));
        for stale in ["\"con_1.2\"", "\"con_2.3\"", "W/\"con_1.3\"", "con_1.3", ""] {
            assert!(condition(&[stale]).version_of("con_1", 3).is_err(), "{stale}");
        }
    }
}
