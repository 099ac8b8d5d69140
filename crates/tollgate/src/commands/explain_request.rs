//! `tollgate explain REQUEST_ID`

use std::fmt::{Display, Write};

use anyhow::Context;
use tollgate_admin::views::{RequestView, StepView};

use crate::cli::{GatewayFlag, Output};
use crate::client::{ManagementClient, encoded};
use crate::output::{self, Palette};

pub(crate) async fn run(id: &str, gateway: &GatewayFlag, output: Output) -> anyhow::Result<()> {
    let client = ManagementClient::of_flag(gateway)?;
    let request: serde_json::Value = client.get(&format!("/v1/requests/{}", encoded(id))).await?;
    match output {
        Output::Json => output::json(&request)?,
        Output::Text => {
            let view: RequestView = serde_json::from_value(request).context("the gateway answers in another form")?;
            output::line(text(Palette::stdout(), &view).trim_end());
        }
    }
    Ok(())
}

fn text(palette: Palette, view: &RequestView) -> String {
    let mut text = headline(palette, view);
    fact(&mut text, palette, "time", &view.summary.time);
    fact(&mut text, palette, "id", id(view));
    fact(&mut text, palette, "route", route(view));
    fact(&mut text, palette, "caller", caller(view));
    fact(&mut text, palette, "snapshot", snapshot(view));
    if let Some(refusal) = &view.refusal {
        let spoke = match (&refusal.stage, &refusal.policy) {
            (Some(stage), Some(policy)) => format!(", said by {policy} ({stage})"),
            (Some(stage), None) => format!(", said by the {stage}"),
            _ => String::new(),
        };
        let _ = writeln!(text, "\n{}{spoke}; the fault of the {}", palette.bold(&refusal.name), refusal.fault);
        fact(&mut text, palette, "meaning", &refusal.meaning);
        fact(&mut text, palette, "told", &refusal.detail);
        if let Some(cause) = &refusal.cause {
            fact(&mut text, palette, "cause", cause);
        }
        fact(&mut text, palette, "to do", &refusal.fix);
        fact(&mut text, palette, "page", &refusal.page);
    }
    if !view.steps.is_empty() || !view.not_reached.is_empty() {
        let _ = writeln!(text, "\n{}", steps(palette, view));
    }
    if !view.attempts.is_empty() {
        let _ = writeln!(text, "\n{}", attempts(palette, view));
    }
    for fetch in &view.fetches {
        let status = fetch.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        fact(&mut text, palette, "fetch", format!("{} {}: {status}, {} ms", fetch.method, fetch.url, fetch.ms));
    }
    if !view.would_refuse.is_empty() {
        fact(&mut text, palette, "only reports", format!("{} would have refused it", view.would_refuse.join(", ")));
    }
    let _ = writeln!(text);
    fact(&mut text, palette, "time went", timings(view));
    fact(&mut text, palette, "bytes", format!("{} in, {} out", view.bytes_in, view.bytes_out));
    fact(&mut text, palette, "trace", &view.trace_id);
    if let Some(fields) = view.fields.as_object().filter(|fields| !fields.is_empty()) {
        fact(&mut text, palette, "fields", serde_json::Value::Object(fields.clone()));
    }
    text
}

fn headline(palette: Palette, view: &RequestView) -> String {
    let summary = &view.summary;
    let method = summary.method.as_deref().unwrap_or("(unreadable)");
    let query = if view.query.is_empty() { String::new() } else { format!("?{}=…", view.query.join("=…&")) };
    let status = match summary.status {
        500.. => palette.red(summary.status),
        400.. => palette.yellow(summary.status),
        _ => palette.green(summary.status),
    };
    format!("{status} {} {}\n", palette.bold(format!("{method} {}{query}", summary.path)), summary.reason)
}

fn fact(text: &mut String, palette: Palette, name: &str, value: impl Display) {
    let _ = writeln!(text, "  {} {value}", palette.dim(format!("{name:<12}")));
}

fn id(view: &RequestView) -> String {
    let others = match view.others_with_this_id {
        0 => String::new(),
        others => format!("; {} with this id, of which this is the latest", output::count(others + 1, "request")),
    };
    format!("{} (remembered as a {}){others}", view.summary.id, view.summary.kept_for)
}

fn route(view: &RequestView) -> String {
    let host = view.host.as_deref().map_or_else(String::new, |host| format!(", at {host}"));
    match (&view.summary.route, &view.place) {
        (Some(route), Some(place)) => format!("{route}, written at {place}{host}"),
        (Some(route), None) => format!("{route}{host}"),
        (None, _) => format!("none{host}"),
    }
}

fn caller(view: &RequestView) -> String {
    let who = view.summary.consumer.as_deref().unwrap_or("nobody known");
    let key = view.key_id.as_deref().map_or_else(String::new, |key| format!(" with {key}"));
    let peer = view.peer.as_deref().map_or_else(String::new, |peer| format!(" by way of {peer}"));
    let agent = view.user_agent.as_deref().map_or_else(String::new, |agent| format!(", {}", agent.escape_debug()));
    format!("{who}{key}, from {}{peer}, {}{agent}", view.client, view.protocol)
}

fn snapshot(view: &RequestView) -> String {
    let now = if view.snapshot_in_force { "in force" } else { "not in force any more" };
    format!("{} ({now})", view.snapshot)
}

fn steps(palette: Palette, view: &RequestView) -> String {
    let ran = view.steps.iter().map(|step| {
        vec![
            step.stage.clone(),
            step.name.clone(),
            step.verdict.clone(),
            format!("{:.3}", step.at_ms),
            format!("{:.3}", step.ms),
        ]
    });
    let skipped = |step: &StepView| {
        vec![step.stage.clone(), step.policy.clone(), "not reached".to_owned(), String::new(), String::new()]
    };
    let rows: Vec<_> = ran.chain(view.not_reached.iter().map(skipped)).collect();
    output::table(palette, &["STAGE", "STEP", "VERDICT", "AT MS", "TOOK MS"], &rows)
}

fn attempts(palette: Palette, view: &RequestView) -> String {
    let rows: Vec<_> = view
        .attempts
        .iter()
        .map(|attempt| {
            vec![
                attempt.target.clone(),
                attempt.outcome.clone(),
                if attempt.reused { "kept" } else { "new" }.to_owned(),
                format!("{:.3}", attempt.at_ms),
                format!("{:.3}", attempt.ms),
            ]
        })
        .collect();
    output::table(palette, &["UPSTREAM", "OUTCOME", "CONNECTION", "AT MS", "TOOK MS"], &rows)
}

fn timings(view: &RequestView) -> String {
    let timings = &view.timings;
    let mut parts = vec![format!("{} ms in all", timings.total)];
    for (name, part) in [
        ("routing", timings.routing),
        ("inbound policies", timings.inbound),
        ("connecting", timings.connect),
        ("TLS", timings.tls),
        ("waiting for the upstream", timings.first_byte),
        ("outbound policies", timings.outbound),
    ] {
        if let Some(part) = part {
            parts.push(format!("{name} {part}"));
        }
    }
    parts.join(", ")
}
