//! One `x-tollgate` object: every field read, every step an instance.

use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use tollgate_core::catalog::{Direction, parse_options};
use tollgate_core::mcp::McpOperation;
use tollgate_core::settings::TimeoutSettings;

use super::Reader;
use super::auth::Auth;
use super::handler::Handler;
use super::limit::Limit;
use super::sign::Sign;
use super::step::Step;
use super::upstream::Upstream;
use crate::Diagnostic;
use crate::check::schema::{self, SchemaCheck};
use crate::check::{known_or_nearest, mcp, point_at_nearest, values};
use crate::tree::Node;

/// The fields of `x-tollgate`, in the order of the grammar.
pub(crate) const FIELDS: [&str; 14] = [
    "upstream", "path", "guard", "auth", "limit", "inbound", "sign", "handler", "outbound", "cors", "timeouts",
    "hosts", "upgrades", "mcp",
];

/// A value and the node it was read from; the value is none where it is not in order.
#[derive(Debug, Clone)]
pub(crate) struct At<'a, T> {
    pub(crate) node: Node<'a>,
    pub(crate) value: T,
}

/// What a list of steps does to the one that is inherited.
#[derive(Debug, Clone)]
pub(crate) enum Change<'a> {
    Append(Vec<Step>),
    Replace(Vec<Step>),
    Adjust { without: Vec<Node<'a>>, add: Vec<Step> },
}

/// Which CORS policy is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cors {
    None,
    AnythingGoes,
    Named(usize),
    Broken,
}

/// What stands in one `x-tollgate`.
#[derive(Debug, Clone)]
pub(crate) struct Extension<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) upstream: Option<At<'a, Option<Upstream<'a>>>>,
    pub(crate) path: Option<At<'a, Option<Map<String, Value>>>>,
    pub(crate) guard: Vec<Step>,
    pub(crate) auth: Option<At<'a, Auth>>,
    pub(crate) limits: Vec<Limit<'a>>,
    pub(crate) inbound: Option<Change<'a>>,
    pub(crate) sign: Option<At<'a, Option<Sign<'a>>>>,
    pub(crate) handler: Option<At<'a, Handler<'a>>>,
    pub(crate) outbound: Option<Change<'a>>,
    pub(crate) cors: Option<Cors>,
    pub(crate) timeouts: TimeoutSettings,
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) upgrades: Option<Vec<Arc<str>>>,
    pub(crate) mcp: Option<At<'a, Option<Arc<McpOperation>>>>,
}

