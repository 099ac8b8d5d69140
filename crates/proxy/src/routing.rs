//! From a request that can be read in one way to its route: what the router finds, and what is answered
//! where it finds none.

use http::Method;
use tollgate_core::exchange::Params;
use tollgate_core::project::{Compatibility, Use};
use tollgate_core::reason::{REQUEST_METHOD_UNSUPPORTED, ROUTE_METHOD, ROUTE_NOT_FOUND};

use tollgate_core::{Problem, Route};

use crate::handlers::mcp_server;
use crate::hygiene::{self, Inspected};
use crate::router::{Match, Outcome, Router};
use crate::snapshot::Snapshot;
use crate::{inside, metrics};

/// Finds the route of a path.
///
/// # Errors
/// 404, 405 or 501 where there is none, by the rules of the project's form.
pub fn find<'p>(
    router: &Router,
    compatibility: &Compatibility,
    host: &str,
    method: &Method,
    path: &'p str,
) -> Result<Match<'p>, Problem> {
    match router.find(host, method, path) {
        Outcome::Found(found) => Ok(found),
        Outcome::WrongMethod(_) | Outcome::NotFound
            if compatibility.unknown_method_is_501 && !metrics::is_standard(method) =>
        {
            Err(Problem::new(&REQUEST_METHOD_UNSUPPORTED, "The method of the request is not known here."))
        }
        Outcome::WrongMethod(allow) if !compatibility.method_mismatch_is_404 => {
            Err(Problem::new(&ROUTE_METHOD, "This path does not serve the method of the request.")
                .with_header(http::header::ALLOW, allow))
        }
        Outcome::WrongMethod(_) | Outcome::NotFound => {
            Err(Problem::new(&ROUTE_NOT_FOUND, "There is nothing at this path."))
        }
    }
}

/// What is said in the place of 404 where there is an MCP server: it tells of the methods of its path in both forms of a
/// project, for its clients ask whether it has a stream to listen to, and take 404 for a server that is gone.
pub(crate) fn of_servers(
    snapshot: &Snapshot,
    method: &Method,
    host: &str,
    path: &str,
    problem: &Problem,
) -> Option<Problem> {
    if problem.reason.name != ROUTE_NOT_FOUND.name || !matches!(*method, Method::GET | Method::DELETE) {
        return None;
    }
    let is_server =
        |route: &Route| matches!(&route.handler.implementation, Use::BuiltIn(name) if name == mcp_server::KIND.name);
    if !inside::matched_by_path(snapshot, host, path).iter().any(|route| is_server(route)) {
        return None;
    }
    let allow = snapshot.router.methods_at(host, path)?;
    let problem = Problem::new(&ROUTE_METHOD, "This path does not serve the method of the request.");
    Some(problem.with_header(http::header::ALLOW, allow))
}

/// Finds the route of a request; a path that a more lenient reader would take elsewhere is refused.
///
/// # Errors
/// As [`find`], and 400 for such a path or a parameter that is not UTF-8.
pub fn route(
    router: &Router,
    compatibility: &Compatibility,
    method: &Method,
    inspected: &Inspected,
) -> Result<(usize, Params), Problem> {
    let host = &*inspected.client.host;
    let found = find(router, compatibility, host, method, &inspected.target.match_path)?;
    // A slash at the end, encoded, is one that many servers then ignore.
    let readings = inspected.second_path.iter().flat_map(|second| [second.as_str(), second.trim_end_matches('/')]);
    for reading in readings {
        if matches!(router.find(host, method, reading), Outcome::Found(other) if other.route != found.route) {
            return Err(hygiene::ambiguous_path());
        }
    }
    Ok((found.route, router.params(&found)?))
}
