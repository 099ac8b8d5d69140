//! What would become of a request that nobody sends: [`tollgate_proxy::inquiry`] follows it through the real
//! rules, router and policies, [`crate::describe`] says what stands where, [`rooms`] answers for what is not
//! there.

mod near;
mod rooms;
mod text;
mod verdict;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tollgate_admin::views::{RouteDescription, StepDescription};
use tollgate_core::exchange::Scheme;
use tollgate_core::project::Project;
use tollgate_core::store::Store;
use tollgate_core::{Body, Problem};
use tollgate_proxy::Snapshot;
use tollgate_proxy::hygiene::{ConnectionInfo, Inspected};
use tollgate_proxy::inquiry::{self, End, Walk};
use tollgate_proxy::upstream::{MapHosts, Upstreams};

use crate::describe::{self, Fingerprints};
use crate::{Broken, issuer_url};
pub(crate) use text::text;
use verdict::Verdict;

/// The version of the JSON form.
const SCHEMA: u32 = 1;

/// A request that nobody sends.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// A URL or a path, as it was typed.
    pub(crate) url: String,
    pub(crate) host: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) client: IpAddr,
}

/// What would become of it, as `--output json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    /// Of this form: 1.
    schema: u32,
    pub(crate) request: RequestView,
    pub(crate) outcome: Outcome,
    /// The route that takes it.
    pub(crate) route: Option<RouteView>,
    /// Its parameters, decoded.
    pub(crate) parameters: Map<String, Value>,
    /// Its inbound steps in running order, each with what it would say.
    pub(crate) steps: Vec<StepView>,
    /// What ends the route.
    pub(crate) handler: Option<Value>,
    /// Its outbound steps, which run on the answer.
    pub(crate) outbound: Vec<StepDescription>,
    /// Routes that it just misses.
    pub(crate) near_misses: Vec<near::NearView>,
    /// What to bear in mind.
    pub(crate) notes: Vec<String>,
}

/// The request as the gateway reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) host: Option<String>,
    /// What is matched.
    pub(crate) path: Option<String>,
    /// What an upstream gets.
    pub(crate) forward_path: Option<String>,
    pub(crate) client: String,
}

/// How it would end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// `forwarded`, `answered`, `refused` or `unknown`.
    pub(crate) kind: &'static str,
    /// Where: `hygiene`, `gateway`, `preflight`, `routing`, a stage, or `handler`.
    pub(crate) at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<Refusal>,
    /// The status, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) text: String,
}

/// A refusal, with what to do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) fix: &'static str,
    /// The page that the answer leads to.
    pub(crate) page: String,
}

