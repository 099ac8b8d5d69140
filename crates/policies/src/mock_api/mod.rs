//! Answers from the examples of the document, so that clients can be written before the backend.
//!
//! Everything is prepared when the project is loaded. The same request gets the same answer,
//! unless `random` says otherwise.

mod generate;
mod responses;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Body, Exchange, Flow, Policy, Request, Response, Route, Step};

use crate::random;
use responses::Mock;
use tollgate_core::json_schema::LastDocument;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind = PolicyKind::of::<MockApi>("mock-api", Direction::Inbound, include_str!("docs.md"))
    .exports(&["MockApiInboundPolicy"]);

/// Which of the examples are answered with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// Whether each request gets one of the examples at random. Default: the first, which is that
    /// of the first successful response.
    #[serde(default)]
    random: bool,
    /// What the status of the response must begin with: `2`, `20`, `404`.
    response_prefix_filter: Option<String>,
    /// The media type of the response.
    content_type: Option<String>,
    /// The name of the example (under `examples`).
    example_name: Option<String>,
}

/// An instance that knows no route yet; [`Policy::bind`] gives every route its own.
#[derive(Debug)]
struct MockApi {
    options: Options,
    documents: LastDocument,
}

impl Configure for MockApi {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let digits =
            |prefix: &String| !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
        if let Some(prefix) = options.response_prefix_filter.as_ref().filter(|prefix| !digits(prefix)) {
            return Err(BuildError::at(
                "/responsePrefixFilter",
                format!("`{prefix}` is not the beginning of a status"),
            )
            .help("write 2, 20 or 404"));
        }
        Ok(Self { options, documents: LastDocument::default() })
    }
}

impl Policy for MockApi {
    fn bind(&self, route: &Arc<Route>) -> Result<Option<Arc<dyn Policy>>, BuildError> {
        let pointer = &route.operation.pointer;
        let references = self.documents.references(&route.operation.document)?;
        let operation = references.spot(pointer).filter(|_| !pointer.is_empty());
        let operation = operation
            .ok_or_else(|| BuildError::at("", "the route has no operation whose examples could be answered with"))?;
        let all = responses::of_operation(&references, &operation)?;
        let wanted = |mock: &&Mock| {
            let prefix = self.options.response_prefix_filter.as_deref().unwrap_or_default();
            let media = self.options.content_type.as_deref();
            let name = self.options.example_name.as_deref();
            mock.status.to_string().starts_with(prefix)
                && media.is_none_or(|media| mock.media.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(media)))
                && name.is_none_or(|name| mock.name.as_deref() == Some(name))
        };
        let mut mocks: Vec<Mock> = all.iter().filter(wanted).cloned().collect();
        if mocks.is_empty() {
            let help = "add `responses` with examples to the operation, or loosen `responsePrefixFilter`, `contentType` and `exampleName`";
            return Err(BuildError::at("", format!("`{}` has no response to answer with", route.id)).help(help));
        }
        // Successes first; otherwise as in the document.
        mocks.sort_by_key(|mock| !(200..300).contains(&mock.status));
        Ok(Some(Arc::new(Bound { mocks, all, random: self.options.random })))
    }
}

/// The answers of an operation.
#[derive(Debug)]
struct Bound {
    /// Those that the options allow; never empty.
    mocks: Vec<Mock>,
    /// All of them, for clients that prefer another.
    all: Vec<Mock>,
    random: bool,
}

impl Policy for Bound {
    fn on_request<'a>(&'a self, _: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        let preferences = Preferences::of(request.headers());
        let preferred = self.all.iter().filter(|mock| preferences.fit(mock)).collect::<Vec<_>>();
        let applied = preferences.any() && !preferred.is_empty();
        let candidates = if applied { preferred } else { self.mocks.iter().collect() };
        let accepted: Vec<&Mock> = candidates.iter().copied().filter(|mock| accepts(request.headers(), mock)).collect();
        // A client that accepts nothing of it gets it all the same (RFC 9110 §12.4.1).
        let candidates = if accepted.is_empty() { candidates } else { accepted };
        let index = if self.random { any_below(candidates.len()) } else { 0 };
        let Some(mock) = candidates.get(index) else { return Step::CONTINUE };
        let mut response = answer(mock);
        if applied {
            response.headers_mut().insert(HeaderName::from_static("preference-applied"), preferences.applied());
        }
        Step::Now(Flow::Respond(response))
    }
}

fn answer(mock: &Mock) -> Response {
    let mut response = Response::new(Body::full(mock.body.clone()));
    *response.status_mut() = mock.status_code();
    response.headers_mut().extend(mock.headers.clone());
    if let Some(media) = mock.media.as_deref().and_then(|media| HeaderValue::from_str(media).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    response
}

/// Any number below `count`, each as likely as the others. Nothing depends on its being secret.
fn any_below(count: usize) -> usize {
    usize::try_from(random::bits() % (count.max(1) as u64)).unwrap_or(0)
}

/// What a client prefers (RFC 7240): `Prefer: code=404, example=empty`.
#[derive(Debug, Default)]
struct Preferences {
    code: Option<u16>,
    example: Option<String>,
}

impl Preferences {
    fn of(headers: &HeaderMap) -> Self {
        let mut preferences = Self::default();
        let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
        for (name, value) in lines.flat_map(|line| line.split([',', ';'])).filter_map(|one| one.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "code" => preferences.code = value.parse().ok(),
                "example" => preferences.example = Some(value.to_owned()),
                _ => {}
            }
        }
        preferences
    }

    const fn any(&self) -> bool {
        self.code.is_some() || self.example.is_some()
    }

    fn fit(&self, mock: &Mock) -> bool {
        self.code.is_none_or(|code| mock.status == code)
            && self.example.as_ref().is_none_or(|example| mock.name.as_ref() == Some(example))
    }

    fn applied(&self) -> HeaderValue {
        let code = self.code.map(|code| format!("code={code}"));
        let example = self.example.as_ref().map(|example| format!("example={example}"));
        let text = [code, example].into_iter().flatten().collect::<Vec<_>>().join(", ");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("example"))
    }
}

/// Whether a client takes this media type: one of the ranges of `Accept` fits and is not refused
/// with `q=0` (RFC 9110 §12.5.1).
fn accepts(headers: &HeaderMap, mock: &Mock) -> bool {
    let Some(media) = mock.media.as_deref() else { return true };
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let main = media.split('/').next().unwrap_or_default();
    let mut lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).peekable();
    if lines.peek().is_none() {
        return true;
    }
    lines.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        !refused && (kind == media || kind == "*/*" || kind.strip_suffix("/*") == Some(main))
    })
}
