//! Routes that a request just misses, and by what. Every answer comes from the router itself, asked with
//! one route at a time and with one thing left out; only what differs in a segment is looked for by hand.

use std::sync::Arc;

use http::Method;
use tollgate_core::Route;
use tollgate_core::project::Compatibility;
use tollgate_core::route::{Methods, PathMode};

use super::segment::{self, Segment};
use super::{Outcome, Pattern, Router};

/// By what a request misses a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It matches, but another route goes first.
    Later,
    /// The path matches, and the method is another.
    Method,
    /// Path and method match, and the host is another.
    Host,
    /// It would match with a slash at the end, or without.
    Slash {
        /// Whether the route has one.
        wanted: bool,
    },
    /// It would match below the path of one of its document's `servers`, which is not part of the route.
    Servers {
        /// That path.
        prefix: String,
    },
    /// A segment differs, by its number from 1.
    Segment {
        /// Which.
        number: usize,
        /// What the route has there.
        wanted: String,
        /// What the request has there.
        found: String,
    },
    /// The path goes on where the route ends.
    Longer,
    /// The path ends where the route goes on.
    Shorter {
        /// What the route has there.
        wanted: String,
    },
}

/// A route that a request just misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// Its index.
    pub route: usize,
    /// By what.
    pub miss: Miss,
}

/// The routes that a request just misses, the nearest first, at most `most`. `found`: the route that takes it.
pub fn near_misses(
    routes: &[Arc<Route>],
    compatibility: &Compatibility,
    (host, method, path): (&str, &Method, &str),
    found: Option<usize>,
    most: usize,
) -> Vec<NearMiss> {
    let mut misses: Vec<(usize, NearMiss)> = Vec::new();
    for (index, route) in routes.iter().enumerate().filter(|(index, _)| Some(*index) != found) {
        if let Some((distance, miss)) = miss(route, compatibility, host, method, path) {
            misses.push((distance, NearMiss { route: index, miss }));
        }
    }
    misses.sort_by_key(|(distance, miss)| (*distance, miss.route));
    misses.into_iter().map(|(_, miss)| miss).take(most).collect()
}

/// Asks the router of one route.
fn takes(
    route: &Route,
    compatibility: &Compatibility,
    methods: &Methods,
    hosts: &[String],
    at: (&str, &Method, &str),
) -> bool {
    let pattern = Pattern { template: &route.template, methods, hosts };
    let (host, method, path) = at;
    Router::of(std::iter::once(pattern), compatibility)
        .is_ok_and(|router| matches!(router.find(host, method, path), Outcome::Found(_)))
}

fn miss(
    route: &Route,
    compatibility: &Compatibility,
    host: &str,
    method: &Method,
    path: &str,
) -> Option<(usize, Miss)> {
    let matches = |path: &str| takes(route, compatibility, &Methods::Any, &[], (host, method, path));
    let serves = |path: &str| takes(route, compatibility, &route.methods, &route.hosts, (host, method, path));
    if matches(path) {
        let has_method = takes(route, compatibility, &route.methods, &[], (host, method, path));
        let has_host = takes(route, compatibility, &Methods::Any, &route.hosts, (host, method, path));
        return match (has_method, has_host) {
            (true, true) => Some((0, Miss::Later)),
            (false, true) => Some((1, Miss::Method)),
            (true, false) => Some((1, Miss::Host)),
            (false, false) => None,
        };
    }
    let other = match path.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => shorter.to_owned(),
        _ => format!("{path}/"),
    };
    if serves(&other) {
        return Some((1, Miss::Slash { wanted: other.ends_with('/') }));
    }
    if matches(&other) {
        return Some((2, Miss::Slash { wanted: other.ends_with('/') }));
    }
    let prefix = servers(route).into_iter().find(|prefix| path.strip_prefix(prefix.as_str()).is_some_and(&serves));
    if let Some(prefix) = prefix {
        return Some((1, Miss::Servers { prefix }));
    }
    if route.template.mode != PathMode::OpenApi {
        return None;
    }
    by_segment(route, path)
}

/// The paths of the servers that the document names.
fn servers(route: &Route) -> Vec<String> {
    let tree = route.operation.document.root.tree();
    let urls = tree.get("servers").and_then(|servers| servers.as_array()).into_iter().flatten();
    urls.filter_map(|server| {
        let url = server.get("url")?.as_str()?;
        let path = match url.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => url,
        };
        let path = path.trim_end_matches('/');
        (path.starts_with('/') && path.len() > 1).then(|| path.to_owned())
    })
    .collect()
}

