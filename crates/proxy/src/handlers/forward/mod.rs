//! Sends the request to an upstream, path and all, and brings its answer back. Not for targets
//! that differ from request to request: see `url-rewrite`.

use std::future::ready;
use std::sync::Arc;

use http::Uri;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tollgate_core::catalog::{BuildError, HandlerKind, parse_options, schema_of};
use tollgate_core::exchange::Target;
use tollgate_core::later::BoxFuture;
use tollgate_core::settings::UpstreamOrUrl;
use tollgate_core::{Exchange, Handler, Problem, Request, Response};

use super::HandlerContext;
use super::outgoing::{append_query, uri};
use crate::connection::boxed;
use crate::template::Template;
use crate::upstream::Upstream;

/// What the catalog says of it.
pub static KIND: HandlerKind = HandlerKind {
    name: "forward",
    exports: &[],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: include_str!("docs.md"),
    schema: schema_of::<Options>,
};

/// Sends the request on to an upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The upstream: its URL, or its name under `upstreams`. Default: the route's `upstream`.
    pub upstream: Option<UpstreamOrUrl>,
    /// What becomes of the path. Default: nothing.
    pub path: Option<PathRule>,
}

/// What becomes of the path: `strip` and `prepend`, or `rewrite`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PathRule {
    /// Taken off the front, in whole segments, where the path begins with it: `/v1`.
    pub strip: Option<String>,
    /// Put in front of what is left: `/internal`.
    pub prepend: Option<String>,
    /// A path of its own, with parameters in braces: `/v2/users/{id}`.
    pub rewrite: Option<String>,
}

#[derive(Debug)]
struct Forward {
    upstream: Arc<Upstream>,
    path: Path,
}

#[derive(Debug)]
enum Path {
    Unchanged,
    Moved(Box<Move>),
    Rewritten(Box<Template>),
}

#[derive(Debug)]
struct Move {
    strip: String,
    prepend: String,
}

pub(super) fn build(options: Value, context: &HandlerContext<'_>) -> Result<Arc<dyn Handler>, BuildError> {
    let options: Options = parse_options(options)?;
    let upstream = options.upstream.as_ref().ok_or_else(|| {
        BuildError::at("", "this route has no upstream to forward to")
            .help("write `upstream: URL` in `x-tollgate`, at the document or here")
    })?;
    let upstream = context.upstream(upstream).map_err(|mut error| {
        error.pointer = format!("/upstream{}", if error.pointer == "/url" { "" } else { &error.pointer });
        error
    })?;
    let path = match options.path {
        None => Path::Unchanged,
        Some(PathRule { rewrite: Some(_), strip, prepend }) if strip.is_some() || prepend.is_some() => {
            return Err(BuildError::at(
                "/path",
                "`rewrite` says the whole path, so `strip` and `prepend` have no place",
            )
            .help("write either `rewrite`, or `strip` and `prepend`"));
        }
        Some(PathRule { rewrite: Some(rewrite), .. }) => {
            if !rewrite.starts_with('/') {
                return Err(BuildError::at("/path/rewrite", "a path begins with a slash"));
            }
            let template = context.template(&rewrite, true).map_err(|mut error| {
                "/path/rewrite".clone_into(&mut error.pointer);
                error
            })?;
            Path::Rewritten(Box::new(template))
        }
        Some(PathRule { strip, prepend, .. }) => {
            let (strip, prepend) = (prefix(strip, "/path/strip")?, prefix(prepend, "/path/prepend")?);
            Path::Moved(Box::new(Move { strip, prepend }))
        }
    };
    Ok(Arc::new(Forward { upstream, path }))
}

fn prefix(path: Option<String>, pointer: &str) -> Result<String, BuildError> {
    let path = path.unwrap_or_default();
    let trimmed = path.trim_end_matches('/');
    if !trimmed.is_empty() && !trimmed.starts_with('/') {
        return Err(BuildError::at(pointer, format!("`{path}` does not begin with a slash")));
    }
    if trimmed.contains(['?', '#', '{']) {
        return Err(BuildError::at(pointer, format!("`{path}` is not a plain path"))
            .help("parameters have their place in `rewrite`"));
    }
    Ok(trimmed.to_owned())
}

