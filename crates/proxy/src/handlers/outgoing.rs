//! Where a request goes, and following redirects on the caller's behalf.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode, Uri};
use tollgate_core::catalog::BuildError;
use tollgate_core::reason::{TARGET_UNSAFE, UPSTREAM_MALFORMED};
use tollgate_core::services::ScriptTemplate;
use tollgate_core::{Body, Exchange, Problem, Request, Response, unix_socket};
use url::Url;

use super::HandlerContext;
use crate::template::Template;
use crate::upstream::handshake::UpgradeRequest;
use crate::upstream::{Upstream, Upstreams};

/// How many redirects are followed: as many as the Fetch standard allows.
const REDIRECTS: usize = 20;

/// A place to send a request to: an upstream, and the path and query to ask it for.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) upstream: Arc<Upstream>,
    /// `http://host:port`, for resolving redirects.
    pub(super) origin: Arc<Url>,
    pub(super) path_and_query: String,
}

/// Appends a query to a path that may have one.
pub(super) fn append_query(path: &mut String, query: Option<&str>) {
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        path.push(if !path.contains('?') {
            '?'
        } else if path.ends_with(['?', '&']) {
            path.push_str(query);
            return;
        } else {
            '&'
        });
        path.push_str(query);
    }
}

/// Sends a request to its place; follows redirects where `follow` says how to reach other places.
pub(super) async fn send(
    exchange: &mut Exchange,
    mut request: Request,
    to: Outgoing,
    follow: Option<&Upstreams>,
) -> Result<Response, Problem> {
    let timeouts = exchange.route.timeouts;
    *request.uri_mut() = uri(to.path_and_query.clone())?;
    // What answers an upgrade must be the one that was asked.
    let follow = follow.filter(|_| request.extensions().get::<UpgradeRequest>().is_none());
    let Some(upstreams) = follow else {
        return to.upstream.send(exchange, request, timeouts).await;
    };
    let (mut method, mut headers) = (request.method().clone(), request.headers().clone());
    let mut url = to
        .origin
        .join(&to.path_and_query)
        .map_err(|error| Problem::new(&TARGET_UNSAFE, "The target is not a URL.").caused_by(error))?;
    let replayable = request.body().bytes();
    let mut response = to.upstream.send(exchange, request, timeouts).await?;
    for _ in 0..REDIRECTS {
        let Some(next) = location(&response, &url) else { return Ok(response) };
        let keeps_method = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        let becomes_get = !keeps_method
            && (response.status() == StatusCode::SEE_OTHER && method != Method::HEAD || method == Method::POST);
        let body = if becomes_get {
            method = Method::GET;
            for field in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
                headers.remove(field);
            }
            Body::empty()
        } else {
            match &replayable {
                Some(bytes) => Body::full(bytes.clone()),
                // The body has gone by: the caller has to send it again itself.
                None => return Ok(response),
            }
        };
        if next.origin() != url.origin() {
            strip_credentials(&mut headers);
        }
        let upstream = upstreams.get_url(&next).map_err(|error| {
            Problem::new(&UPSTREAM_MALFORMED, "The upstream redirected to a place that cannot be reached.")
                .caused_by(error)
        })?;
        let mut again = Request::new(body);
        *again.method_mut() = method.clone();
        *again.headers_mut() = headers.clone();
        *again.uri_mut() = uri(next[url::Position::BeforePath..url::Position::AfterQuery].to_owned())?;
        url = next;
        response = upstream.send(exchange, again, timeouts).await?;
    }
    Err(Problem::new(&UPSTREAM_MALFORMED, "The upstream redirected too often."))
}

/// What was meant for one origin is none of another's business.
fn strip_credentials(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    headers.remove("x-tollgate-consumer");
}

fn location(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let next = from.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}

/// The URI of a request in origin form.
pub(super) fn uri(path_and_query: String) -> Result<Uri, Problem> {
    PathAndQuery::from_maybe_shared(Bytes::from(path_and_query))
        .map(Uri::from)
        .map_err(|error| Problem::new(&TARGET_UNSAFE, "The rewritten target is not a path.").caused_by(error))
}

