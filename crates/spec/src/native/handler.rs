//! handler = forward (default) | redirect | openapi | mock | REF with options.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value};
use tollgate_core::project::{ExportRole, HandlerDefinition};
use tollgate_core::services::Export;

use super::Reader;
use super::module::options_of;
use super::step::{Reference, id_of};
use crate::Diagnostic;
use crate::check::{known_or_nearest, schema};
use crate::load::is_module;
use crate::tree::Node;

/// What a written `handler` says.
#[derive(Debug, Clone)]
pub(crate) enum Handler<'a> {
    /// One of the catalog's, with its options.
    BuiltIn { name: &'static str, options: Map<String, Value>, node: Node<'a> },
    /// An export of a module, with whatever options it takes.
    Module { export: Export, options: Value, node: Node<'a> },
    /// `mock`: an instance of `mock-api` that answers.
    Mock(usize),
    /// Not in order, which has been said.
    Broken,
}

/// The handlers of the latest routes, as they were lowered.
///
/// Most routes have all of theirs from the document or its path item, and so the same as a route a
/// little before them: of thousands of routes a handful of definitions is kept.
#[derive(Debug, Default)]
pub(crate) struct Handlers(VecDeque<Arc<HandlerDefinition>>);

/// How many are compared with the next.
const LATEST: usize = 8;

impl Handlers {
    /// What an earlier route has, where it is the same.
    pub(crate) fn share(&mut self, definition: HandlerDefinition) -> Arc<HandlerDefinition> {
        if let Some(known) = self.0.iter().find(|known| ***known == definition) {
            return Arc::clone(known);
        }
        let definition = Arc::new(definition);
        self.0.truncate(LATEST - 1);
        self.0.push_front(Arc::clone(&definition));
        definition
    }
}

impl Reader<'_> {
    pub(crate) fn handler<'n>(&mut self, node: &Node<'n>) -> Handler<'n> {
        let Some(reference) = self.reference(node, "handler") else { return Handler::Broken };
        if is_module(reference.name) {
            let span = if node.get("use").is_some() { reference.name_node.span() } else { node.caret() };
            let Some(export) = self.export(reference.name, ExportRole::Handler, &reference.name_node, span) else {
                return Handler::Broken;
            };
            let options = options_of(reference.options.as_ref());
            return Handler::Module { export, options, node: reference.options.unwrap_or_else(|| node.clone()) };
        }
        if reference.name == "mock" {
            return self.mock(&reference, node);
        }
        let Some(kind) = self.catalog.handler(reference.name) else {
            let names: Vec<&str> = self.catalog.handlers.iter().map(|kind| kind.name).chain(["mock"]).collect();
            let span = if node.value().is_string() || node.get("use").is_some() {
                reference.name_node.span()
            } else {
                reference.name_node.key_span()
            };
            let message = format!("there is no handler `{}`", reference.shown());
            let help = known_or_nearest(reference.name, "handlers", names.iter().copied());
            self.diagnostics.push(Diagnostic::error("unknown-handler", span, message).help_if(help));
            return Handler::Broken;
        };
        let options = match &reference.options {
            None => Map::new(),
            Some(options) => match options.value() {
                Value::Object(map) => map.clone(),
                _ => {
                    self.diagnostics.push(schema::wrong_type(options, "the handler's options"));
                    return Handler::Broken;
                }
            },
        };
        let place = reference.options.unwrap_or_else(|| node.clone());
        if kind.name == "forward" {
            if let Some(field) =
                ["upstream", "path"].iter().find_map(|name| place.get(name).filter(|_| options.contains_key(*name)))
            {
                let message = format!("`{}` is written under `x-tollgate`, not in the handler", field.name());
                self.diagnostics.push(Diagnostic::error("unknown-field", field.key_span(), message));
                return Handler::Broken;
            }
        } else if let Some(schema) = self.schemas.handler(kind.name)
            && !schema.check_value(&Value::Object(options.clone()), &place, self.diagnostics)
        {
            return Handler::Broken;
        }
        let named = (kind.functions)(&Value::Object(options.clone()));
        self.functions_at(named, &place);
        Handler::BuiltIn { name: kind.name, options, node: place }
    }

    /// Options of `forward`, once its upstream and path are known.
    pub(crate) fn check_forward(&mut self, options: &Value, node: &Node<'_>) {
        if let Some(schema) = self.schemas.handler("forward") {
            schema.check_value(options, node, self.diagnostics);
        }
    }

    fn mock<'n>(&mut self, reference: &Reference<'n>, node: &Node<'n>) -> Handler<'n> {
        let empty = Value::Object(Map::new());
        let place = reference.options.as_ref().unwrap_or(node);
        let options = reference.options.as_ref().map_or(&empty, |options| options.value());
        let fits =
            self.schemas.policy("mock-api").is_none_or(|schema| schema.check_value(options, place, self.diagnostics));
        if !fits {
            return Handler::Broken;
        }
        Handler::Mock(self.instances.built_in(&id_of(node), "mock-api", options.clone(), place.span().place()))
    }
}
