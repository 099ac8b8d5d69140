//! Streamable HTTP (MCP, Transports): which requests are taken, and in which form they are answered.

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, StatusCode};
use tollgate_core::cors::Cors;
use tollgate_core::reason::{Fault, ROUTE_METHOD, Reason};
use tollgate_core::{Body, Problem, Response};
use url::Url;

/// The revisions of the protocol that are spoken, the newest first.
pub(super) const REVISIONS: [&str; 2] = ["2025-06-18", "2025-03-26"];
/// The one that a client speaks who does not say.
const UNTOLD: &str = "2025-03-26";
/// The last one in which messages come in batches.
const LAST_WITH_BATCHES: &str = "2025-03-26";

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// A web page of another origin asks.
pub(super) static ORIGIN_REFUSED: Reason = Reason {
    name: "mcp.origin",
    code: "origin-refused",
    status: 403,
    title: "Forbidden",
    fault: Fault::Client,
    meaning: "A web page asks the MCP server, and its origin is neither the gateway's own nor one that the CORS policy of the route allows.",
    fix: "Give the route a CORS policy that allows the origin (`cors`, `corsPolicy`), or set `publicUrl` where it is the gateway's own.",
};

/// The client takes no form in which MCP is answered.
pub(super) static NOT_ACCEPTABLE: Reason = Reason {
    name: "mcp.accept",
    code: "not-acceptable",
    status: 406,
    title: "Not Acceptable",
    fault: Fault::Client,
    meaning: "The client accepts neither JSON nor an event stream, in which alone MCP is answered.",
    fix: "Send `Accept: application/json, text/event-stream`.",
};

/// The client speaks another revision of the protocol.
pub(super) static VERSION_UNSUPPORTED: Reason = Reason {
    name: "mcp.version",
    code: "protocol-version-unsupported",
    status: 400,
    title: "Bad Request",
    fault: Fault::Client,
    meaning: "The header field MCP-Protocol-Version names a revision of MCP that is not spoken here.",
    fix: "Send the revision that the answer to `initialize` named.",
};

/// Which web pages may ask.
#[derive(Debug)]
pub(super) struct Origins {
    cors: Option<Cors>,
    own: Option<String>,
}

impl Origins {
    pub(super) fn new(cors: Option<Cors>, public_url: Option<&str>) -> Self {
        let own = public_url.and_then(|url| Url::parse(url).ok()).map(|url| url.origin().ascii_serialization());
        Self { cors, own }
    }

    /// Refuses a page of another origin. One that came to the gateway by a name of its own (DNS rebinding) has an
    /// origin that agrees with Host: that alone says nothing, unless the name is one that cannot be bound anew.
    fn check(&self, headers: &HeaderMap, host: &str) -> Result<(), Problem> {
        let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let allowed = self.cors.as_ref().is_some_and(|cors| cors.allows(origin))
            || self.own.as_ref().is_some_and(|own| *own == text)
            || text.split_once("://").is_some_and(|(_, authority)| authority == host && is_loopback(host));
        if allowed {
            return Ok(());
        }
        Err(Problem::new(&ORIGIN_REFUSED, "This origin may not ask this MCP server."))
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// In which form a client is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    EventStream,
}

/// What is known of a request before its body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) form: Form,
    /// Whether messages may come in batches.
    pub(super) batches: bool,
    /// The revision that the client named and that is not spoken here; only `initialize` may have it.
    pub(super) unspoken: bool,
}

/// Looks at the head of a request.
///
/// # Errors
/// Where nothing that it holds could be answered.
pub(super) fn inspect(method: &Method, headers: &HeaderMap, host: &str, origins: &Origins) -> Result<Asked, Problem> {
    if *method != Method::POST {
        return Err(Problem::new(&ROUTE_METHOD, "An MCP server takes messages by POST alone.")
            .with_header(http::header::ALLOW, HeaderValue::from_static("POST")));
    }
    origins.check(headers, host)?;
    let form = form(headers)
        .ok_or_else(|| Problem::new(&NOT_ACCEPTABLE, "The answer is application/json or text/event-stream."))?;
    let version = headers.get(PROTOCOL_VERSION).map(|version| version.to_str().unwrap_or_default());
    let spoken = version.unwrap_or(UNTOLD);
    Ok(Asked { form, batches: spoken == LAST_WITH_BATCHES, unspoken: !REVISIONS.contains(&spoken) })
}

/// The answer to a client that speaks another revision.
pub(super) fn unspoken() -> Problem {
    let detail = format!("The revisions of MCP that are spoken here: {}.", REVISIONS.join(", "));
    Problem::new(&VERSION_UNSUPPORTED, detail)
}

/// The form that `Accept` asks for. JSON goes first; a client that names neither is asked for more than it says only
/// where it says nothing at all.
fn form(headers: &HeaderMap) -> Option<Form> {
    let mut named = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if named.peek().is_none() {
        return Some(Form::Json);
    }
    let ranges: Vec<String> = named
        .flat_map(|value| value.split(','))
        .filter(|range| !refuses(range))
        .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .collect();
    let takes = |wanted: &[&str]| ranges.iter().any(|range| wanted.contains(&range.as_str()));
    if takes(&["application/json", "application/*", "*/*"]) {
        Some(Form::Json)
    } else if takes(&["text/event-stream", "text/*"]) {
        Some(Form::EventStream)
    } else {
        None
    }
}

/// Whether a range says that it is not wanted (`;q=0`).
fn refuses(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let weight = parameter.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        weight == Some(0.0)
    })
}

/// An answer to messages; one without any, where none of them wants one.
pub(super) fn answer(status: StatusCode, form: Form, body: Option<String>) -> Response {
    let Some(body) = body else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::ACCEPTED;
        return response;
    };
    let (content_type, body) = match form {
        Form::Json => ("application/json", body),
        Form::EventStream => ("text/event-stream", format!("event: message\ndata: {body}\n\n")),
    };
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(pair).collect()
    }

    #[test]
    fn json_is_answered_where_it_is_taken_and_events_where_only_they_are() {
        for (accept, expected) in [
            ("application/json, text/event-stream", Some(Form::Json)),
            ("text/event-stream, application/json;q=0.1", Some(Form::Json)),
            ("text/event-stream", Some(Form::EventStream)),
            ("text/event-stream, application/json;q=0", Some(Form::EventStream)),
            ("*/*", Some(Form::Json)),
            ("text/html", None),
        ] {
            assert_eq!(form(&headers(&[("accept", accept)])), expected, "{accept}");
        }
        assert_eq!(form(&HeaderMap::new()), Some(Form::Json));
    }

    #[test]
    fn a_page_that_came_by_a_name_of_its_own_is_refused() {
        let origins = Origins::new(None, Some("https://api.example.com/x"));
        let check = |origin: &'static str, host: &str| origins.check(&headers(&[("origin", origin)]), host).is_ok();
        assert!(!check("http://attacker.example:9000", "attacker.example:9000"));
        assert!(!check("http://localhost:3000", "localhost:9000"));
        assert!(!check("null", "localhost:9000"));
        assert!(check("http://localhost:9000", "localhost:9000"));
        assert!(check("https://api.example.com", "api.example.com"));
        assert!(origins.check(&HeaderMap::new(), "attacker.example").is_ok());
        let open = Origins::new(Some(Cors::anything_goes()), None);
        assert!(open.check(&headers(&[("origin", "https://elsewhere.example")]), "api.example.com").is_ok());
    }
}
