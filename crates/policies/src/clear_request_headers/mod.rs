//! Removes all header fields of the request before it reaches the upstream, but those of a list.
//!
//! Where only some must go, `remove-request-headers` names them.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::header_fields::{ClearOptions, FieldsToKeep};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ClearRequestHeaders>("clear-request-headers", Direction::Inbound, include_str!("docs.md"))
        .exports(&["ClearHeadersInboundPolicy"])
        .shorthand("exclude");

/// See the module.
#[derive(Debug)]
struct ClearRequestHeaders(FieldsToKeep);

impl Configure for ClearRequestHeaders {
    type Options = ClearOptions;

    fn configure(options: ClearOptions, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToKeep::new(&options, Direction::Inbound).map(Self)
    }
}

impl Policy for ClearRequestHeaders {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.apply(request.headers_mut());
        Step::CONTINUE
    }
}
