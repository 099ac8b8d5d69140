//! Backends look for the issuer's keys under its name, so it must be one that they can reach.

use super::{LoadOptions, SettingsFile, settings};
use crate::check::values;
use crate::source::Span;
use crate::{Diagnostic, Diagnostics};

/// Says where `publicUrl` is needed in a project that signs tokens. `signs` is a place that makes
/// it sign, and `label` says what is there.
pub(crate) fn check(
    file: &SettingsFile,
    signs: &Span,
    label: &str,
    options: &LoadOptions<'_>,
    diagnostics: &mut Diagnostics,
) {
    let settings = &file.settings;
    if settings.public_url.is_some() {
        return;
    }
    let listen = options.listen.as_deref();
    let root = file.tree.root();
    let whole = || Span::of_file(file.tree.name().to_string());
    let help = "write `publicUrl: https://api.example.com` in tollgate.yaml: it becomes the `iss` of tokens";
    let mut say = |span: Span, message: &str| {
        let diagnostic = Diagnostic::error("public-url-needed", span, message);
        diagnostics.push(diagnostic.help(help).related(signs.clone(), label));
    };
    let address = values::listen_address(listen.unwrap_or(&settings.server.listen));
    if address.is_ok_and(|address| address.ip().is_unspecified()) {
        let span = root.at("/server/listen").filter(|_| listen.is_none()).map_or_else(whole, |node| node.span());
        say(
            span,
            "routes sign tokens, and the address to listen on does not tell under which URL backends find the keys",
        );
    }
    if settings::has_shared_store(settings, options) {
        let span = root.get("store").filter(|_| options.store.is_none()).map_or_else(whole, |node| node.span());
        say(span, "several nodes may share this store, and without `publicUrl` each would sign under its own name");
    }
}
