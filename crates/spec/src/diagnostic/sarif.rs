//! Diagnostics as SARIF 2.1.0 (OASIS), the form that code scanning reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics};
use crate::source::Span;

pub(super) fn render(diagnostics: &Diagnostics) -> Value {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tollgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": diagnostics.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(diagnostic: &Diagnostic) -> Value {
    let text = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": diagnostic.severity.as_str(),
        "message": { "text": text },
        "locations": [location(&diagnostic.span)],
    });
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().enumerate().map(|(index, related)| {
            let mut location = location(&related.span);
            location["id"] = json!(index + 1);
            location["message"] = json!({ "text": related.label });
            location
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(span: &Span) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(span.source.name()) } });
    if let Some((line, column)) = span.start() {
        let (end_line, end_column) = span.source.line_column(span.range.end);
        physical["region"] =
            json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column });
    }
    json!({ "physicalLocation": physical })
}

/// A file's name as a relative URI reference.
fn uri(name: &str) -> String {
    if name.contains("://") {
        return name.to_owned();
    }
    const KEEP: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(name, KEEP).to_string()
}
