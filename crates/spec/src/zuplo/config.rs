//! `zuplo.jsonc`: the compatibility date, and what it switches.

use tollgate_core::project::Compatibility;

use super::{check_fields, read_json};
use crate::check::schema::wrong_type;
use crate::load::ProjectFiles;
use crate::{Diagnostic, Diagnostics, Node};

const NAME: &str = "zuplo.jsonc";

const FIELDS: [&str; 7] = [
    "version",
    "compatibilityDate",
    "projectType",
    "allowDuplicateRoutes",
    "allowHostHeaderOverride",
    "devPortal",
    "project",
];

/// What the project says of itself.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) compatibility: Compatibility,
    pub(super) allow_duplicate_routes: bool,
}

impl Config {
    /// Reads it; a project without one has the oldest behaviour of everything.
    pub(super) fn read(files: &ProjectFiles<'_>, diagnostics: &mut Diagnostics) -> Self {
        files.remember(&files.root().join(NAME));
        let mut config = Self { compatibility: compatibility(None), allow_duplicate_routes: false };
        if !files.exists(NAME) {
            return config;
        }
        let Some(tree) = read_json(files, NAME, diagnostics) else { return config };
        let root = tree.root();
        if !root.value().is_object() {
            diagnostics.push(wrong_type(&root, "an object"));
            return config;
        }
        check_fields(&root, &FIELDS, NAME, diagnostics);
        if let Some(version) = root.get("version").filter(|version| version.value() != 1) {
            let message = format!("version {} is not known; 1 is", version.shown());
            diagnostics.push(Diagnostic::error("wrong-value", version.caret(), message));
        }
        if let Some(date) = root.get("compatibilityDate") {
            match read_date(&date) {
                Ok(text) => config.compatibility = compatibility(Some(text)),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        if let Some(allow) = root.get("allowDuplicateRoutes") {
            match allow.value().as_bool() {
                Some(value) => config.allow_duplicate_routes = value,
                None => diagnostics.push(wrong_type(&allow, "true or false")),
            }
        }
        if let Some(node) = root.get("allowHostHeaderOverride").filter(|node| node.value() == true) {
            let message = "`allowHostHeaderOverride` is left out: an upstream always receives its own Host";
            let help = "what a backend needs to know of the client's host is in `Forwarded` and `X-Forwarded-Host`";
            diagnostics.push(Diagnostic::warning("not-read", node.key_span(), message).help(help));
        }
        config
    }
}

fn read_date<'a>(node: &Node<'a>) -> Result<&'a str, Box<Diagnostic>> {
    let text = node.as_str().unwrap_or_default();
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let valid = matches!(parts.as_slice(), [year, month, day]
        if digits(year, 4) && digits(month, 2) && digits(day, 2)
            && ("01"..="12").contains(month) && ("01"..="31").contains(day));
    if valid {
        return Ok(text);
    }
    let message = format!("`{}` is not a date", node.shown());
    let help = "write year, month and day: 2025-02-06";
    Err(Box::new(Diagnostic::error("wrong-value", node.caret(), message).help(help)))
}

/// Every change that is dated on or before the project's date holds. Dates of this form compare
/// as texts.
fn compatibility(date: Option<&str>) -> Compatibility {
    let since = |change: &str| date.is_some_and(|date| date >= change);
    Compatibility {
        date: date.map(str::to_owned),
        document_order: true,
        method_mismatch_is_404: true,
        outbound_on_all: since("2024-01-15"),
        literal_paths: since("2025-02-06"),
        follow_redirects: since("2025-02-06"),
        unknown_method_is_501: since("2026-03-01"),
        cors_on_refusals: true,
        zuplo_problems: true,
        strip_get_body: true,
        rate_limit_fields: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_has_the_changes_dated_on_or_before_it() {
        let switches = |date| {
            let c = compatibility(date);
            [c.outbound_on_all, c.literal_paths, c.follow_redirects, c.unknown_method_is_501]
        };
        let cases = [
            (None, [false, false, false, false]),
            (Some("2023-03-14"), [false, false, false, false]),
            (Some("2024-01-15"), [true, false, false, false]),
            (Some("2024-03-14"), [true, false, false, false]),
            (Some("2024-09-02"), [true, false, false, false]),
            (Some("2025-02-06"), [true, true, true, false]),
            (Some("2026-03-01"), [true, true, true, true]),
            (Some("2030-01-01"), [true, true, true, true]),
        ];
        for (date, expected) in cases {
            assert_eq!(switches(date), expected, "{date:?}");
        }
    }
}
