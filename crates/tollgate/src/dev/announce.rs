//! What `dev` says when it is ready: addresses, routes, and a line to paste.

use http::Method;
use serde_json::Value;
use tollgate_core::Route;
use tollgate_core::project::{Project, Use};
use tollgate_core::route::Methods;

use crate::commands::quoted;
use crate::output::{self, Palette};
use crate::serving::{Bound, Serving};
use crate::{issuer_url, views};

/// Prints it.
pub(crate) fn announce(serving: &Serving, key: &str) {
    let palette = Palette::stdout();
    let project = serving.project();
    let base = serving.listeners.first().map(Bound::url).unwrap_or_default();
    let name = serving.source.folder().map_or_else(
        || format!("→ {}", serving.source.upstream.as_deref().unwrap_or_default()),
        |dir| dir.display().to_string(),
    );
    output::line(format!("{} {name}", palette.bold("tollgate dev")));
    let gateways = serving.listeners.iter().map(|bound| ("gateway", bound.url()));
    for (what, value) in gateways.chain([
        ("management", format!("http://{}", issuer_url::reachable(serving.management))),
        ("issuer", issuer_url::of_settings(&project.settings, Some(serving.listen))),
        ("data", serving.data.path().display().to_string()),
        ("descriptors", serving.descriptors.to_string()),
    ]) {
        output::line(format!("  {} {value}", palette.dim(format!("{what:<12}"))));
    }
    output::line("");
    output::line(views::table(palette, &views::routes(&project)));
    output::line("");
    let kept = serving.data.file("development.key");
    output::line(palette.dim(format!("The development key is kept in {}; `tollgate run` refuses it.", kept.display())));
    match curl(&project, &base, key) {
        Some(line) => output::line(format!("  {}", palette.bold(line))),
        None => output::line(format!("  {key}")),
    }
    output::line("");
}

/// A call of a real route: one that wants a key, and can be called without a body if there is one.
fn curl(project: &Project, base: &str, key: &str) -> Option<String> {
    let mut candidates: Vec<(&Route, Vec<String>)> =
        project.routes.iter().filter_map(|route| Some((route.as_ref(), presented(project, route, key)?))).collect();
    candidates.sort_by_key(|(route, _)| (method(route) != Method::GET, route.template.text.matches('{').count()));
    let (route, arguments) = candidates.first()?;
    let mut line = format!("curl {}", quoted(&format!("{base}{}", path(route))));
    if method(route) != Method::GET {
        line.push_str(&format!(" -X {}", method(route)));
    }
    for argument in arguments {
        line.push_str(&format!(" -H {}", quoted(argument)));
    }
    Some(line)
}

/// The header field that carries the key, where the route takes one there.
fn presented(project: &Project, route: &Route, key: &str) -> Option<Vec<String>> {
    let policies = route.inbound.iter().filter_map(|step| project.policies.get(step.policy));
    let policy = policies.into_iter().find(|policy| takes_key(&policy.implementation))?;
    let option = |name: &str| policy.options.get(name).and_then(Value::as_str);
    let header = option("authHeader").unwrap_or("Authorization");
    let scheme =
        option("authScheme").unwrap_or(if header.eq_ignore_ascii_case("authorization") { "Bearer" } else { "" });
    Some(vec![format!("{header}: {scheme} {key}").replace(":  ", ": ")])
}

fn takes_key(implementation: &Use) -> bool {
    matches!(implementation, Use::BuiltIn(name) if name == "api-key")
}

fn method(route: &Route) -> Method {
    match &route.methods {
        Methods::Any => Method::GET,
        Methods::Listed(methods) if methods.contains(&Method::GET) => Method::GET,
        Methods::Listed(methods) => methods.first().cloned().unwrap_or(Method::GET),
    }
}

/// The template with something in the place of its parameters: what the document gives as an
/// example, else `1`.
fn path(route: &Route) -> String {
    let mut path = String::new();
    let mut rest = &*route.template.text;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        if route.template.rest.as_deref() != Some(name) {
            path.push_str(&example(route, name).unwrap_or_else(|| "1".to_owned()));
        }
        rest = behind;
    }
    path.push_str(rest);
    path
}

fn example(route: &Route, name: &str) -> Option<String> {
    let places = [route.operation.raw(), route.operation.path_item()];
    let parameters = places.iter().flatten().filter_map(|place| place["parameters"].as_array()).flatten();
    let parameter = parameters.into_iter().find(|parameter| parameter["name"] == name)?;
    let example = [&parameter["example"], &parameter["schema"]["example"], &parameter["schema"]["examples"][0]];
    match example.into_iter().find(|example| !example.is_null())? {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) => {
            Some(text.clone())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
