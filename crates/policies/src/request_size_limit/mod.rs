//! Refuses requests whose body is too long.
//!
//! For a limit on all routes use `server.limits.body`; this one asks for less on some.

use http::header::CONTENT_LENGTH;
use http_body::Body as _;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::reason::REQUEST_TOO_LARGE;
use tollgate_core::units::Size;
use tollgate_core::{Exchange, Policy, Problem, Request, Step};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RequestSizeLimit>("request-size-limit", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RequestSizeLimitInboundPolicy"])
        .shorthand("maxSizeInBytes")
        .reasons(&[&REQUEST_TOO_LARGE]);

/// How long a body may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The longest body: a number of bytes, or a size such as `64KiB` or `1MiB`. A bare value may
    /// stand in place of all options.
    max_size_in_bytes: Size,
    /// Whether a `Content-Length` is believed. It always is, since no body can be longer than it
    /// says; a body that comes without one is counted in either case.
    #[serde(default)]
    #[expect(dead_code, reason = "part of the format; both values mean the same here")]
    trust_content_length_header: bool,
}

/// See the module.
#[derive(Debug)]
struct RequestSizeLimit {
    limit: u64,
    shown: String,
}

impl Configure for RequestSizeLimit {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let size = options.max_size_in_bytes;
        let shown = size.to_string();
        let unit = if shown.ends_with('B') { "" } else { " bytes" };
        Ok(Self { limit: size.0, shown: format!("{shown}{unit}") })
    }
}

impl Policy for RequestSizeLimit {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        // A body in memory knows its length without being asked for it.
        let least = announced.unwrap_or(0).max(request.body().size_hint().lower());
        if least > self.limit {
            // What follows on the connection is the body that nobody will read.
            return Problem::new(&REQUEST_TOO_LARGE, format!("The body is longer than {}.", self.shown))
                .closing()
                .into();
        }
        if announced.is_none() {
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = body.limited_to(self.limit);
        }
        Step::CONTINUE
    }
}
