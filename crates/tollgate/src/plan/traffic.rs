//! Where requests go: with the router that serves, built from the routes of a description. Two of them show
//! which requests would reach another route, also where neither route has changed itself: a literal path
//! that is new takes requests from a parameter, and in the Zuplo form the order decides.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, anyhow};
use http::Method;
use tollgate_admin::views::{ProjectDescription, RouteDescription};
use tollgate_core::project::Compatibility;
use tollgate_core::route::{Methods, PathMode, PathTemplate};
use tollgate_proxy::router::{Pattern, Router};
use tollgate_proxy::routing;
use tollgate_proxy::system::RESERVED;

use super::{Diverted, Kind, Pairs, routes};
use crate::describe::title;

/// The host of examples whose routes serve any.
const ANY_HOST: &str = "example.test";
/// What stands for a parameter in an example.
const SAMPLE: &str = "x";

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Found {
    /// To a route, by its index.
    Route(usize),
    /// To the gateway itself.
    Gateway,
    /// Nowhere: the status that is answered.
    Nothing(u16),
}

/// The routes of a description, ready to be asked.
#[derive(Debug)]
pub(crate) struct Traffic {
    router: Router,
    compatibility: Compatibility,
    issuer_path: String,
}

impl Traffic {
    /// Compiles the routes.
    pub(crate) fn new(project: &ProjectDescription) -> anyhow::Result<Self> {
        let compatibility: Compatibility = serde_json::from_value(project.compatibility.clone())
            .context("the running gateway describes its project in a form that this version does not know")?;
        let parts: Vec<(PathTemplate, Methods)> =
            project.routes.iter().map(|route| Ok((template(route), methods(route)?))).collect::<anyhow::Result<_>>()?;
        let patterns = parts.iter().zip(&project.routes).map(|((template, methods), route)| Pattern {
            template,
            methods,
            hosts: &route.hosts,
        });
        let router = Router::of(patterns, &compatibility).map_err(|errors| {
            let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            anyhow!("the routes cannot be matched: {}", messages.join("; "))
        })?;
        let issuer_path = project.settings.shown.pointer("/issuer/path").and_then(|path| path.as_str());
        let issuer_path = issuer_path.unwrap_or(RESERVED).trim_end_matches('/').to_owned();
        Ok(Self { router, compatibility, issuer_path })
    }

    /// Where a request goes, by the path that is matched.
    pub(crate) fn find(&self, host: &str, method: &Method, path: &str) -> Found {
        let below_issuer =
            path.strip_prefix(self.issuer_path.as_str()).is_some_and(|rest| rest.starts_with("/.well-known/"));
        if path.starts_with(RESERVED) || below_issuer {
            return Found::Gateway;
        }
        match routing::find(&self.router, &self.compatibility, host, method, path) {
            Ok(found) => Found::Route(found.route),
            Err(problem) => Found::Nothing(problem.status.as_u16()),
        }
    }
}

fn template(route: &RouteDescription) -> PathTemplate {
    let mode = if route.mode == "url-pattern" { PathMode::UrlPattern } else { PathMode::OpenApi };
    PathTemplate { text: route.path.as_str().into(), mode, rest: route.rest.as_deref().map(Into::into) }
}

fn methods(route: &RouteDescription) -> anyhow::Result<Methods> {
    if route.methods == ["*"] {
        return Ok(Methods::Any);
    }
    let methods = route.methods.iter().map(|method| Method::from_bytes(method.as_bytes()));
    Ok(Methods::Listed(methods.collect::<Result<_, _>>().with_context(|| format!("{}: no method", route.id))?))
}

/// Whether requests cannot but go where they went.
fn same_patterns(old: &ProjectDescription, new: &ProjectDescription) -> bool {
    old.compatibility == new.compatibility
        && old.routes.len() == new.routes.len()
        && old.routes.iter().zip(&new.routes).all(|(old, new)| matches_same(old, new))
}

