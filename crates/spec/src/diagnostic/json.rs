//! Diagnostics for programs.

use serde_json::{Value, json};

use super::Diagnostics;
use crate::source::Span;

pub(super) fn render(diagnostics: &Diagnostics) -> Value {
    let (errors, warnings) = diagnostics.counts();
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let mut object = json!({
                "severity": diagnostic.severity.as_str(),
                "code": diagnostic.code,
                "message": diagnostic.message,
                "help": diagnostic.help,
                "related": diagnostic.related.iter().map(|related| {
                    let mut object = place(&related.span);
                    object["label"] = json!(related.label);
                    object
                }).collect::<Vec<_>>(),
            });
            if let (Value::Object(object), Value::Object(place)) = (&mut object, place(&diagnostic.span)) {
                object.extend(place);
            }
            object
        })
        .collect();
    json!({ "diagnostics": list, "errors": errors, "warnings": warnings })
}

/// File, pointer, and where the file was read, lines and columns from 1.
fn place(span: &Span) -> Value {
    let mut object = json!({ "file": &**span.source.name(), "pointer": span.pointer });
    if let Some((line, column)) = span.start() {
        let (end_line, end_column) = span.source.line_column(span.range.end);
        object["line"] = json!(line);
        object["column"] = json!(column);
        object["endLine"] = json!(end_line);
        object["endColumn"] = json!(end_column);
    }
    object
}
