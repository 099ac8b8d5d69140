//! Gives the request another body before it reaches the upstream.
//!
//! The body is fixed when the project is loaded; one that depends on the request is a script's affair.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::content::replace_request_body;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<SetBody>("set-body", Direction::Inbound, include_str!("docs.md"))
    .exports(&["SetBodyInboundPolicy"])
    .shorthand("body");

/// Which body.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The body, a text. It may stand in place of all options.
    body: String,
}

/// See the module.
#[derive(Debug)]
struct SetBody(Bytes);

impl Configure for SetBody {
    type Options = Options;

    fn configure(Options { body }: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        Ok(Self(Bytes::from(body)))
    }
}

impl Policy for SetBody {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Step::CONTINUE;
        }
        let media = (!request.headers().contains_key(CONTENT_TYPE))
            .then(|| HeaderValue::from_static("text/plain;charset=UTF-8"));
        replace_request_body(request, self.0.clone(), media);
        Step::CONTINUE
    }
}
