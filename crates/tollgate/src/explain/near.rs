//! Routes that a request just misses, for people.

use http::Method;
use serde::Serialize;
use tollgate_core::project::Project;
use tollgate_core::route::Methods;
use tollgate_proxy::router::near::{Miss, near_misses};

/// How many are told.
const MOST: usize = 5;

/// A route that a request just misses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NearView {
    pub(crate) route: String,
    pub(crate) place: String,
    /// `later`, `method`, `host`, `slash`, `servers`, `segment`, `longer` or `shorter`.
    pub(crate) miss: &'static str,
    pub(crate) text: String,
}

/// The routes that a request just misses. Where another takes it, only those that match its path.
pub(super) fn views(project: &Project, at: (&str, &Method, &str), found: Option<usize>) -> Vec<NearView> {
    let misses = near_misses(&project.routes, &project.compatibility, at, found, MOST);
    let views = misses.into_iter().filter_map(|near| {
        let same_path = matches!(near.miss, Miss::Later | Miss::Method | Miss::Host);
        if found.is_some() && !same_path {
            return None;
        }
        let route = project.routes.get(near.route)?;
        let methods = match &route.methods {
            Methods::Any => "ANY".to_owned(),
            Methods::Listed(methods) => methods.iter().map(Method::as_str).collect::<Vec<_>>().join("|"),
        };
        let hosts = route.hosts.join(", ");
        let (miss, text) = match near.miss {
            Miss::Later if project.compatibility.document_order => {
                ("later", "it matches too, and stands behind the route that takes the request".to_owned())
            }
            Miss::Later => ("later", "it matches too, and the route that takes the request is more exact".to_owned()),
            Miss::Method => ("method", format!("another method: it serves {methods}")),
            Miss::Host => ("host", format!("another host: it serves {hosts}, and this is {}", at.0)),
            Miss::Slash { wanted: true } => ("slash", "it has a slash at the end, and the request has none".to_owned()),
            Miss::Slash { wanted: false } => ("slash", "it has no slash at the end, and the request has one".to_owned()),
            Miss::Servers { prefix } => (
                "servers",
                format!(
                    "the path of `servers` ({prefix}) is no part of a route: call it without, or write `mount: {prefix}` for the document"
                ),
            ),
            Miss::Segment { number, wanted, found } if wanted.eq_ignore_ascii_case(&found) => {
                ("segment", format!("segment {number} is `{wanted}`, and not `{found}`: letters count as they are written"))
            }
            Miss::Segment { number, wanted, found } if found.is_empty() => {
                ("segment", format!("segment {number} is `{wanted}`, and the request has nothing there"))
            }
            Miss::Segment { number, wanted, found } => {
                ("segment", format!("segment {number} is `{wanted}`, and not `{found}`"))
            }
            Miss::Longer => ("longer", "it ends one segment earlier".to_owned()),
            Miss::Shorter { wanted } => ("shorter", format!("it goes on with `{wanted}`")),
        };
        let on = if hosts.is_empty() { String::new() } else { format!(" on {hosts}") };
        let name = format!("{methods} {}{on}", route.template.text);
        Some(NearView { route: name, place: route.place.to_string(), miss, text })
    });
    views.collect()
}
