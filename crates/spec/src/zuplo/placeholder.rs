//! `<YOUR_DOMAIN>`: what a template leaves for its user to fill in.

use serde_json::{Value, json};
use tollgate_core::PolicyKind;

use crate::{Diagnostic, Diagnostics, Node};

/// Warns of every option of a policy that says who may call and was never filled in: nobody gets past such a policy.
/// A domain becomes one that no resolver knows (RFC 6761 §6.4), so that the project is read and nobody's tokens are good.
pub(super) fn lead_nowhere(kind: &PolicyKind, value: &mut Value, options: &Node<'_>, diagnostics: &mut Diagnostics) {
    let Some(fields) = value.as_object_mut().filter(|_| kind.authenticates) else { return };
    for (name, value) in fields {
        let Some(inner) = value.as_str().and_then(placeholder) else { continue };
        let field = options.get(name).unwrap_or_else(|| options.clone());
        let message = format!("`{}` is still to be filled in: nobody is let in before", field.shown());
        let help = format!("write what it stands for, or `$env({inner})`");
        diagnostics.push(Diagnostic::warning("placeholder", field.caret(), message).help(help));
        if name.ends_with("Domain") {
            *value = json!(format!("{}.invalid", inner.to_ascii_lowercase().replace([' ', '_'], "-")));
        }
    }
}

/// What stands between the brackets.
fn placeholder(text: &str) -> Option<String> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_ -".contains(&byte);
    (!inner.is_empty() && inner.bytes().all(plain)).then(|| inner.to_owned())
}
