//! Removes header fields of the response before it reaches the client.
//!
//! Hop-by-hop fields never reach it anyway.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Response, Step};

use crate::header_fields::{FieldsToRemove, RemoveOptions};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RemoveResponseHeaders>("remove-response-headers", Direction::Outbound, include_str!("docs.md"))
        .exports(&["RemoveHeadersOutboundPolicy"])
        .shorthand("headers");

/// See the module.
#[derive(Debug)]
struct RemoveResponseHeaders(FieldsToRemove);

impl Configure for RemoveResponseHeaders {
    type Options = RemoveOptions;

    fn configure(options: RemoveOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToRemove::new(&options, context).map(Self)
    }
}

impl Policy for RemoveResponseHeaders {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        self.0.apply(response.headers_mut());
        Step::CONTINUE
    }
}
