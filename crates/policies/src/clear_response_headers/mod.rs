//! Removes all header fields of the response before it reaches the client, but those of a list.
//!
//! Where only some must go, `remove-response-headers` names them.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Response, Step};

use crate::header_fields::{ClearOptions, FieldsToKeep};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ClearResponseHeaders>("clear-response-headers", Direction::Outbound, include_str!("docs.md"))
        .exports(&["ClearHeadersOutboundPolicy"])
        .shorthand("exclude");

/// See the module.
#[derive(Debug)]
struct ClearResponseHeaders(FieldsToKeep);

impl Configure for ClearResponseHeaders {
    type Options = ClearOptions;

    fn configure(options: ClearOptions, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToKeep::new(&options, Direction::Outbound).map(Self)
    }
}

impl Policy for ClearResponseHeaders {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        self.0.apply(response.headers_mut());
        Step::CONTINUE
    }
}