/// The one segment in which a path and a template differ.
fn by_segment(route: &Route, path: &str) -> Option<(usize, Miss)> {
    let mut wanted = segment::parse(&route.template.text).ok()?;
    let rest = route.template.rest.is_some();
    if rest {
        wanted.pop();
    }
    let texts: Vec<&str> = route.template.text.strip_prefix('/')?.split('/').collect();
    let found: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let fits = |segment: &Segment, text: &str| match segment {
        Segment::Literal(literal) => literal == text,
        Segment::Param(_) => !text.is_empty(),
        Segment::Mixed { pattern, .. } => pattern.captures(text, |_| {}),
    };
    let same = wanted.iter().zip(&found).take_while(|(segment, text)| fits(segment, text)).count();
    // A route with nothing in common is not near.
    let literal_in_common = wanted[..same].iter().any(|segment| !matches!(segment, Segment::Param(_)));
    let text = |index: usize| texts.get(index).copied().unwrap_or_default().to_owned();
    let only = found.len().max(wanted.len()) == 1;
    if same == wanted.len() && found.len() > wanted.len() && !rest {
        return (literal_in_common && found.len() == wanted.len() + 1).then_some((6, Miss::Longer));
    }
    if same == found.len() && wanted.len() > found.len() {
        return (literal_in_common && wanted.len() == found.len() + 1)
            .then(|| (6, Miss::Shorter { wanted: text(same) }));
    }
    // One segment differs, and everything behind it fits.
    let behind = wanted.get(same + 1..)?.iter().zip(found.get(same + 1..)?).all(|(segment, text)| fits(segment, text));
    let as_long = if rest { found.len() >= wanted.len() } else { found.len() == wanted.len() };
    let differs = found.get(same)?;
    let distance = match wanted.get(same)? {
        Segment::Literal(literal) => letters_between(literal, differs),
        _ => 1,
    };
    let near = distance <= 2 || literal_in_common && (distance <= 8 || found.len() > 2);
    ((near || only && distance <= 2) && behind && as_long).then(|| {
        (2 + distance.min(8), Miss::Segment { number: same + 1, wanted: text(same), found: (*differs).to_owned() })
    })
}

/// How many letters differ, as far as it matters: case alone counts for nothing.
fn letters_between(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_ascii_lowercase(), &b.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::tests::{at, route};

    fn check(templates: &[(&str, &str)], request: (&str, &str), expected: &[(usize, Miss)]) {
        let specs = templates.iter().enumerate();
        let routes: Vec<Arc<Route>> =
            specs.map(|(index, (method, text))| route(index, &at(text, &[*method]))).collect();
        let compatibility = Compatibility::native();
        let router = Router::new(&routes, &compatibility).unwrap();
        let (method, path) = (Method::from_bytes(request.0.as_bytes()).unwrap(), request.1);
        let found = match router.find("a.test", &method, path) {
            Outcome::Found(found) => Some(found.route),
            _ => None,
        };
        let misses = near_misses(&routes, &compatibility, ("a.test", &method, path), found, 5);
        let misses: Vec<(usize, Miss)> = misses.into_iter().map(|miss| (miss.route, miss.miss)).collect();
        assert_eq!(misses, expected, "{request:?}");
    }

    #[test]
    fn a_route_that_is_missed_is_told_with_the_reason() {
        let routes =
            [("GET", "/users/{id}"), ("POST", "/users"), ("GET", "/users/{id}/orders"), ("GET", "/other/thing")];
        let segment =
            |number, wanted: &str, found: &str| Miss::Segment { number, wanted: wanted.into(), found: found.into() };
        check(
            &routes,
            ("DELETE", "/users/7"),
            &[(0, Miss::Method), (1, Miss::Longer), (2, Miss::Shorter { wanted: "orders".into() })],
        );
        check(&routes, ("GET", "/users/7/"), &[(0, Miss::Slash { wanted: false }), (2, segment(3, "orders", ""))]);
        check(&routes, ("GET", "/Users/7"), &[(0, segment(1, "users", "Users"))]);
        check(&routes, ("GET", "/users/7/ordres"), &[(2, segment(3, "orders", "ordres")), (0, Miss::Longer)]);
        check(&routes, ("GET", "/nothing/like/it"), &[]);
        check(&[("GET", "/a/{x}"), ("GET", "/a/b")], ("GET", "/a/b"), &[(0, Miss::Later)]);
    }
}