/// A URL that comes out of a template; where scheme and authority are fixed, the upstream is found
/// at load.
#[derive(Debug)]
pub(super) enum UrlTemplate {
    Fixed {
        upstream: Arc<Upstream>,
        origin: Arc<Url>,
        path: Template,
    },
    Free(Template),
    /// An expression that only the script engine knows.
    Script(Arc<dyn ScriptTemplate>),
}

impl UrlTemplate {
    pub(super) fn new(text: &str, pointer: &str, context: &HandlerContext<'_>) -> Result<Self, BuildError> {
        let at = |mut error: BuildError| {
            error.pointer = pointer.to_owned();
            error
        };
        let template = match (context.template(text, false), &context.project.scripts) {
            (Ok(template), _) => template,
            (Err(_), Some(scripts)) => return scripts.template(text).map(Self::Script).map_err(at),
            (Err(error), None) => return Err(at(error)),
        };
        // Read as a URL, it would be a host called `unix`.
        if let Some(socket) = unix_socket::parse(template.beginning()) {
            let path = socket.map_or("/run/app.sock", |socket| socket.path);
            return Err(BuildError::at(pointer, "a Unix socket cannot be written as a template").help(format!(
                "use the handler `forward` with `upstream: http://unix:{path}`; its `path` may be a template"
            )));
        }
        let Some((origin, path)) = template.split_origin() else {
            if let Some(constant) = template.constant() {
                return Err(BuildError::at(pointer, format!("`{constant}` is not a URL"))
                    .help("a URL begins with http:// or https://"));
            }
            return Ok(Self::Free(template));
        };
        let url = Url::parse(&origin)
            .map_err(|error| BuildError::at(pointer, format!("`{origin}` is not a URL: {error}")))?;
        let upstream = context.upstreams.get_url(&url).map_err(at)?;
        Ok(Self::Fixed { upstream, origin: Arc::new(url), path })
    }

    pub(super) async fn render(
        &self,
        exchange: &mut Exchange,
        request: &mut Request,
        upstreams: &Upstreams,
    ) -> Result<Outgoing, Problem> {
        match self {
            Self::Fixed { upstream, origin, path } => Ok(Outgoing {
                upstream: Arc::clone(upstream),
                origin: Arc::clone(origin),
                path_and_query: rooted(&path.render(exchange, request)?),
            }),
            Self::Free(template) => outgoing(&template.render(exchange, request)?, upstreams),
            Self::Script(template) => outgoing(&template.render(exchange, request).await?, upstreams),
        }
    }
}

/// Where a rendered URL leads.
fn outgoing(text: &str, upstreams: &Upstreams) -> Result<Outgoing, Problem> {
    let end = text.find("://").map_or(0, |at| at + 3);
    let end = text[end..].find(['/', '?', '#']).map_or(text.len(), |at| at + end);
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::new(&TARGET_UNSAFE, "The rendered target is not a URL.").caused_by(error)
    };
    let origin = Url::parse(&over_http(&text[..end])).map_err(|error| wrong(&error))?;
    let upstream = upstreams.get_url(&origin).map_err(|error| wrong(&error))?;
    Ok(Outgoing { upstream, origin: Arc::new(origin), path_and_query: rooted(&text[end..]) })
}

/// A WebSocket's address is asked for over HTTP.
pub(super) fn over_http(text: &str) -> Cow<'_, str> {
    let rest = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    match (rest("ws://"), rest("wss://")) {
        (Some(rest), _) => format!("http://{rest}").into(),
        (_, Some(rest)) => format!("https://{rest}").into(),
        (None, None) => text.into(),
    }
}

/// The path and query of what stands behind an authority.
fn rooted(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    if text.starts_with('/') { text.to_owned() } else { format!("/{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_merged() {
        for (path, query, expected) in [
            ("/a", None, "/a"),
            ("/a", Some(""), "/a"),
            ("/a", Some("x=1"), "/a?x=1"),
            ("/a?y=2", Some("x=1"), "/a?y=2&x=1"),
            ("/a?", Some("x=1"), "/a?x=1"),
            ("/a?y=2&", Some("x=1"), "/a?y=2&x=1"),
        ] {
            let mut out = path.to_owned();
            append_query(&mut out, query);
            assert_eq!(out, expected);
        }
    }
}