impl Refusal {
    fn of(snapshot: &Snapshot, problem: &Problem) -> Self {
        Self {
            status: problem.status.as_u16(),
            reason: problem.reason.name,
            code: problem.reason.code,
            detail: problem.detail.clone().into_owned(),
            fix: problem.reason.fix,
            page: inquiry::problem_page(snapshot, problem),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteView {
    pub(crate) route: String,
    pub(crate) id: String,
    pub(crate) place: String,
    pub(crate) public: bool,
    pub(crate) upstream: Option<Value>,
    pub(crate) cors: Value,
    pub(crate) timeouts: Value,
}

/// An inbound step, and what it would say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepView {
    #[serde(flatten)]
    pub(crate) step: StepDescription,
    pub(crate) verdict: Verdict,
}

/// Follows a request through a project.
///
/// # Errors
/// [`Broken`] where building the project brings mistakes to light; what is wrong with the request itself.
pub(crate) async fn explain(
    project: &Arc<Project>,
    store: Option<Arc<dyn Store>>,
    asked: Asked,
) -> anyhow::Result<Explanation> {
    let noted = Arc::default();
    let services = rooms::open(project, store, &noted).await?;
    let upstreams = Upstreams::new(Arc::clone(&services.clock), MapHosts::default());
    let built = Snapshot::build(Arc::clone(project), crate::catalog(), &services, &upstreams);
    let snapshot = built.map_err(|issues| {
        let mut diagnostics = tollgate_spec::Diagnostics::new();
        diagnostics.add_build_issues(&issues);
        anyhow::Error::from(Broken::new(diagnostics))
    })?;
    let (mut parts, connection) = head(project, &asked)?;
    let mut explanation = begin(&asked);
    if project.scripts.as_ref().and_then(|scripts| scripts.hooks()).is_some() {
        let note = "code of `runtimeInit` may change requests before they are routed, and answers; it is not run";
        explanation.notes.push(note.to_owned());
    }
    if let Some(key) = &asked.key {
        present(project, &snapshot, &mut parts, &connection, key, &mut explanation.notes)?;
    }
    let (inspected, end) = inquiry::follow(&snapshot, &mut parts, &connection);
    if let Some(inspected) = &inspected {
        explanation.request.host = Some(inspected.client.host.to_string());
        explanation.request.path = Some(inspected.target.match_path.clone());
        explanation.request.forward_path = Some(inspected.target.forward_path.clone());
        let found = match &end {
            End::Route(index, _) => Some(*index),
            _ => None,
        };
        let at = (&*inspected.client.host, &asked.method, inspected.target.match_path.as_str());
        if matches!(end, End::Route(..) | End::Unrouted(_)) {
            explanation.near_misses = near::views(project, at, found);
        }
    }
    finish(&mut explanation, project, &snapshot, &noted, (inspected, end), (parts, &asked, &connection)).await;
    Ok(explanation)
}

fn begin(asked: &Asked) -> Explanation {
    Explanation {
        schema: SCHEMA,
        request: RequestView {
            method: asked.method.to_string(),
            url: without_query(&asked.url),
            host: None,
            path: None,
            forward_path: None,
            client: asked.client.to_string(),
        },
        outcome: Outcome { kind: "unknown", at: String::new(), refusal: None, status: None, text: String::new() },
        route: None,
        parameters: Map::new(),
        steps: Vec::new(),
        handler: None,
        outbound: Vec::new(),
        near_misses: Vec::new(),
        notes: Vec::new(),
    }
}

/// A query may hold secrets.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The head of the request, as it would come from the wire; and the connection.
fn head(project: &Project, asked: &Asked) -> anyhow::Result<(Parts, ConnectionInfo)> {
    let (scheme, authority, target) = match asked.url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let target = &rest[end..];
            let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
            (Some(scheme.to_ascii_lowercase()), Some(rest[..end].to_owned()), target)
        }
        None => (None, None, asked.url.clone()),
    };
    if let Some(scheme) = scheme.as_deref().filter(|scheme| !matches!(*scheme, "http" | "https")) {
        anyhow::bail!("`{scheme}` is not spoken here\n  help: http:// or https://, or a path alone");
    }
    // The bytes are the client's: nothing is encoded or resolved before the gateway does it.
    let uri: Uri = target.parse().map_err(|error| {
        anyhow::anyhow!(
            "this cannot stand in a request: {error}\n  help: encode what is no part of a URL: %20 for a space"
        )
    })?;
    let public = issuer_url::public_url(&project.settings, None);
    let public_host = public.split_once("://").map_or(public.as_str(), |(_, host)| host);
    let host = asked.host.clone().or(authority).unwrap_or_else(|| public_host.to_owned());
    let mut request = http::Request::builder().method(asked.method.clone()).uri(uri).body(())?;
    *request.headers_mut() = asked.headers.clone();
    if !request.headers().contains_key(HOST) || asked.host.is_some() {
        let host = HeaderValue::from_str(&host).map_err(|_| anyhow::anyhow!("`{host}` is no host"))?;
        request.headers_mut().insert(HOST, host);
    }
    if let Some(body) = &asked.body {
        request.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(body.len()));
    }
    let encrypted = scheme.map_or_else(|| public.starts_with("https://"), |scheme| scheme == "https");
    let peer = SocketAddr::new(asked.client, 50_000);
    let connection = ConnectionInfo {
        scheme: if encrypted { Scheme::Https } else { Scheme::Http },
        ..ConnectionInfo::plain(peer, SocketAddr::from(([127, 0, 0, 1], 9000)))
    };
    Ok((request.into_parts().0, connection))
}

/// Puts the key where the steps of the route look for one.
fn present(
    project: &Project,
    snapshot: &Snapshot,
    parts: &mut Parts,
    connection: &ConnectionInfo,
    key: &str,
    notes: &mut Vec<String>,
) -> anyhow::Result<()> {
    // Which route it is does not depend on the key.
    let mut copy = parts.clone();
    let (_, end) = inquiry::follow(snapshot, &mut copy, connection);
    let End::Route(index, _) = end else { return Ok(()) };
    let Some(route) = project.routes.get(index) else { return Ok(()) };
    let described = describe::route(project, route, &Fingerprints::fresh());
    let mut places = Vec::new();
    verdict::key_places(&described.inbound, &mut places);
    if places.is_empty() {
        notes.push("no step of this route looks for an API key: the one that was given is not used".to_owned());
    }
    for (header, scheme) in places {
        let name: HeaderName = header.parse()?;
        let text = if scheme.is_empty() { key.to_owned() } else { format!("{scheme} {key}") };
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| anyhow::anyhow!("a key has letters, digits and the like alone"))?;
        value.set_sensitive(true);
        if parts.headers.insert(&name, value).is_some() {
            anyhow::bail!("--key and --header both give the field `{name}`\n  help: leave one of them out");
        }
    }
    Ok(())
}

