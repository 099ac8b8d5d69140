//! `corsPolicies` of `policies.json`.

use serde_json::{Map, Value};
use tollgate_core::catalog::parse_options;
use tollgate_core::project::CorsChoice;
use tollgate_core::settings::CorsSettings;

use super::check_fields;
use crate::check::did_you_mean;
use crate::check::schema::wrong_type;
use crate::{Diagnostic, Diagnostics, Node};

const FIELDS: [&str; 7] =
    ["name", "allowedOrigins", "allowedMethods", "allowedHeaders", "exposeHeaders", "maxAge", "allowCredentials"];

/// The CORS policies of a project, and which of them routes use.
#[derive(Debug, Default)]
pub(super) struct CorsPolicies {
    definitions: Vec<Definition>,
    used: Vec<CorsSettings>,
}

#[derive(Debug)]
struct Definition {
    name: String,
    settings: Option<CorsSettings>,
    diagnostics: Diagnostics,
    index: Option<usize>,
    used: bool,
}

impl CorsPolicies {
    pub(super) fn read(list: &Node<'_>, diagnostics: &mut Diagnostics) -> Self {
        if !list.value().is_array() {
            diagnostics.push(wrong_type(list, "a list"));
        }
        let definitions = list.items().filter_map(|node| Definition::read(&node, diagnostics)).collect();
        Self { definitions, used: Vec::new() }
    }

    /// The policy that a route names, in any case.
    pub(super) fn choose(&mut self, node: &Node<'_>, diagnostics: &mut Diagnostics) -> CorsChoice {
        let Some(name) = node.as_str() else {
            diagnostics.push(wrong_type(node, "the name of a CORS policy"));
            return CorsChoice::None;
        };
        match name.to_ascii_lowercase().as_str() {
            "none" => return CorsChoice::None,
            "anything-goes" => return CorsChoice::AnythingGoes,
            _ => {}
        }
        let Some(definition) = self.definitions.iter_mut().find(|known| known.name.eq_ignore_ascii_case(name)) else {
            let message = format!("there is no CORS policy `{}`", node.shown());
            let names = self.definitions.iter().map(|known| known.name.as_str()).chain(["none", "anything-goes"]);
            let help = did_you_mean(name, names)
                .or_else(|| Some("declare it under `corsPolicies` in config/policies.json".to_owned()));
            diagnostics.push(Diagnostic::error("unknown-cors-policy", node.span(), message).help_if(help));
            return CorsChoice::None;
        };
        definition.used = true;
        let Some(settings) = &definition.settings else { return CorsChoice::None };
        let index = *definition.index.get_or_insert_with(|| {
            self.used.push(settings.clone());
            self.used.len() - 1
        });
        CorsChoice::Named(index)
    }

    /// Those that are used; what is wrong with them, and as warnings what is wrong with the rest.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) -> Vec<CorsSettings> {
        for definition in self.definitions {
            super::policies::add(definition.diagnostics, definition.used, diagnostics);
        }
        self.used
    }
}

impl Definition {
    fn read(node: &Node<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let name = node.get("name").and_then(|name| name.as_str());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            diagnostics.push(Diagnostic::warning("missing-field", node.caret(), "the CORS policy has no name"));
            return None;
        };
        let mut own = Diagnostics::new();
        check_fields(node, &FIELDS, "a CORS policy", &mut own);
        let settings = parse_options::<CorsSettings>(options(node));
        let settings = match settings {
            Ok(settings) => Some(settings),
            Err(error) => {
                let at = node.nearest(&error.pointer);
                own.push(Diagnostic::error("invalid-options", at.caret(), node.redact(&error.message)));
                None
            }
        };
        Some(Self { name: name.to_owned(), settings, diagnostics: own, index: None, used: false })
    }
}

/// The fields that say something. What came out of the environment is text, whatever was meant.
fn options(node: &Node<'_>) -> Value {
    let mut options = Map::new();
    for (field, value) in node.entries().filter(|(field, value)| FIELDS.contains(field) && !value.value().is_null()) {
        let value = match (field, value.value()) {
            ("name", _) => continue,
            ("maxAge" | "allowCredentials", Value::String(text)) if value.is_expanded() => {
                serde_json::from_str(text).unwrap_or_else(|_| value.value().clone())
            }
            (_, value) => value.clone(),
        };
        options.insert(field.to_owned(), value);
    }
    // No origin is allowed where the variable that should name them is unset.
    options.entry("allowedOrigins").or_insert_with(|| Value::Array(Vec::new()));
    Value::Object(options)
}
