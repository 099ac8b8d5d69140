//! Which route of one state is which of the other, and what is not the same on it.

use std::collections::HashMap;

use serde_json::{Value, json};
use tollgate_admin::views::{ProjectDescription, RouteDescription};

use super::{Change, Fate, Kind, RouteChange, leaves, steps};
use crate::describe::title;

/// Which route of one state is which of the other.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// By the index of an old route.
    pub(crate) after: Vec<Option<usize>>,
    /// By the index of a new route.
    pub(crate) before: Vec<Option<usize>>,
}

impl Pairs {
    /// First what matches the same requests, then what has the same id, then what shares path or methods.
    pub(crate) fn of(old: &ProjectDescription, new: &ProjectDescription) -> Self {
        let mut pairs = Self { after: vec![None; old.routes.len()], before: vec![None; new.routes.len()] };
        pairs.join(old, new, |route| Some((shape(route), route.methods.clone(), route.hosts.clone())));
        pairs.join(old, new, |route| Some(route.id.clone()));
        pairs.join(old, new, |route| Some((shape(route), route.methods.clone())));
        pairs.join(old, new, |route| Some((shape(route), route.methods.first()?.clone())));
        pairs
    }

    fn join<K: std::hash::Hash + Eq>(
        &mut self,
        old: &ProjectDescription,
        new: &ProjectDescription,
        key: impl Fn(&RouteDescription) -> Option<K>,
    ) {
        let mut waiting: HashMap<K, Vec<usize>> = HashMap::new();
        for (index, route) in old.routes.iter().enumerate().rev().filter(|(index, _)| self.after[*index].is_none()) {
            if let Some(key) = key(route) {
                waiting.entry(key).or_default().push(index);
            }
        }
        for (index, route) in new.routes.iter().enumerate() {
            if self.before[index].is_some() {
                continue;
            }
            let found = key(route).and_then(|key| waiting.get_mut(&key)?.pop());
            if let Some(found) = found {
                (self.after[found], self.before[index]) = (Some(index), Some(found));
            }
        }
    }
}

/// What a template matches, whatever its parameters are called.
fn shape(route: &RouteDescription) -> String {
    if route.mode != "open-api" {
        return route.path.clone();
    }
    let mut shape = String::with_capacity(route.path.len());
    let mut inside = false;
    for c in route.path.chars() {
        match c {
            '{' => inside = true,
            '}' => {
                inside = false;
                shape.push_str("{}");
            }
            _ if inside => {}
            c => shape.push(c),
        }
    }
    if route.rest.is_some() {
        shape.push('*');
    }
    shape
}

/// Every route that is not as it was.
pub(super) fn changes(old: &ProjectDescription, new: &ProjectDescription, pairs: &Pairs) -> Vec<RouteChange> {
    let mut changes = Vec::new();
    for (index, route) in new.routes.iter().enumerate() {
        let Some(before) = pairs.before[index] else {
            changes.push(added(route));
            continue;
        };
        let between = compare(&old.routes[before], route);
        if !between.is_empty() {
            changes.push(RouteChange {
                route: title(route),
                id: route.id.clone(),
                fate: Fate::Changed,
                place: route.place.clone(),
                changes: between,
            });
        }
    }
    for (route, _) in old.routes.iter().zip(&pairs.after).filter(|(_, after)| after.is_none()) {
        changes.push(RouteChange {
            route: title(route),
            id: route.id.clone(),
            fate: Fate::Removed,
            place: route.place.clone(),
            changes: vec![Change::new(Kind::Removed, "removed")],
        });
    }
    changes
}

fn added(route: &RouteDescription) -> RouteChange {
    let change = if route.public {
        Change::new(Kind::AddedPublic, "new, and PUBLIC: everyone may call it").weakens(true)
    } else {
        let by: Vec<String> = steps::named(&route.inbound, "auth").collect();
        Change::new(Kind::AddedProtected, format!("new; authenticates with {}", listed(&by)))
    };
    RouteChange {
        route: title(route),
        id: route.id.clone(),
        fate: Fate::Added,
        place: route.place.clone(),
        changes: vec![change],
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "a policy of its own".to_owned() } else { names.join(", ") }
}

/// Everything that is not the same on a route; what makes it weaker stands first.
pub(crate) fn compare(old: &RouteDescription, new: &RouteDescription) -> Vec<Change> {
    let mut changes = Vec::new();
    matches_differently(old, new, &mut changes);
    match (old.public, new.public) {
        (false, true) => {
            changes.push(Change::new(Kind::BecamePublic, "became PUBLIC: everyone may call it").weakens(true));
        }
        (true, false) => {
            let by: Vec<String> = steps::named(&new.inbound, "auth").collect();
            changes.push(Change::new(Kind::BecameProtected, format!("asks who calls now, by {}", listed(&by))));
        }
        _ => {}
    }
    steps::compare(&old.inbound, &new.inbound, old.public == new.public, &mut changes);
    steps::compare(&old.outbound, &new.outbound, true, &mut changes);
    handler(old, new, &mut changes);
    upstream(old, new, &mut changes);
    if old.cors != new.cors {
        let settings = |route: &RouteDescription| {
            if route.cors.policy == "custom" { route.cors.settings.clone() } else { json!(route.cors.policy) }
        };
        let (before, after) = (settings(old), settings(new));
        let text = format!("CORS: {} → {}", leaves::shown(&before), leaves::shown(&after));
        changes.push(Change::new(Kind::CorsChanged, text).values(Some(before), Some(after)));
    }
    if old.timeouts != new.timeouts {
        let (before, after) = (json!(old.timeouts), json!(new.timeouts));
        let text = format!("timeouts: {} → {}", timeouts(old), timeouts(new));
        changes.push(Change::new(Kind::TimeoutsChanged, text).values(Some(before), Some(after)));
    }
    if old.upgrades != new.upgrades {
        let shown = |names: &Option<Vec<String>>| names.as_ref().map_or_else(|| json!("all"), |names| json!(names));
        let more = match (&old.upgrades, &new.upgrades) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => new.iter().any(|name| !old.contains(name)),
        };
        let (before, after) = (shown(&old.upgrades), shown(&new.upgrades));
        let text = format!("upgrades: {} → {}", leaves::shown(&before), leaves::shown(&after));
        let change = Change::new(Kind::UpgradesChanged, text).values(Some(before), Some(after));
        changes.push(change.weakens(new.public && more));
    }
    if old.internal != new.internal {
        let text = if new.internal { "hidden from published documents" } else { "shown in published documents" };
        changes.push(Change::new(Kind::VisibilityChanged, text));
    }
    changes.sort_by_key(|change| !change.weakens);
    changes
}