/// Requests that another route would answer, one example for each pair of routes.
pub(super) fn diverted(
    old: &ProjectDescription,
    new: &ProjectDescription,
    pairs: &Pairs,
) -> anyhow::Result<Vec<Diverted>> {
    if same_patterns(old, new) {
        return Ok(Vec::new());
    }
    let (before, after) = (Traffic::new(old)?, Traffic::new(new)?);
    let mut known: HashSet<(usize, Found)> = HashSet::new();
    let mut found = Vec::new();
    for example in examples(old, new) {
        let Found::Route(was) = before.find(&example.host, &example.method, &example.path) else { continue };
        let is = after.find(&example.host, &example.method, &example.path);
        let same = matches!(is, Found::Route(is) if pairs.after[was] == Some(is));
        if same || !known.insert((was, is)) {
            continue;
        }
        let old_route = &old.routes[was];
        let host = if example.host == ANY_HOST { "" } else { example.host.as_str() };
        let request = format!("{} {host}{}", example.method, example.path);
        match is {
            Found::Route(is) => {
                let new_route = &new.routes[is];
                let weaker = weaker(old_route, new_route);
                let why = if weaker.is_empty() { String::new() } else { format!(": {}", weaker.join(", ")) };
                found.push(Diverted {
                    text: format!(
                        "requests such as {request} are answered by `{}` instead of `{}`{why}",
                        title(new_route),
                        title(old_route)
                    ),
                    request,
                    before: title(old_route),
                    after: Some(title(new_route)),
                    weakens: !weaker.is_empty(),
                });
            }
            // That a route is gone, or has another path, is told of the route.
            Found::Nothing(status) if pairs.after[was].is_some_and(|is| matches_same(old_route, &new.routes[is])) => {
                found.push(Diverted {
                    text: format!(
                        "requests such as {request} are {status} instead of answered by `{}`",
                        title(old_route)
                    ),
                    request,
                    before: title(old_route),
                    after: None,
                    weakens: false,
                });
            }
            Found::Nothing(_) | Found::Gateway => {}
        }
    }
    found.sort_by_key(|one| !one.weakens);
    Ok(found)
}

/// What a request loses that another route answers.
fn weaker(old: &RouteDescription, new: &RouteDescription) -> Vec<String> {
    let differs = routes::compare(old, new).into_iter().filter(|change| {
        change.weakens && !matches!(change.kind, Kind::PathChanged | Kind::MethodsChanged | Kind::HostsChanged)
    });
    differs.map(|change| change.text).collect()
}

fn matches_same(old: &RouteDescription, new: &RouteDescription) -> bool {
    (&old.path, &old.mode, &old.rest, &old.methods, &old.hosts)
        == (&new.path, &new.mode, &new.rest, &new.methods, &new.hosts)
}

/// A request that shows where requests of its kind go.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Example {
    host: String,
    method: Method,
    path: String,
}

/// For every route one request, and for every two that overlap one that both could take.
fn examples(old: &ProjectDescription, new: &ProjectDescription) -> Vec<Example> {
    let (old, new) = (cut(old), cut(new));
    let mut examples = Vec::new();
    for route in old.iter().chain(&new) {
        join(route, route, &mut examples);
    }
    // Most pairs differ in their first literal segment.
    let mut by_first: HashMap<Option<&str>, Vec<&Cut<'_>>> = HashMap::new();
    for route in &new {
        by_first.entry(route.first()).or_default().push(route);
    }
    for route in &old {
        match route.first() {
            None => new.iter().for_each(|other| join(route, other, &mut examples)),
            first => {
                let candidates = [first, None].into_iter().filter_map(|first| by_first.get(&first)).flatten();
                candidates.for_each(|other| join(route, other, &mut examples));
            }
        }
    }
    examples
}

/// A template in its segments.
struct Cut<'r> {
    route: &'r RouteDescription,
    segments: Vec<Segment<'r>>,
    rest: bool,
}

#[derive(Clone)]
enum Segment<'r> {
    Literal(&'r str),
    Param,
    /// Literals and parameters in turn, as an example.
    Mixed(String),
}

impl Segment<'_> {
    fn example(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Param => SAMPLE,
            Self::Mixed(example) => example,
        }
    }
}

impl Cut<'_> {
    fn first(&self) -> Option<&str> {
        match self.segments.first() {
            Some(Segment::Literal(text)) => Some(text),
            _ => None,
        }
    }
}

