//! A plan for people at a terminal: what becomes weaker at the top.

use std::fmt::Write;

use super::replay::{Becomes, Difference, Replay};
use super::{Change, Fate, Plan, Side};
use crate::output::{Palette, count};

impl Side {
    /// For people.
    pub(super) fn shown(&self) -> String {
        match (self.kind, &self.commit) {
            (_, Some(commit)) => format!("{} ({})", self.name, &commit[..commit.len().min(10)]),
            ("running", None) => format!("the running gateway (snapshot {})", self.snapshot),
            _ => self.name.clone(),
        }
    }
}

/// Each warning with what it is about, and where.
pub(super) fn warnings(plan: &Plan) -> Vec<(&str, &Change)> {
    plan.routes
        .iter()
        .flat_map(|route| route.changes.iter().map(|change| (route.route.as_str(), change)))
        .filter(|(_, change)| change.weakens)
        .collect()
}

/// The whole plan.
pub(crate) fn text(plan: &Plan, palette: Palette) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} against {}", plan.project.shown(), plan.against.shown());
    if plan.is_empty() {
        let _ = writeln!(out, "\n{} nothing would change", palette.green("ok:"));
        return out;
    }
    if plan.summary.weaker > 0 {
        let head = format!("{} made weaker:", count(plan.summary.weaker, "thing"));
        let _ = writeln!(out, "\n{}", palette.red(palette_bold(palette, &head)));
        for (route, change) in warnings(plan) {
            let line = format!("! {route}: {}", change.text);
            let _ = writeln!(out, "  {}", palette.red(line));
        }
        for request in plan.requests.iter().filter(|request| request.weakens) {
            let _ = writeln!(out, "  {}", palette.red(format!("! {}", request.text)));
        }
        for setting in plan.server.iter().filter(|setting| setting.weakens) {
            let _ = writeln!(out, "  {}", palette.red(format!("! {}", setting.text)));
        }
    }
    if !plan.routes.is_empty() {
        let _ = writeln!(out, "\n{}", palette.bold("Routes"));
    }
    for route in &plan.routes {
        let name = match route.fate {
            Fate::Added => palette.green(format!("+ {}", route.route)),
            Fate::Removed => palette.red(format!("- {}", route.route)),
            Fate::Changed => palette.yellow(format!("~ {}", route.route)),
        };
        let _ = writeln!(out, "  {name}  {}", palette.dim(&route.place));
        for change in &route.changes {
            let _ = writeln!(out, "    {}", line(change, palette));
        }
    }
    if !plan.requests.is_empty() {
        let _ = writeln!(out, "\n{}", palette.bold("Requests that another route would answer"));
        for request in &plan.requests {
            let sign = if request.weakens { "!" } else { "·" };
            let _ = writeln!(out, "  {sign} {}", request.text);
        }
    }
    if !plan.server.is_empty() {
        let _ = writeln!(out, "\n{}", palette.bold("Server"));
        for setting in &plan.server {
            let sign = if setting.weakens { "!" } else { "·" };
            let restart = if setting.needs_restart { palette.yellow(" (needs a restart)") } else { String::new() };
            let _ = writeln!(out, "  {sign} {}{restart}", setting.text);
        }
    }
    let _ = writeln!(out, "\n{}", summary(plan));
    out
}

fn palette_bold(palette: Palette, text: &str) -> String {
    // Red and bold in one: the inner reset would end both.
    if palette.0 { text.to_owned() } else { palette.bold(text) }
}

fn line(change: &Change, palette: Palette) -> String {
    let place = change.place.as_ref().map(|place| format!("  {}", palette.dim(place))).unwrap_or_default();
    if change.weakens {
        format!("{}{place}", palette.red(format!("! {}", change.text)))
    } else {
        format!("· {}{place}", change.text)
    }
}

/// `2 added, 1 removed, 1 changed, 7 unchanged; 1 thing weaker; needs a restart`
pub(super) fn summary(plan: &Plan) -> String {
    let summary = &plan.summary;
    let mut text = format!(
        "{} added, {} removed, {} changed, {} unchanged",
        count(summary.added, "route"),
        summary.removed,
        summary.changed,
        summary.unchanged
    );
    if summary.weaker > 0 {
        let _ = write!(text, "; {} made weaker", count(summary.weaker, "thing"));
    }
    if summary.needs_restart {
        let settings: Vec<&str> = plan.restarts().into_iter().collect();
        let _ = write!(text, "; a reload would be refused: {} need a restart", settings.join(", "));
    }
    text
}

/// What becomes of recorded requests.
pub(crate) fn replayed(replay: &Replay, palette: Palette) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} against {}, by recorded requests", replay.project.shown(), replay.against.shown());
    for difference in &replay.differences {
        let head = format!("{} {}", difference.count, became(difference));
        let head =
            if difference.weakens { palette.red(format!("! {head}")) } else { palette.yellow(format!("~ {head}")) };
        let _ = writeln!(out, "\n  {head}");
        for change in &difference.changes {
            let _ = writeln!(out, "    {}", line(change, palette));
        }
        for example in &difference.examples {
            let _ = writeln!(out, "    {}", palette.dim(format!("such as {example}")));
        }
    }
    let _ = writeln!(out, "\n{}", counted(replay));
    for note in notes(replay) {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// What becomes of them, in a few words.
pub(super) fn became(difference: &Difference) -> String {
    let (before, after) = (&difference.before, &difference.after);
    match difference.becomes {
        Becomes::OtherRoute => format!("answered by `{after}` instead of `{before}`"),
        Becomes::Refused => format!("refused with {after} instead of answered by `{before}`"),
        Becomes::Found => format!("answered by `{after}` instead of refused with {before}"),
        Becomes::Changed => format!("answered by `{after}`, which is not as it was"),
        Becomes::Gateway => format!("answered by `{after}` instead of `{before}`"),
    }
}

/// The numbers, in one line.
pub(super) fn counted(replay: &Replay) -> String {
    format!(
        "{} of {} recorded requests would be answered differently, {} with something weaker; {} as before",
        replay.different,
        replay.different + replay.same,
        replay.weaker,
        replay.same
    )
}

/// What to bear in mind about the numbers.
pub(super) fn notes(replay: &Replay) -> Vec<String> {
    let mut notes = Vec::new();
    if replay.not_judged > 0 {
        notes.push(format!(
            "{} not judged: refused before a route was looked for, preflights, or with a path that the log has cut",
            replay.not_judged
        ));
    }
    if replay.unknown > 0 {
        notes.push(format!("{} not read: no lines of an access log", count_lines(replay.unknown)));
    }
    if replay.recorded_elsewhere > 0 {
        notes.push(format!(
            "{} recorded on another route than {} has: the log is of another state of the project",
            replay.recorded_elsewhere,
            replay.against.shown()
        ));
    }
    notes
}

fn count_lines(lines: u64) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}
