//! Settings of the server against those that it had.

use serde_json::Value;
use tollgate_admin::views::ProjectDescription;

use super::SettingChange;
use super::leaves::{self, LeafChange};
use crate::at_start;

/// Every setting that is not as it was.
pub(super) fn changes(old: &ProjectDescription, new: &ProjectDescription) -> Vec<SettingChange> {
    let found = leaves::changes(&old.settings, &new.settings);
    let mut changes: Vec<SettingChange> = found.into_iter().map(|leaf| setting(leaf, old, new)).collect();
    let both = old.compatibility.as_object().zip(new.compatibility.as_object());
    for (name, after) in both.iter().flat_map(|(_, new)| new.iter()) {
        let before = old.compatibility.get(name);
        if before != Some(after) {
            changes.push(SettingChange {
                setting: format!("compatibility.{name}"),
                text: format!("compatibility {name}: {} → {after}", before.unwrap_or(&Value::Null)),
                before: before.cloned(),
                after: Some(after.clone()),
                needs_restart: false,
                weakens: false,
            });
        }
    }
    if comparable(old, new) && old.code != new.code {
        changes.push(SettingChange {
            setting: "modules".to_owned(),
            before: None,
            after: None,
            needs_restart: false,
            weakens: false,
            text: format!("the code of the modules differs{}", running(new)),
        });
    }
    changes.sort_by_key(|change| (!change.weakens, !change.needs_restart));
    changes
}

/// Code that runs is not compared with code on disk.
fn comparable(old: &ProjectDescription, new: &ProjectDescription) -> bool {
    let kind =
        |code: &Option<String>| code.as_deref().and_then(|code| code.split_once(':')).map(|(kind, _)| kind.to_owned());
    match (kind(&old.code), kind(&new.code)) {
        (Some(old), Some(new)) => old == new,
        _ => true,
    }
}

/// Which routes run code.
fn running(new: &ProjectDescription) -> String {
    let runs = new
        .routes
        .iter()
        .filter(|route| route.handler.module || route.inbound.iter().chain(&route.outbound).any(|step| step.module));
    let names: Vec<String> = runs.map(crate::describe::title).collect();
    match names.len() {
        0 => String::new(),
        1..=5 => format!("; it runs on {}", names.join(", ")),
        more => format!("; it runs on {more} routes"),
    }
}

fn setting(leaf: LeafChange, old: &ProjectDescription, new: &ProjectDescription) -> SettingChange {
    let name = leaf.pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/");
    let below = |prefix: &str| name == prefix || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
    let has = |project: &ProjectDescription, pointer: &str| {
        project.settings.shown.pointer(pointer).is_some_and(|value| !value.is_null())
    };
    let announced = ["/server/proxyProtocol"]
        .iter()
        .any(|at| old.settings.shown.pointer(at).and_then(Value::as_str) == Some("required"));
    let needs_restart = at_start::always().any(below)
        || (below(at_start::TLS) && has(old, "/server/tls") != has(new, "/server/tls"))
        || (below(at_start::TRUSTED_PROXIES) && announced);
    SettingChange {
        weakens: weakens(&name, &leaf),
        text: format!("{}{}", prefix_of(&name), text(&name, &leaf)),
        setting: name,
        before: leaf.before,
        after: leaf.after,
        needs_restart,
    }
}

fn prefix_of(name: &str) -> &'static str {
    if name.starts_with("consumers.") { "declared consumer " } else { "" }
}

fn text(name: &str, leaf: &LeafChange) -> String {
    let name = name.strip_prefix("consumers.").unwrap_or(name);
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "not set".to_owned(), leaves::shown);
    if leaf.hidden {
        return format!("{name}: the value differs");
    }
    format!("{name}: {} → {}", shown(&leaf.before), shown(&leaf.after))
}

/// Settings whose change lets more through.
fn weakens(name: &str, leaf: &LeafChange) -> bool {
    let items = |value: &Option<Value>| value.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    match name {
        "failedAuthLimit" => leaf.after.as_ref().and_then(Value::as_str) == Some("off"),
        "server.trustedProxies" | "hygiene.allowUnderscore" => {
            let before = items(&leaf.before);
            items(&leaf.after).iter().any(|item| !before.contains(item))
        }
        _ => false,
    }
}
