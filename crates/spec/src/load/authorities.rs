//! `upstreams.<name>.tls.ca`: the certificates of authorities, read with the project, so that a
//! changed file is a changed project.

use tollgate_core::settings::{Settings, UpstreamOrUrl};

use super::LoadContext;
use crate::tree::Node;
use crate::{Diagnostic, Diagnostics};

/// What a PEM text of certificates has in it (RFC 7468 §5.1).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Puts the text of every file that `tls.ca` names in the place of its name. A relative path is
/// one below the project's folder.
pub(super) fn read(root: &Node<'_>, settings: &mut Settings, context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
    for (name, upstream) in &mut settings.upstreams {
        let UpstreamOrUrl::Upstream(upstream) = upstream else { continue };
        let Some(ca) = upstream.tls.ca.as_mut().filter(|ca| !ca.contains("-----BEGIN")) else { continue };
        let node = root.get("upstreams").and_then(|all| all.get(name)?.get("tls")?.get("ca"));
        let mut say = |message: String, help: &str| {
            if let Some(node) = &node {
                diagnostics.push(Diagnostic::error("invalid-ca", node.caret(), message).help(help));
            }
        };
        let shown = node.as_ref().map(Node::shown).unwrap_or_default();
        match context.files.read(ca).map(String::from_utf8) {
            Ok(Ok(text)) if text.contains(BEGIN) => *ca = text,
            Ok(_) => say(
                format!("there is no certificate in `{shown}`"),
                "name a PEM file: it has lines such as `-----BEGIN CERTIFICATE-----`",
            ),
            Err(reason) => say(
                format!("`{shown}` cannot be read: {reason}"),
                "a relative path is looked up below the project's folder",
            ),
        }
    }
}
