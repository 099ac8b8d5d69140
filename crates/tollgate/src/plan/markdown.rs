//! A plan for a pull request: Markdown as GitHub, GitLab and Forgejo draw it.

use std::fmt::Write;

use super::replay::Replay;
use super::text::{became, counted, notes, summary, warnings};
use super::{Fate, Plan};

/// The whole plan.
pub(crate) fn markdown(plan: &Plan) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "### What this changes in the gateway\n");
    let _ = writeln!(out, "Against {}.\n", code(&plan.against.shown()));
    if plan.is_empty() {
        let _ = writeln!(out, "Nothing changes: every route, policy and setting is as it was.");
        return out;
    }
    if plan.summary.weaker > 0 {
        let _ = writeln!(out, "> [!WARNING]");
        let _ = writeln!(out, "> **Made weaker:**");
        for (route, change) in warnings(plan) {
            let _ = writeln!(out, "> - {} {}", code(route), escape(&change.text));
        }
        for request in plan.requests.iter().filter(|request| request.weakens) {
            let _ = writeln!(out, "> - {}", escape(&request.text));
        }
        for setting in plan.server.iter().filter(|setting| setting.weakens) {
            let _ = writeln!(out, "> - {}", escape(&setting.text));
        }
        out.push('\n');
    }
    if plan.summary.needs_restart {
        let settings: Vec<String> = plan.restarts().into_iter().map(code).collect();
        let _ = writeln!(out, "> [!IMPORTANT]");
        let _ = writeln!(out, "> A reload would be refused: {} need a restart.\n", settings.join(", "));
    }
    if !plan.routes.is_empty() {
        let _ = writeln!(out, "| | Route | What changes | Where |");
        let _ = writeln!(out, "|---|---|---|---|");
    }
    for route in &plan.routes {
        let sign = match route.fate {
            Fate::Added => "➕",
            Fate::Removed => "➖",
            Fate::Changed => "✏️",
        };
        let changes: Vec<String> = route
            .changes
            .iter()
            .map(|change| format!("{}{}", if change.weakens { "⚠️ " } else { "" }, cell(&change.text)))
            .collect();
        let (name, place) = (code(&route.route), code(&route.place));
        let _ = writeln!(out, "| {sign} | {name} | {} | {place} |", changes.join("<br>"));
    }
    if !plan.routes.is_empty() {
        out.push('\n');
    }
    if !plan.requests.is_empty() {
        let _ = writeln!(out, "**Requests that another route would answer**\n");
        for request in &plan.requests {
            let sign = if request.weakens { "⚠️ " } else { "" };
            let _ = writeln!(out, "- {sign}{}", escape(&request.text));
        }
        out.push('\n');
    }
    if !plan.server.is_empty() {
        let _ = writeln!(out, "**Server**\n");
        for setting in &plan.server {
            let sign = if setting.weakens { "⚠️ " } else { "" };
            let restart = if setting.needs_restart { " — needs a restart" } else { "" };
            let _ = writeln!(out, "- {sign}{}{restart}", escape(&setting.text));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", escape(&summary(plan)));
    out
}

/// What becomes of recorded requests.
pub(crate) fn replayed(replay: &Replay) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "### What this changes for recorded requests\n");
    let _ = writeln!(out, "Against {}. {}.\n", code(&replay.against.shown()), escape(&counted(replay)));
    if !replay.differences.is_empty() {
        let _ = writeln!(out, "| Requests | What becomes of them | For example |");
        let _ = writeln!(out, "|--:|---|---|");
    }
    for difference in &replay.differences {
        let sign = if difference.weakens { "⚠️ " } else { "" };
        let mut what = vec![format!("{sign}{}", cell(&became(difference)))];
        what.extend(difference.changes.iter().map(|change| cell(&change.text)));
        let examples: Vec<String> = difference.examples.iter().map(|example| code(example)).collect();
        let _ = writeln!(out, "| {} | {} | {} |", difference.count, what.join("<br>"), examples.join("<br>"));
    }
    if !replay.differences.is_empty() {
        out.push('\n');
    }
    for note in notes(replay) {
        let _ = writeln!(out, "- {}", escape(&note));
    }
    out
}

/// A text as code. What would end the code, or the cell of a table, is taken out of it.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " "))
}

/// A text that means only itself. What stands between backticks stays code.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let balanced = text.matches('`').count().is_multiple_of(2);
    let mut inside = false;
    for c in text.chars() {
        match c {
            '`' if balanced => {
                inside = !inside;
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            '<' if !inside => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' if !inside => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The same in a cell of a table.
fn cell(text: &str) -> String {
    escape(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_project_says_does_not_draw_anything_of_its_own() {
        assert_eq!(escape("<b>*x*</b> `a*b` @team"), "&lt;b>\\*x\\*&lt;/b> `a*b` \\@team");
        assert_eq!(cell("a|b"), "a\\|b");
        assert_eq!(code("a`b\nc|d"), "`a'b c\\|d`");
        assert_eq!(escape("odd ` tick"), "odd \\` tick");
    }
}
