//! Answers with a redirect; no upstream is asked.

use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::later::BoxFuture;
use tollgate_core::{Body, Exchange, Handler, Problem, Request, Response};

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "redirect",
    exports: &["redirectHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Answers with a redirect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// Where to: a URL or a path. It is sent as it stands.
    pub location: String,
    /// The status of the answer: 301, 302, 303, 307 or 308.
    #[serde(default = "found")]
    #[schemars(range(min = 300, max = 399))]
    pub status: u16,
}

const fn found() -> u16 {
    302
}

#[derive(Debug)]
struct Redirect {
    location: HeaderValue,
    status: StatusCode,
}

pub(super) fn build(options: Value) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    let status = StatusCode::from_u16(options.status).ok().filter(StatusCode::is_redirection).ok_or_else(|| {
        BuildError::at("/status", format!("{} is not the status of a redirect", options.status))
            .help("take 301, 302, 303, 307 or 308")
    })?;
    let location = HeaderValue::try_from(&options.location)
        .ok()
        .filter(|_| options.location.is_ascii() && !options.location.is_empty())
        .ok_or_else(|| {
            BuildError::at("/location", "this cannot be sent as a Location header")
                .help("percent-encode everything that is not ASCII")
        })?;
    Ok(Arc::new(Redirect { location, status }))
}

impl Handler for Redirect {
    fn handle<'a>(&'a self, _: &'a mut Exchange, _: Request) -> BoxFuture<'a, Result<Response, Problem>> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.headers_mut().insert(LOCATION, self.location.clone());
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_redirects_with_a_sendable_location_are_built() {
        for (options, pointer) in [
            (json!({ "location": "/a", "status": 200 }), "/status"),
            (json!({ "location": "/a", "status": 404 }), "/status"),
            (json!({ "location": "/a\r\nx: y" }), "/location"),
            (json!({ "location": "" }), "/location"),
        ] {
            assert_eq!(build(options.clone()).map(drop).unwrap_err().pointer, pointer, "{options}");
        }
        assert!(build(json!({ "location": "https://a.example/", "status": 308 })).is_ok());
    }
}