impl Reader<'_> {
    /// The extension of a document, path item or operation, where it has one.
    pub(crate) fn extension<'n>(&mut self, parent: &Node<'n>, also: &[&str]) -> Option<Extension<'n>> {
        self.misspelt(parent, also);
        let node = parent.get("x-tollgate")?;
        if !node.value().is_object() {
            let help = "write it as an object: `x-tollgate: { auth: api-key }`";
            self.diagnostics.push(schema::wrong_type(&node, "an object").help(help));
            return None;
        }
        for (name, _) in node.entries().filter(|(name, _)| !FIELDS.contains(name)) {
            self.diagnostics.push(schema::unknown_field(&node, name, FIELDS));
        }
        Some(Extension {
            upstream: node.get("upstream").map(|node| At { value: self.upstream(&node), node }),
            path: node.get("path").map(|node| At { value: self.path_rule(&node), node }),
            guard: node.get("guard").map(|node| self.steps(&node, Direction::Inbound)).unwrap_or_default(),
            auth: node.get("auth").map(|node| At { value: self.auth(&node), node }),
            limits: node.get("limit").map(|node| self.limits(&node)).unwrap_or_default(),
            inbound: node.get("inbound").map(|node| self.change(&node, Direction::Inbound)),
            sign: node.get("sign").map(|node| At { value: self.sign(&node), node }),
            handler: node.get("handler").map(|node| At { value: self.handler(&node), node }),
            outbound: node.get("outbound").map(|node| self.change(&node, Direction::Outbound)),
            cors: node.get("cors").map(|node| self.cors(&node)),
            timeouts: node.get("timeouts").map(|node| self.timeouts(&node)).unwrap_or_default(),
            hosts: node.get("hosts").map(|node| self.hosts(&node)),
            upgrades: node.get("upgrades").map(|node| self.upgrades(&node)),
            mcp: node.get("mcp").map(|node| At { value: mcp::read(node.value(), &node, self.diagnostics), node }),
            node,
        })
    }

    /// `x-tolgate` would silently be nobody's.
    fn misspelt(&mut self, parent: &Node<'_>, also: &[&str]) {
        let ours: Vec<&str> = ["x-tollgate"].into_iter().chain(also.iter().copied()).collect();
        for (name, field) in parent.entries() {
            if !name.starts_with("x-") || ours.contains(&name) {
                continue;
            }
            let nearest = ours.iter().find(|ours| strsim::damerau_levenshtein(name, ours) <= 2);
            if let Some(nearest) = nearest {
                let message = format!("`{name}` means nothing");
                let help = format!("did you mean `{nearest}`?");
                self.diagnostics.push(Diagnostic::error("unknown-field", field.key_span(), message).help(help));
            } else if name.starts_with("x-tollgate") {
                let message = format!("`{name}` means nothing here");
                let help = format!("here may stand: `{}`", ours.join("`, `"));
                self.diagnostics.push(Diagnostic::error("unknown-field", field.key_span(), message).help(help));
            }
        }
    }

    fn change<'n>(&mut self, node: &Node<'n>, direction: Direction) -> Change<'n> {
        let Value::Object(map) = node.value() else { return Change::Append(self.steps(node, direction)) };
        const FIELDS: [&str; 3] = ["replace", "without", "add"];
        for (name, _) in node.entries().filter(|(name, _)| !FIELDS.contains(name)) {
            let unknown = schema::unknown_field(node, name, FIELDS);
            let help =
                "steps are a list, each with `- ` in front; `replace`, `without` and `add` change an inherited one";
            self.diagnostics.push(if unknown.help.as_deref().is_some_and(|help| help.starts_with("did")) {
                unknown
            } else {
                unknown.help(help)
            });
        }
        if let Some(replace) = node.get("replace") {
            if map.contains_key("without") || map.contains_key("add") {
                let message = "`replace` replaces everything, so `without` and `add` have nothing to do";
                self.diagnostics.push(Diagnostic::error("ambiguous-steps", replace.key_span(), message));
            }
            return Change::Replace(self.steps(&replace, direction));
        }
        let add = node.get("add").map(|add| self.steps(&add, direction)).unwrap_or_default();
        let mut without = Vec::new();
        if let Some(list) = node.get("without") {
            if !list.value().is_array() {
                self.diagnostics.push(schema::wrong_type(&list, "a list of names"));
            }
            without.extend(list.items().filter(|name| self.expect_text(name)));
        }
        Change::Adjust { without, add }
    }

    fn cors(&mut self, node: &Node<'_>) -> Cors {
        if !self.expect_text(node) {
            return Cors::Broken;
        }
        match node.as_str().unwrap_or_default() {
            "none" => Cors::None,
            "anything-goes" => Cors::AnythingGoes,
            name => {
                if let Some(index) = self.settings.settings.cors.get_index_of(name) {
                    return Cors::Named(index);
                }
                let root = self.settings.tree.root();
                let known = root.get("cors");
                if known.as_ref().and_then(|known| known.get(name)).is_none() {
                    let own = known.iter().flat_map(|all| all.entries().map(|(name, _)| name).collect::<Vec<_>>());
                    let names: Vec<&str> = ["none", "anything-goes"].into_iter().chain(own).collect();
                    let message = format!("there is no CORS policy `{}`", node.shown());
                    let help = known_or_nearest(name, "CORS policies", names.iter().copied());
                    let diagnostic = Diagnostic::error("unknown-cors", node.span(), message).help_if(help);
                    self.diagnostics.push(point_at_nearest(diagnostic, name, known.as_ref()));
                }
                Cors::Broken
            }
        }
    }

    fn timeouts(&mut self, node: &Node<'_>) -> TimeoutSettings {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let schema = settings.into_generator().into_root_schema_for::<TimeoutSettings>().to_value();
        if !SchemaCheck::new(schema).check(node, self.diagnostics) {
            return TimeoutSettings::default();
        }
        parse_options(node.value().clone()).unwrap_or_else(|error| {
            let place = node.nearest(&error.pointer);
            self.diagnostics.push(Diagnostic::error("wrong-value", place.caret(), node.redact(&error.message)));
            TimeoutSettings::default()
        })
    }

    fn hosts(&mut self, node: &Node<'_>) -> Vec<String> {
        if !node.value().is_array() {
            let help = "write `hosts: [api.example.com]`";
            self.diagnostics.push(schema::wrong_type(node, "a list of hosts").help(help));
            return Vec::new();
        }
        let mut hosts = Vec::new();
        for host in node.items().filter(|host| self.expect_text(host)).collect::<Vec<_>>() {
            let text = host.as_str().unwrap_or_default();
            if values::is_host(text) {
                hosts.push(text.to_ascii_lowercase());
            } else {
                let message = format!("`{}` is no host", host.shown());
                let help = "write a name such as api.example.com or *.example.com, without scheme and port";
                self.diagnostics.push(Diagnostic::error("invalid-host", host.span(), message).help(help));
            }
        }
        hosts
    }

    /// Each is one that the server lets through at all: a route can only allow less.
    fn upgrades(&mut self, node: &Node<'_>) -> Vec<Arc<str>> {
        if !node.value().is_array() {
            let help = "write `upgrades: [websocket]`, or `upgrades: []` for none";
            self.diagnostics.push(schema::wrong_type(node, "a list of protocols").help(help));
            return Vec::new();
        }
        let mut upgrades = Vec::new();
        for protocol in node.items().filter(|protocol| self.expect_text(protocol)).collect::<Vec<_>>() {
            let text = protocol.as_str().unwrap_or_default();
            let known = &self.settings.settings.server.tunnels.protocols;
            if known.iter().any(|known| known.eq_ignore_ascii_case(text)) {
                upgrades.push(text.to_ascii_lowercase().into());
                continue;
            }
            let message = format!("no request may upgrade to `{}`", protocol.shown());
            let help = "name one of `server.tunnels.protocols` in tollgate.yaml, or add it there";
            self.diagnostics.push(Diagnostic::error("unknown-protocol", protocol.span(), message).help(help));
        }
        upgrades
    }
}