impl Forward {
    /// What to ask the upstream for; `None` for exactly what the client asked for.
    fn target(&self, exchange: &Exchange, request: &Request) -> Result<Option<Uri>, Problem> {
        let target = &exchange.target;
        if matches!(self.path, Path::Unchanged)
            && self.upstream.base_path().is_empty()
            && is_asked(request.uri(), target)
        {
            return Ok(None);
        }
        let sent = target.forward_path.as_str();
        let mut path = String::with_capacity(self.upstream.base_path().len() + sent.len() + 64);
        path.push_str(self.upstream.base_path());
        match &self.path {
            Path::Unchanged => path.push_str(sent),
            Path::Moved(moved) => {
                path.push_str(&moved.prepend);
                path.push_str(stripped(&moved.strip, &target.match_path, sent));
            }
            Path::Rewritten(template) => path.push_str(&template.render(exchange, request)?),
        }
        if path.is_empty() {
            path.push('/');
        }
        append_query(&mut path, target.query.as_deref());
        uri(path).map(Some)
    }
}

/// Whether a URI is a path and a query alone, and just those of a target.
fn is_asked(uri: &Uri, target: &Target) -> bool {
    uri.authority().is_none()
        && uri.path() == target.forward_path
        && uri.query() == target.query.as_deref()
        && uri.query() != Some("")
}

/// Cuts whole segments off the path as it was sent, where its match path begins with them. Both
/// spellings have the same segments.
fn stripped<'p>(strip: &str, match_path: &str, sent: &'p str) -> &'p str {
    let begins = match_path.strip_prefix(strip).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if strip.is_empty() || !begins {
        return sent;
    }
    let segments = strip.bytes().filter(|byte| *byte == b'/').count();
    sent.match_indices('/').nth(segments).map_or("/", |(at, _)| &sent[at..])
}

impl Handler for Forward {
    fn handle<'a>(
        &'a self,
        exchange: &'a mut Exchange,
        mut request: Request,
    ) -> BoxFuture<'a, Result<Response, Problem>> {
        match self.target(exchange, &request) {
            Ok(Some(uri)) => *request.uri_mut() = uri,
            Ok(None) => {}
            Err(problem) => return Box::pin(ready(Err(problem))),
        }
        let timeouts = exchange.route.timeouts;
        // Nothing was waited for since.
        let now = exchange.record.handler_began();
        boxed(|| self.upstream.send_at(now, exchange, request, timeouts))
    }

    fn only_forwards(&self) -> bool {
        // A template may ask for any field.
        !matches!(self.path, Path::Rewritten(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripping_takes_whole_segments_of_the_path_as_it_was_sent() {
        for (strip, matched, sent, expected) in [
            ("/v1", "/v1/users", "/v1/users", "/users"),
            ("/v1", "/v1/users", "/%761/users", "/users"),
            ("/v1", "/v1", "/v1", "/"),
            ("/v1", "/v1/", "/v1/", "/"),
            ("/v1", "/v10/users", "/v10/users", "/v10/users"),
            ("/v1", "/v2/v1", "/v2/v1", "/v2/v1"),
            ("", "/a", "/a", "/a"),
            ("/a/b", "/a/b/x%2Fy", "/a/b/x%2Fy", "/x%2Fy"),
        ] {
            assert_eq!(stripped(strip, matched, sent), expected, "{strip} {sent}");
        }
    }

    #[test]
    fn only_the_very_target_that_was_asked_for_stays_as_it_is() {
        let check = |uri: &'static str, path: &str, query: Option<&str>, expected: bool| {
            let target = Target { forward_path: path.to_owned(), query: query.map(str::to_owned), ..Target::default() };
            assert_eq!(is_asked(&Uri::from_static(uri), &target), expected, "{uri} {path} {query:?}");
        };
        check("/a", "/a", None, true);
        check("/a?x=1", "/a", Some("x=1"), true);
        check("/a?x=1", "/a", None, false);
        check("/a?x=1", "/a", Some("x=2"), false);
        check("/a", "/a", Some("x=1"), false);
        check("/a?", "/a", Some(""), false);
        check("/b", "/a", None, false);
        check("http://a.example/a", "/a", None, false);
    }
}
