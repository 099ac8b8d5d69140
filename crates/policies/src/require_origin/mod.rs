//! Lets a request through only if its `Origin` is one of a list.
//!
//! A browser says truly where a script comes from; every other client can write what it likes. It keeps
//! other sites from using an API in their visitors' names, and is no proof of who calls.

use std::collections::HashSet;

use http::header::{HeaderValue, ORIGIN, VARY};
use http::{HeaderMap, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Policy, Problem, Reason, Request, Step};

/// The request is from none of the origins.
pub static DENIED: Reason = Reason {
    name: "origin.denied",
    code: "forbidden",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "The request has no Origin, more than one, or one that is not on the list of a require-origin.",
    fix: "Add the origin to `origins` as browsers write it: scheme, host and port, without a path.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<RequireOrigin>("require-origin", Direction::Inbound, include_str!("docs.md"))
        .exports(&["RequireOriginInboundPolicy"])
        .shorthand("origins")
        .reasons(&[&DENIED]);

/// Which origins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The origins, in one text with commas between them, or as a list: `https://example.com, http://localhost:3000`.
    /// The bare value may stand in place of all options.
    origins: Origins,
    /// What a refusal says. Default: Forbidden.
    #[serde(default = "forbidden")]
    failure_detail: String,
}

/// One text, or a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Origins {
    /// With commas between them.
    Text(String),
    /// One each.
    List(Vec<String>),
}

fn forbidden() -> String {
    "Forbidden".to_owned()
}

/// See the module.
#[derive(Debug)]
struct RequireOrigin {
    origins: HashSet<String>,
    detail: String,
}

impl Configure for RequireOrigin {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let texts: Vec<String> = match options.origins {
            Origins::Text(text) => {
                text.split(',').map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned).collect()
            }
            Origins::List(list) => list,
        };
        if texts.is_empty() {
            return Err(BuildError::at("/origins", "there is no origin that may call").help("give at least one"));
        }
        let origins = texts.iter().map(|text| {
            origin(text.trim()).ok_or_else(|| {
                BuildError::at("/origins", format!("`{text}` is not an origin"))
                    .help("write scheme, host and port, without a path: https://example.com or http://localhost:3000")
            })
        });
        Ok(Self { origins: origins.collect::<Result<_, _>>()?, detail: options.failure_detail })
    }
}

/// An origin as browsers write it (RFC 6454 §6.2): lower-case, without the port that its scheme has anyway.
fn origin(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.strip_suffix('/').unwrap_or(text).split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let plain = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !plain || rest.contains(['/', '?', '#', '@', '*']) {
        return None;
    }
    // Extensions and apps have schemes of their own; what stands behind them is a name all the same.
    let authority = format!("http://{rest}").parse::<Uri>().ok()?.into_parts().authority?;
    let host = authority.host().to_ascii_lowercase();
    let port = authority.port_u16().filter(|port| !matches!((scheme.as_str(), port), ("http", 80) | ("https", 443)));
    (!host.is_empty())
        .then(|| port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
}

impl RequireOrigin {
    fn allows(&self, headers: &HeaderMap) -> bool {
        let mut fields = headers.get_all(ORIGIN).iter();
        match (fields.next().map(HeaderValue::to_str), fields.next()) {
            (Some(Ok(origin)), None) => self.origins.contains(origin),
            _ => false,
        }
    }
}

impl Policy for RequireOrigin {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        // What a cache has kept of one origin's answers must not be given to another.
        exchange.answer_with(VARY, HeaderValue::from_static("Origin"));
        if self.allows(request.headers()) {
            return Step::CONTINUE;
        }
        Problem::new(&DENIED, self.detail.clone()).into()
    }
}
