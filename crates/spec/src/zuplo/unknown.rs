//! Options that a built-in policy or handler does not have.

use serde_json::Value;

use crate::check::did_you_mean;
use crate::{Diagnostic, Diagnostics, Node};

/// Takes out of the options of `name` what its schema does not name, each with a warning: projects carry options that
/// their gateway has never read, and shall run unchanged. One that is nearly the name of another is left for the schema
/// to refuse, so that a misspelt option never means its default.
pub(super) fn pass_over(
    name: &str,
    schema: &Value,
    value: &mut Value,
    options: &Node<'_>,
    diagnostics: &mut Diagnostics,
) {
    let (Some(known), Value::Object(fields)) = (schema.get("properties").and_then(Value::as_object), value) else {
        return;
    };
    // Where any name may stand, each means something.
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return;
    }
    fields.retain(|field, _| {
        let names = known.keys().map(String::as_str);
        if known.contains_key(field) || did_you_mean(field, names).is_some() {
            return true;
        }
        let span = options.get(field).map_or_else(|| options.caret(), |field| field.key_span());
        let message = format!("`{name}` has no option `{field}`: it has no effect");
        diagnostics.push(Diagnostic::warning("unknown-option", span, message));
        false
    });
}
