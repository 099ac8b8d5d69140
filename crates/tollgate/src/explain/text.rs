//! An explanation for people at a terminal.

use std::fmt::Write;

use serde_json::Value;
use tollgate_admin::views::StepDescription;

use super::verdict::Verdict;
use super::{Explanation, Refusal};
use crate::output::Palette;

/// The whole explanation.
pub(crate) fn text(explanation: &Explanation, palette: Palette) -> String {
    let mut out = String::new();
    let request = &explanation.request;
    let _ = writeln!(out, "{}", palette.bold(format!("{} {}", request.method, request.url)));
    if let (Some(host), Some(path)) = (&request.host, &request.path) {
        let _ = writeln!(out, "  read as    {path} on {host}, from {}", request.client);
        if request.forward_path.as_ref().is_some_and(|forward| forward != path) {
            let _ = writeln!(out, "  forwarded  {}", request.forward_path.as_deref().unwrap_or_default());
        }
    }
    match &explanation.route {
        Some(route) => {
            let callers = if route.public { palette.yellow("public") } else { "authenticated".to_owned() };
            let id = if route.id == route.route { String::new() } else { format!("{}, ", route.id) };
            let _ = writeln!(out, "  route      {} ({id}{callers})  {}", route.route, palette.dim(&route.place));
        }
        None => {
            let _ = writeln!(out, "  route      {}", palette.yellow("none"));
        }
    }
    for (name, value) in &explanation.parameters {
        let _ = writeln!(out, "  {name:<9}  = {}", value.as_str().unwrap_or_default());
    }
    if explanation.route.is_some() {
        let _ = writeln!(out, "\n{}", palette.bold("Pipeline"));
    }
    for view in &explanation.steps {
        step(&mut out, &view.step, palette);
        let _ = writeln!(out, "             {}", verdict(&view.verdict, palette));
    }
    if let Some(handler) = &explanation.handler {
        let text = |name: &str| handler[name].as_str().unwrap_or_default().to_owned();
        let goes = explanation.route.as_ref().and_then(|route| route.upstream.as_ref());
        let goes = goes.map(|upstream| match (upstream["name"].as_str(), upstream["url"].as_str()) {
            (Some(name), Some(url)) => format!(" → {name} ({url})"),
            (_, url) => format!(" → {}", url.unwrap_or_default()),
        });
        let place = format!("{}, {}", text("place"), text("scope"));
        let _ = writeln!(
            out,
            "  {:<9}  {}{}  {}",
            "handler",
            text("handler"),
            goes.unwrap_or_default(),
            palette.dim(place)
        );
        options(&mut out, &handler["options"]["shown"], palette);
    }
    for one in &explanation.outbound {
        step(&mut out, one, palette);
    }
    if let Some(route) = &explanation.route {
        if route.cors["policy"] != "none" {
            let settings =
                if route.cors["settings"].is_null() { String::new() } else { format!(": {}", route.cors["settings"]) };
            let _ = writeln!(out, "  {:<9}  {}{settings}", "cors", route.cors["policy"].as_str().unwrap_or_default());
        }
        let timeouts: Vec<String> = route
            .timeouts
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
            .collect();
        let _ = writeln!(out, "  {:<9}  {}", "timeouts", timeouts.join(", "));
    }
    let outcome = &explanation.outcome;
    let told = match outcome.kind {
        "refused" => palette.red(&outcome.text),
        "unknown" => palette.yellow(&outcome.text),
        _ => palette.green(&outcome.text),
    };
    let _ = writeln!(out, "\n{} {told}", palette.bold("It would be"));
    if let Some(refusal) = &outcome.refusal {
        hints(&mut out, refusal, palette);
    }
    if !explanation.near_misses.is_empty() {
        let _ = writeln!(out, "\n{}", palette.bold("Near misses"));
    }
    for near in &explanation.near_misses {
        let _ = writeln!(out, "  {}  {}\n    {}", near.route, palette.dim(&near.place), near.text);
    }
    for note in &explanation.notes {
        let _ = writeln!(out, "\nnote: {note}");
    }
    out
}

fn step(out: &mut String, step: &StepDescription, palette: Palette) {
    let what = if step.name == step.policy { step.name.clone() } else { format!("{} ({})", step.name, step.policy) };
    let mut place = format!("{}, {}", step.place, step.scope);
    if step.scope == step.place.split(':').next().unwrap_or_default() {
        place.clone_from(&step.place);
    }
    if let Some(named) = &step.named {
        let _ = write!(place, "; named in {named}");
    }
    let _ = writeln!(out, "  {:<9}  {what}  {}", step.stage, palette.dim(place));
    options(out, &step.options.shown, palette);
    for inner in &step.policies {
        let _ = writeln!(out, "             · {} ({})  {}", inner.name, inner.policy, palette.dim(&inner.place));
    }
}

fn options(out: &mut String, options: &Value, palette: Palette) {
    for (name, value) in options.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(out, "             {}", palette.dim(format!("{name}: {text}")));
    }
}

fn verdict(verdict: &Verdict, palette: Palette) -> String {
    match verdict {
        Verdict::Passes { found: None } => palette.green("✓ passes"),
        Verdict::Passes { found: Some(found) } => palette.green(format!("✓ passes: {found}")),
        Verdict::Refuses(refusal) => {
            palette.red(format!("✗ refuses with {} ({}): {}", refusal.status, refusal.reason, refusal.detail))
        }
        Verdict::Answers { status } => palette.green(format!("✓ answers with {status}")),
        Verdict::Unknown { why } => palette.yellow(format!("? not known: {why}")),
        Verdict::NotReached => palette.dim("- not reached"),
    }
}

fn hints(out: &mut String, refusal: &Refusal, palette: Palette) {
    let _ = writeln!(out, "  {} {}", palette.bold("fix:"), refusal.fix);
    let _ = writeln!(out, "  {} {}", palette.bold("page:"), refusal.page);
}