async fn finish(
    explanation: &mut Explanation,
    project: &Arc<Project>,
    snapshot: &Snapshot,
    noted: &rooms::Noted,
    (inspected, end): (Option<Inspected>, End),
    (parts, asked, connection): (Parts, &Asked, &ConnectionInfo),
) {
    let refused = |at: &str, problem: &Problem| {
        let refusal = Refusal::of(snapshot, problem);
        Outcome {
            kind: "refused",
            at: at.to_owned(),
            status: Some(refusal.status),
            text: format!("refused with {} ({}): {}", refusal.status, refusal.reason, refusal.detail),
            refusal: Some(refusal),
        }
    };
    let answered = |at: &str, status: u16, text: String| Outcome {
        kind: "answered",
        at: at.to_owned(),
        status: Some(status),
        refusal: None,
        text,
    };
    let (index, params) = match end {
        End::Refused(problem) => {
            explanation.outcome = refused("hygiene", &problem);
            return;
        }
        End::System(response) => {
            let text = "answered by the gateway itself: the path is one of its own".to_owned();
            explanation.outcome = answered("gateway", response.status().as_u16(), text);
            return;
        }
        End::Preflight(response) => {
            let allowed = response.headers().iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
            let fields: Vec<String> =
                allowed.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default())).collect();
            let on = preflighted(project, snapshot, inspected.as_ref(), asked);
            let text = format!("answered as a CORS preflight{on}, before any policy: {}", fields.join(", "));
            explanation.outcome = answered("preflight", response.status().as_u16(), text);
            return;
        }
        End::PreflightRefused(problem) => {
            explanation.outcome = refused("preflight", &problem);
            explanation.outcome.text.push_str(&preflighted(project, snapshot, inspected.as_ref(), asked));
            return;
        }
        End::Unrouted(problem) => {
            explanation.outcome = refused("routing", &problem);
            return;
        }
        End::Route(index, params) => (index, params),
    };
    let Some(route) = project.routes.get(index) else { return };
    let described = describe::route(project, route, &Fingerprints::fresh());
    explanation.parameters =
        params.iter().map(|(name, value)| (name.to_string(), Value::String(value.clone()))).collect();
    explanation.route = Some(route_view(&described));
    explanation.handler = Some(json!(described.handler));
    explanation.outbound.clone_from(&described.outbound);
    let body = asked.body.clone().map_or_else(Body::empty, |body| Body::full(Bytes::from(body)));
    let walk = inspected.and_then(|inspected| Walk::new(snapshot, (index, params), inspected, parts, body, connection));
    if let Some(walk) = walk {
        let steps = verdict::walk(walk, &described, project, snapshot, noted).await;
        explanation.steps = steps;
    }
    explanation.outcome = verdict::outcome(explanation, &described);
    if asked.body.is_none() && matches!(asked.method, Method::POST | Method::PUT | Method::PATCH) {
        let note = "no body was given (--data): what looks at bodies was asked about an empty one";
        explanation.notes.push(note.to_owned());
    }
}

/// Which route a preflight is for, and what that says of other origins.
fn preflighted(project: &Project, snapshot: &Snapshot, inspected: Option<&Inspected>, asked: &Asked) -> String {
    let wanted =
        asked.headers.get(ACCESS_CONTROL_REQUEST_METHOD).and_then(|value| Method::from_bytes(value.as_bytes()).ok());
    let (Some(wanted), Some(inspected)) = (wanted, inspected) else { return String::new() };
    let (host, path) = (&*inspected.client.host, inspected.target.match_path.as_str());
    let route = inquiry::find(snapshot, host, &wanted, path).and_then(|index| project.routes.get(index));
    let Some(route) = route else { return format!(" (no route serves {wanted} there)") };
    let described = describe::route(project, route, &Fingerprints::fresh());
    let settings =
        if described.cors.settings.is_null() { String::new() } else { format!(" {}", described.cors.settings) };
    format!(" (for `{}`, whose CORS policy is {}{settings})", describe::title(&described), described.cors.policy)
}

fn route_view(route: &RouteDescription) -> RouteView {
    RouteView {
        route: describe::title(route),
        id: route.id.clone(),
        place: route.place.clone(),
        public: route.public,
        upstream: route.upstream.as_ref().map(|upstream| {
            let url = &upstream.settings.shown["url"];
            json!({ "name": upstream.name, "url": url, "settings": upstream.settings.shown })
        }),
        cors: json!(route.cors),
        timeouts: json!(route.timeouts),
    }
}
