//! Secrets that are written out in a file of the project, where whoever reads the repository finds them.

use tollgate_core::PolicyKind;

use crate::{Diagnostic, Diagnostics, Node};

/// Says which of a policy's secrets are written out. `options` are its options as they are written; `bare`
/// says that they are a single value, which stands for the option `shorthand`.
pub(crate) fn check(kind: &PolicyKind, options: &Node<'_>, bare: bool, diagnostics: &mut Diagnostics) {
    for pointer in kind.secrets {
        let found = match pointer.strip_prefix('/').filter(|_| bare) {
            Some(name) if kind.shorthand == Some(name) => vec![options.clone()],
            Some(_) => Vec::new(),
            None => at(options, pointer),
        };
        for secret in found.iter().filter(|node| is_written_out(node)) {
            let message = "a secret is written out here, for everybody who can read the file".to_owned();
            let help = "take it from the environment: $env(NAME)";
            diagnostics.push(Diagnostic::warning("secret-in-file", secret.caret(), message).help(help));
        }
    }
}

fn is_written_out(node: &Node<'_>) -> bool {
    !node.is_expanded() && !node.has_env() && node.as_str().is_some_and(|text| !text.is_empty())
}

/// The nodes of a pointer in which `*` stands for every item of a list.
fn at<'a>(options: &Node<'a>, pointer: &str) -> Vec<Node<'a>> {
    pointer.split('/').skip(1).fold(vec![options.clone()], |nodes, token| {
        nodes
            .iter()
            .flat_map(|node| {
                if token == "*" { node.items().collect() } else { node.get(token).into_iter().collect::<Vec<_>>() }
            })
            .collect()
    })
}
