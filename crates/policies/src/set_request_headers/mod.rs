//! Sets header fields of the request before it reaches the upstream.
//!
//! Not for credentials that depend on the caller: values are fixed when the project is loaded.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::header_fields::{FieldsToSet, SetOptions};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SetRequestHeaders>("set-request-headers", Direction::Inbound, include_str!("docs.md"))
        .exports(&["SetHeadersInboundPolicy"]);

/// See the module.
#[derive(Debug)]
struct SetRequestHeaders(FieldsToSet);

impl Configure for SetRequestHeaders {
    type Options = SetOptions;

    fn configure(options: SetOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToSet::new(options, context).map(Self)
    }
}

impl Policy for SetRequestHeaders {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        self.0.apply(request.headers_mut());
        Step::CONTINUE
    }
}