fn timeouts(route: &RouteDescription) -> String {
    let all: Vec<String> = route.timeouts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    all.join(", ")
}

/// What of the requests that a route takes differs.
fn matches_differently(old: &RouteDescription, new: &RouteDescription, changes: &mut Vec<Change>) {
    let change = |kind, what: &str, before: Value, after: Value| {
        let text = format!("matches differently: {what} {} → {}", leaves::shown(&before), leaves::shown(&after));
        Change::new(kind, text).values(Some(before), Some(after))
    };
    if (shape(old), &old.mode) != (shape(new), &new.mode) {
        changes.push(change(Kind::PathChanged, "path", json!(old.path), json!(new.path)).weakens(false));
    } else if old.path != new.path {
        let text = format!("its parameters have other names: {} → {}", old.path, new.path);
        changes.push(Change::new(Kind::PathChanged, text).values(Some(json!(old.path)), Some(json!(new.path))));
    }
    if old.methods != new.methods {
        let more = new.methods.iter().any(|method| !old.methods.contains(method)) && old.methods != ["*"];
        let change = change(Kind::MethodsChanged, "methods", json!(old.methods), json!(new.methods));
        changes.push(change.weakens(new.public && more));
    }
    if old.hosts != new.hosts {
        let more =
            !old.hosts.is_empty() && (new.hosts.is_empty() || new.hosts.iter().any(|host| !old.hosts.contains(host)));
        let shown = |hosts: &[String]| if hosts.is_empty() { json!("any") } else { json!(hosts) };
        let change = change(Kind::HostsChanged, "hosts", shown(&old.hosts), shown(&new.hosts));
        changes.push(change.weakens(new.public && more));
    }
}

fn handler(old: &RouteDescription, new: &RouteDescription, changes: &mut Vec<Change>) {
    let (before, after) = (&old.handler, &new.handler);
    if before.handler != after.handler {
        let text = format!("handler: {} → {}", before.handler, after.handler);
        let change = Change::new(Kind::HandlerChanged, text);
        let change = change.values(Some(json!(before.handler)), Some(json!(after.handler)));
        changes.push(Change { place: Some(after.place.clone()), ..change });
        return;
    }
    for leaf in leaves::changes(&before.options, &after.options) {
        // Which upstream that comes to is told below.
        if matches!(leaf.pointer.as_str(), "/upstream" | "/upstream/url" | "/baseUrl") && old.upstream != new.upstream {
            continue;
        }
        let change = Change::new(Kind::HandlerChanged, format!("handler {}: {}", after.handler, leaf.text()));
        let change = Change { option: Some(leaf.pointer.clone()), place: Some(after.place.clone()), ..change };
        changes.push(change.values(leaf.before, leaf.after));
    }
}

fn upstream(old: &RouteDescription, new: &RouteDescription, changes: &mut Vec<Change>) {
    let url = |route: &RouteDescription| {
        route.upstream.as_ref().map(|upstream| upstream.settings.shown["url"].as_str().unwrap_or_default().to_owned())
    };
    match (&old.upstream, &new.upstream) {
        (None, None) => {}
        (Some(before), Some(after)) => {
            for leaf in leaves::changes(&before.settings, &after.settings) {
                let text = match (leaf.pointer.as_str(), leaf.hidden) {
                    ("/url", false) => {
                        let name = |value: &Option<Value>| value.as_ref().map(leaves::shown).unwrap_or_default();
                        format!("upstream: {} → {}", name(&leaf.before), name(&leaf.after))
                    }
                    _ => format!("upstream {}", leaf.text()),
                };
                let change = Change::new(Kind::UpstreamChanged, text);
                let change = Change { option: Some(leaf.pointer.clone()), ..change };
                changes.push(change.values(leaf.before, leaf.after));
            }
        }
        _ => {
            // The handler is another one as well, and has been told.
            let (before, after) = (url(old), url(new));
            let shown = |url: &Option<String>| url.clone().unwrap_or_else(|| "none".to_owned());
            let text = format!("upstream: {} → {}", shown(&before), shown(&after));
            let change = Change::new(Kind::UpstreamChanged, text);
            changes.push(change.values(before.map(Into::into), after.map(Into::into)));
        }
    }
}