/// Templates in the syntax of URLPattern have examples only where they are plain.
fn cut(project: &ProjectDescription) -> Vec<Cut<'_>> {
    let special = |c: char| "(){}*+?:\\".contains(c);
    project
        .routes
        .iter()
        .filter(|route| route.mode == "open-api" || !route.path.contains(special))
        .map(|route| {
            let mut segments: Vec<Segment<'_>> =
                route.path.strip_prefix('/').unwrap_or(&route.path).split('/').map(segment).collect();
            let rest = route.rest.is_some();
            if rest {
                segments.pop();
            }
            Cut { route, segments, rest }
        })
        .collect()
}

fn segment(text: &str) -> Segment<'_> {
    if !text.contains('{') {
        return Segment::Literal(text);
    }
    if text.starts_with('{') && text.find('}') == Some(text.len() - 1) {
        return Segment::Param;
    }
    let mut example = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => {
                inside = true;
                example.push_str(SAMPLE);
            }
            '}' => inside = false,
            c if !inside => example.push(c),
            _ => {}
        }
    }
    Segment::Mixed(example)
}

/// Adds a request that both could take, for every method that both have.
fn join(a: &Cut<'_>, b: &Cut<'_>, examples: &mut Vec<Example>) {
    let Some(path) = joined_path(a, b) else { return };
    let Some(host) = joined_host(&a.route.hosts, &b.route.hosts) else { return };
    let any = |methods: &[String]| methods == ["*"];
    let methods: Vec<&str> = match (any(&a.route.methods), any(&b.route.methods)) {
        (true, true) => vec!["GET"],
        (true, false) => b.route.methods.iter().map(String::as_str).collect(),
        (false, true) => a.route.methods.iter().map(String::as_str).collect(),
        (false, false) => {
            a.route.methods.iter().filter(|method| b.route.methods.contains(method)).map(String::as_str).collect()
        }
    };
    for method in methods.into_iter().filter_map(|method| Method::from_bytes(method.as_bytes()).ok()) {
        examples.push(Example { host: host.clone(), method, path: path.clone() });
    }
}

fn joined_path(a: &Cut<'_>, b: &Cut<'_>) -> Option<String> {
    let (short, long) = if a.segments.len() <= b.segments.len() { (a, b) } else { (b, a) };
    if short.segments.len() < long.segments.len() && !short.rest {
        return None;
    }
    // Nearly all pairs end here, before anything is written.
    let differ = |(one, other): (&Segment<'_>, &Segment<'_>)| matches!((one, other), (Segment::Literal(one), Segment::Literal(other)) if one != other);
    if short.segments.iter().zip(&long.segments).any(differ) {
        return None;
    }
    let mut path = String::new();
    for (index, segment) in long.segments.iter().enumerate() {
        let chosen = match (segment, short.segments.get(index)) {
            (Segment::Literal(text), _) | (_, Some(Segment::Literal(text))) => text,
            (Segment::Mixed(example), _) => example.as_str(),
            (_, Some(other)) => other.example(),
            (segment, None) => segment.example(),
        };
        path.push('/');
        path.push_str(chosen);
    }
    if long.rest && (short.rest || short.segments.len() == long.segments.len()) && a.rest && b.rest {
        path.push('/');
        path.push_str(SAMPLE);
    }
    Some(if path.is_empty() { "/".to_owned() } else { path })
}

fn joined_host(a: &[String], b: &[String]) -> Option<String> {
    let example =
        |host: &String| host.strip_prefix('*').map_or_else(|| host.clone(), |suffix| format!("{SAMPLE}{suffix}"));
    match (a.first(), b.first()) {
        (None, None) => Some(ANY_HOST.to_owned()),
        (Some(host), None) | (None, Some(host)) => Some(example(host)),
        (Some(_), Some(_)) => {
            let takes = |host: &str, by: &[String]| {
                by.iter().any(|one| one == host || one.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix)))
            };
            let both = a.iter().chain(b).map(example);
            both.into_iter().find(|host| takes(host, a) && takes(host, b))
        }
    }
}
