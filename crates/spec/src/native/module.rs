//! `./modules/file.ts#export`: steps, handlers and functions that are code of the project.

use serde_json::Value;
use tollgate_core::PolicyKind;
use tollgate_core::project::{ExportRole, Use};
use tollgate_core::services::Export;

use super::Reader;
use super::step::{Authenticates, Reference, Step, id_of};
use crate::Diagnostic;
use crate::load::modules;
use crate::source::Span;
use crate::tree::Node;

impl Reader<'_> {
    /// What a reference names, remembered for linking. None where there is no such file, which has
    /// been said.
    pub(crate) fn export(&mut self, reference: &str, role: ExportRole, node: &Node<'_>, span: Span) -> Option<Export> {
        let module = reference.split('#').next().unwrap_or(reference);
        if reference.ends_with('#') {
            let message = format!("`{reference}` names no export");
            let help = format!("write its name behind the `#`; the default export is `{module}`");
            self.diagnostics.push(Diagnostic::error("missing-module", span, message).help(help));
            return None;
        }
        self.known_export(Export::from_reference(reference), module, role, node, span)
    }

    fn known_export(
        &mut self,
        export: Option<Export>,
        module: &str,
        role: ExportRole,
        node: &Node<'_>,
        span: Span,
    ) -> Option<Export> {
        let Some(export) = export else {
            self.diagnostics.push(modules::not_a_file(module, span));
            return None;
        };
        if let Err(diagnostic) = modules::check_file(self.files, &export, module, span) {
            self.diagnostics.push(*diagnostic);
            return None;
        }
        let named = modules::named(export.clone(), role, node);
        // A named policy is read wherever a step names it.
        if !self.exports.contains(&named) {
            self.exports.push(named);
        }
        Some(export)
    }

    /// A step that is code of the project: its options are for that code alone.
    pub(crate) fn module_step(&mut self, reference: &Reference<'_>, node: &Node<'_>, span: Span) -> Option<Step> {
        let export = self.export(reference.name, ExportRole::Policy, &reference.name_node, span)?;
        let alias = reference.alias.as_ref().and_then(|alias| alias.as_str());
        let name = alias.map_or_else(|| name_of(&export), str::to_owned);
        let options = options_of(reference.options.as_ref());
        let place = reference.options.as_ref().unwrap_or(node).span().place();
        let policy = self.instances.add(&id_of(node), &name, Use::Module(export), options, place);
        Some(Step { policy, name: name.into(), authenticates: Authenticates::Perhaps, named: None })
    }

    /// The functions of modules that the options of a built-in policy name.
    pub(crate) fn functions(&mut self, kind: &PolicyKind, value: &Value, options: &Node<'_>) {
        self.functions_at((kind.functions)(value), options);
    }

    /// The same for what options name at these pointers.
    pub(crate) fn functions_at(&mut self, named: Vec<(impl AsRef<str>, Option<Export>)>, options: &Node<'_>) {
        for (pointer, export) in named {
            let node = options.nearest(pointer.as_ref());
            let module = node.get("module").unwrap_or_else(|| node.clone());
            let written = module.shown();
            let written = written.split('#').next().unwrap_or_default();
            self.known_export(export, written, ExportRole::Function, &node, module.caret());
        }
    }
}

/// The options of a step or handler that is code: an empty object where there are none.
pub(crate) fn options_of(node: Option<&Node<'_>>) -> Value {
    node.map_or_else(|| Value::Object(serde_json::Map::new()), |node| node.value().clone())
}

/// What logs call an export that was given no other name: its own, or its file's for the default one.
fn name_of(export: &Export) -> String {
    if export.name != "default" {
        return export.name.clone();
    }
    let file = export.path.rsplit('/').next().unwrap_or(&export.path);
    file.split('.').next().unwrap_or(file).to_owned()
}
