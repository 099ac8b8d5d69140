//! Changes the method of the request before it reaches the upstream.

use http::Method;
use http::header::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::content::drop_request_body;

/// Fields by which some backends take another method than the one that is there. The project has said which
/// one it is to be, so a client may not.
const OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ChangeMethod>("change-method", Direction::Inbound, include_str!("docs.md"))
        .exports(&["ChangeMethodInboundPolicy"])
        .shorthand("method");

/// Which method.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The method that the upstream gets. It may stand in place of all options.
    method: String,
}

/// See the module.
#[derive(Debug)]
struct ChangeMethod(Method);

impl Configure for ChangeMethod {
    type Options = Options;

    fn configure(Options { method }: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let at = |message: String| BuildError::at("/method", message);
        // Methods are case-sensitive; whoever writes `post` means the registered one.
        let upper = method.to_ascii_uppercase();
        let method = match upper.as_str() {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "HEAD" | "CONNECT" | "TRACE" => upper,
            _ => method,
        };
        match method.as_str() {
            "CONNECT" | "TRACE" => {
                return Err(at(format!("the gateway sends no {method} to upstreams"))
                    .help("CONNECT would open a tunnel past every policy, and TRACE would give credentials back"));
            }
            "HEAD" => {
                return Err(
                    at("an answer to HEAD has no body, and the client waits for one".to_owned()).help("write GET")
                );
            }
            _ => {}
        }
        Method::from_bytes(method.as_bytes())
            .map(Self)
            .map_err(|_| at(format!("`{method}` is not a method")).help("write one such as GET, POST or PUT"))
    }
}

impl Policy for ChangeMethod {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        for name in &OVERRIDES {
            request.headers_mut().remove(name);
        }
        if *request.method() == self.0 {
            return Step::CONTINUE;
        }
        *request.method_mut() = self.0.clone();
        // The content of a GET has no meaning (RFC 9110 §9.3.1), and some servers take it for the next
        // request on the connection.
        if self.0 == Method::GET {
            drop_request_body(request);
        }
        Step::CONTINUE
    }
}
