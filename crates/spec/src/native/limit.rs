//! limit = RATE | LIMIT | [LIMIT, …]; LIMIT = { by?, rate }; `by` may be a function of a module.

use serde_json::{Map, Value};
use tollgate_core::project::ExportRole;
use tollgate_core::units::Rate;

use super::Reader;
use super::step::id_of;
use crate::Diagnostic;
use crate::check::suggest::nearest;
use crate::check::{did_you_mean, schema};
use crate::load::is_module;
use crate::tree::Node;

/// The built-in policy that limits become.
const KIND: &str = "rate-limit";

/// A limit that is in order.
#[derive(Debug, Clone)]
pub(crate) struct Limit<'a> {
    node: Node<'a>,
    /// As written; the user where there is one, else the address.
    by: Option<String>,
    rate: Value,
}

impl Reader<'_> {
    /// Reads a limit or a list of them.
    pub(crate) fn limits<'n>(&mut self, node: &Node<'n>) -> Vec<Limit<'n>> {
        match node.value() {
            Value::Array(_) => node.items().filter_map(|item| self.limit(&item)).collect(),
            _ => self.limit(node).into_iter().collect(),
        }
    }

    fn limit<'n>(&mut self, node: &Node<'n>) -> Option<Limit<'n>> {
        match node.value() {
            Value::String(_) => Some(Limit { node: node.clone(), by: None, rate: self.rate(node)? }),
            Value::Object(_) => {
                for (name, _) in node.entries().filter(|(name, _)| !matches!(*name, "by" | "rate")) {
                    self.diagnostics.push(schema::unknown_field(node, name, ["by", "rate"]));
                }
                let by = node.get("by").map(|by| self.by(&by));
                let Some(rate) = node.get("rate") else {
                    let missing = Diagnostic::error("missing-field", node.key_span(), "`rate` is missing");
                    self.diagnostics.push(missing.help("for example: rate: 100/m"));
                    return None;
                };
                let by = match by {
                    None => None,
                    Some(by) => Some(by?),
                };
                let rate = if rate.value().is_object() { self.rates(&rate, by.as_deref())? } else { self.rate(&rate)? };
                Some(Limit { node: node.clone(), by, rate })
            }
            _ => {
                let wrong = schema::wrong_type(node, "a rate");
                self.diagnostics.push(wrong.help("write 100/m, 10/15m or 5/s, or `{ by: ip, rate: 100/m }`"));
                None
            }
        }
    }

    fn by(&mut self, node: &Node<'_>) -> Option<String> {
        if !self.expect_text(node) {
            return None;
        }
        let text = node.as_str()?;
        if is_module(text) {
            self.export(text, ExportRole::Function, node, node.span())?;
            return Some(text.to_owned());
        }
        let field = text.strip_prefix("user.data.");
        if matches!(text, "user" | "ip" | "all")
            || field.is_some_and(|path| path.split('.').all(|part| !part.is_empty()))
        {
            return Some(text.to_owned());
        }
        let message = format!("`{}` is nothing to count by", node.shown());
        let help = did_you_mean(text, ["user", "ip", "all"]).unwrap_or_else(|| {
            "count by `user`, `ip`, `all`, a field of the consumer's metadata (`user.data.plan`) or a function (`./modules/limits.ts#byTenant`)".to_owned()
        });
        self.diagnostics.push(Diagnostic::error("wrong-value", node.span(), message).help(help));
        None
    }

    fn rate(&mut self, node: &Node<'_>) -> Option<Value> {
        let Some(text) = node.as_str() else {
            let wrong = schema::wrong_type(node, "a rate");
            self.diagnostics.push(wrong.help("so many in so long: 100/m, 10/15m, 5/s"));
            return None;
        };
        match text.parse::<Rate>() {
            Ok(rate) => Some(Value::String(rate.to_string())),
            Err(_) => {
                let message = format!("`{}` is not a rate", node.shown());
                let help = "so many in so long, in seconds, minutes, hours or days: 100/m, 10/15m, 5/s";
                self.diagnostics.push(Diagnostic::error("wrong-value", node.span(), message).help(help));
                None
            }
        }
    }

    /// Rates by a field of the consumer's metadata.
    fn rates(&mut self, node: &Node<'_>, by: Option<&str>) -> Option<Value> {
        if !by.is_some_and(|by| by.starts_with("user.data.")) {
            let message = "rates by value need a field whose value decides";
            let help = "write it under `by`, such as `by: user.data.plan`";
            self.diagnostics.push(Diagnostic::error("missing-field", node.key_span(), message).help(help));
            return None;
        }
        if node.get("default").is_none() {
            let message = "`default` is missing: the rate of everyone whose value is not listed";
            let missing = Diagnostic::error("missing-field", node.key_span(), message);
            self.diagnostics.push(match nearest("default", node.entries().map(|(name, _)| name)) {
                Some(name) => {
                    let span = node.get(name).map_or_else(|| node.key_span(), |field| field.key_span());
                    missing.related(span, "is this meant to be `default`?")
                }
                None => missing,
            });
        }
        let mut rates = Map::new();
        for (value, rate) in node.entries() {
            rates.insert(value.to_owned(), self.rate(&rate)?);
        }
        Some(Value::Object(rates))
    }

    /// The instance of a limit, shared by all routes that inherit it. Where nothing says what to
    /// count by, the policy counts users on routes that know one, else addresses.
    pub(crate) fn limit_instance(&mut self, limit: &Limit<'_>) -> usize {
        let mut options = Map::new();
        if let Some(by) = &limit.by {
            options.insert("by".to_owned(), Value::String(by.clone()));
        }
        options.insert("rate".to_owned(), limit.rate.clone());
        self.instances.built_in(&id_of(&limit.node), KIND, Value::Object(options), limit.node.span().place())
    }

    /// Says so where a limit counts by a user whom nobody has told.
    pub(crate) fn check_limit(&mut self, limit: &Limit<'_>, operation: &Node<'_>) {
        if limit.by.as_deref().is_some_and(|by| by.starts_with("user")) {
            let by = limit.node.get("by").unwrap_or_else(|| limit.node.clone());
            let message = "this limit counts by user, and a route that it applies to is public";
            let diagnostic = Diagnostic::warning("limit-without-user", by.span(), message);
            self.diagnostics.push(diagnostic.related(operation.key_span(), "public route").help("count by `ip` there"));
        }
    }
}
