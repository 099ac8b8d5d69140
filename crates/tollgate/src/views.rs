//! A project's routes as people and programs look at them.

use tollgate_admin::views::{RouteView, StepView};
use tollgate_core::Route;
use tollgate_core::project::{Project, StepRef, Use};
use tollgate_core::route::Methods;
use tollgate_core::settings::{UpstreamOrUrl, UpstreamSettings};

use crate::output::{self, Palette};

/// All routes, in document order.
pub(crate) fn routes(project: &Project) -> Vec<RouteView> {
    project.routes.iter().map(|route| view(project, route)).collect()
}

fn view(project: &Project, route: &Route) -> RouteView {
    let steps = |steps: &[StepRef]| {
        let named = steps.iter().filter_map(|step| {
            let policy = project.policies.get(step.policy)?;
            Some(StepView { stage: step.stage.as_str().to_owned(), policy: policy.name.to_string() })
        });
        named.collect()
    };
    RouteView {
        id: route.id.to_string(),
        methods: methods(route),
        path: route.template.text.to_string(),
        hosts: route.hosts.clone(),
        authenticated: route.authenticated,
        inbound: steps(&route.inbound),
        handler: name(&route.handler.implementation),
        upstream: upstream(project, route),
        outbound: steps(&route.outbound),
        place: route.place.to_string(),
    }
}

fn methods(route: &Route) -> Vec<String> {
    match &route.methods {
        Methods::Any => vec!["*".to_owned()],
        Methods::Listed(methods) => methods.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn name(implementation: &Use) -> String {
    match implementation {
        Use::BuiltIn(name) => name.clone(),
        Use::Module(export) => export.to_string(),
    }
}

/// What became public, signed or limited differently, one line each.
pub(crate) fn security_changes(old: &Project, new: &Project) -> Vec<String> {
    tollgate_spec::security_diff(old, new).iter().map(ToString::to_string).collect()
}

/// Where a route goes: what its handler's options say of it, under the names that the forwarding
/// handlers have for it. Never with what may be a password in it.
pub(crate) fn upstream(project: &Project, route: &Route) -> Option<String> {
    let text = upstream_settings(project, route)?.url;
    let Ok(mut url) = url::Url::parse(&text) else { return Some(text) };
    if url.password().is_some() || !url.username().is_empty() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
        return Some(url.to_string());
    }
    Some(text)
}

/// The same with all that is known of it.
pub(crate) fn upstream_settings(project: &Project, route: &Route) -> Option<UpstreamSettings> {
    let options = &route.handler.options;
    let upstream = &options["upstream"];
    let text = [upstream, &upstream["url"], &options["baseUrl"], &options["rewritePattern"], &options["location"]]
        .into_iter()
        .find_map(|value| value.as_str())?;
    Some(match project.settings.upstreams.get(text) {
        Some(UpstreamOrUrl::Url(url)) => UpstreamSettings::new(url),
        Some(UpstreamOrUrl::Upstream(named)) => (**named).clone(),
        None => UpstreamSettings::new(text),
    })
}

/// The table that `routes` and `dev` print.
pub(crate) fn table(palette: Palette, routes: &[RouteView]) -> String {
    let rows: Vec<Vec<String>> = routes
        .iter()
        .map(|route| {
            let policies: Vec<&str> =
                route.inbound.iter().chain(&route.outbound).map(|step| step.policy.as_str()).collect();
            let target =
                route.upstream.clone().map_or_else(|| route.handler.clone(), |upstream| format!("→ {upstream}"));
            let path = if route.hosts.is_empty() {
                route.path.clone()
            } else {
                format!("{}{}", route.hosts.join(","), route.path)
            };
            vec![
                route.methods.join(","),
                path,
                if route.authenticated { "key".to_owned() } else { "public".to_owned() },
                policies.join(", "),
                target,
            ]
        })
        .collect();
    output::table(palette, &["METHOD", "PATH", "CALLERS", "POLICIES", "GOES TO"], &rows)
}
