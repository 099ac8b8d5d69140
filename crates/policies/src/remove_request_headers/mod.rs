//! Removes header fields of the request before it reaches the upstream.
//!
//! Hop-by-hop fields and the gateway's own never reach it anyway.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::header_fields::{FieldsToRemove, RemoveOptions};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RemoveRequestHeaders>("remove-request-headers", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RemoveHeadersInboundPolicy"])
        .shorthand("headers");

/// See the module.
#[derive(Debug)]
struct RemoveRequestHeaders(FieldsToRemove);

impl Configure for RemoveRequestHeaders {
    type Options = RemoveOptions;

    fn configure(options: RemoveOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToRemove::new(&options, context).map(Self)
    }
}

impl Policy for RemoveRequestHeaders {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.apply(request.headers_mut());
        Step::CONTINUE
    }
}
