//! Sets header fields of the response before it reaches the client.
//!
//! Not for CORS: the route's `cors` writes those fields.

use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Response, Step};

use crate::header_fields::{FieldsToSet, SetOptions};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<SetResponseHeaders>("set-response-headers", Direction::Outbound, include_str!("docs.md"))
        .exports(&["SetHeadersOutboundPolicy"]);

/// See the module.
#[derive(Debug)]
struct SetResponseHeaders(FieldsToSet);

impl Configure for SetResponseHeaders {
    type Options = SetOptions;

    fn configure(options: SetOptions, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        FieldsToSet::new(options, context).map(Self)
    }
}

impl Policy for SetResponseHeaders {
    fn on_response<'a>(&'a self, _: &'a mut Exchange, response: &'a mut Response) -> Step<'a> {
        self.0.apply(response.headers_mut());
        Step::CONTINUE
    }
}
