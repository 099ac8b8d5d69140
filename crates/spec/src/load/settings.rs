//! `tollgate.yaml` and `tollgate.<env>.yaml`: read, laid over each other, checked, typed.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use tollgate_core::catalog::parse_options;
use tollgate_core::settings::{ConnectionUrl, Destination, Settings};
use tollgate_core::units::{Interval, Size};

use super::{LoadContext, LoadOptions};
use crate::check::schema::SchemaCheck;
use crate::check::{known_or_nearest, secrets, values};
use crate::source::Span;
use crate::tree::{Arrays, Node, Tree};
use crate::{Diagnostic, Diagnostics};

/// The names that a settings file may have.
pub(crate) const NAMES: [&str; 3] = ["tollgate.yaml", "tollgate.yml", "tollgate.json"];

/// The settings, and the tree that they were read from.
#[derive(Debug)]
pub struct SettingsFile {
    /// What could be read; the default where something is wrong.
    pub settings: Settings,
    /// As written, `$env` replaced.
    pub tree: Arc<Tree>,
}

/// The JSON Schema of `tollgate.yaml`, without references.
pub(crate) fn settings_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<Settings>().to_value()
}

pub(crate) fn read(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> SettingsFile {
    let mut tree = read_files(context, diagnostics);
    tree.expand("", &|name| context.environment.get(name), diagnostics);
    let schema = SchemaCheck::new(settings_schema());
    for (pointer, value) in schema.coercions(&tree.root()) {
        if let Some((place, _)) = tree.at_mut(&pointer) {
            *place = value;
        }
    }
    let root = tree.root();
    schema.check(&root, diagnostics);
    let mut settings = typed(&root, diagnostics);
    super::authorities::read(&root, &mut settings, context, diagnostics);
    check(&root, diagnostics);
    check_master_key(&root, &settings, context.options, diagnostics);
    super::listeners::check(&root, context, diagnostics);
    check_names(&root, context, diagnostics);
    let tree = Arc::new(tree);
    diagnostics.keep_tree(Arc::clone(&tree));
    SettingsFile { settings, tree }
}

/// Whether several nodes may use the store.
pub(super) fn has_shared_store(settings: &Settings, options: &LoadOptions<'_>) -> bool {
    let url = options.store.as_deref().or(settings.store.as_ref().map(ConnectionUrl::expose));
    url.is_some_and(|url| url.trim_start().starts_with("postgres"))
}

/// Where nodes share a store and nothing else, the key that seals the signing keys lies in it beside them.
fn check_master_key(root: &Node<'_>, settings: &Settings, options: &LoadOptions<'_>, diagnostics: &mut Diagnostics) {
    let secrets = &settings.secrets;
    let known = secrets.master_key.is_some() || secrets.master_key_file.is_some();
    // A store that the command line names is this machine's affair, and `run` says the same in its log.
    if let Some(store) = root.get("store").filter(|_| options.store.is_none() && !known)
        && has_shared_store(settings, options)
    {
        let message =
            "the key that seals the signing keys is kept in this store, so that a dump of the database contains it";
        let help = "write `secrets: { masterKey: $env(TOLLGATE_MASTER_KEY) }`, with the same value on all nodes";
        diagnostics.push(Diagnostic::warning("master-key-in-store", store.span(), message).help(help));
    }
}

fn read_files(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> Tree {
    let files = context.files;
    let found: Vec<&str> = NAMES.into_iter().filter(|name| files.exists(name)).collect();
    for extra in found.iter().skip(1) {
        let message = format!("there is {} too; only that one is read", found[0]);
        diagnostics.push(Diagnostic::error("two-settings", Span::of_file(*extra), message));
    }
    // The usual name is looked for even where there is no such file, so that a watcher sees it come.
    files.remember(&files.root().join(NAMES[0]));
    let mut tree = found.first().and_then(|name| read_object(context, name, diagnostics));
    if let Some(environment) = context.options.env_name.as_deref() {
        let names = ["yaml", "yml", "json"].map(|extension| format!("tollgate.{environment}.{extension}"));
        match names.iter().find(|name| files.exists(name)) {
            Some(name) => {
                if let Some(over) = read_object(context, name, diagnostics) {
                    match &mut tree {
                        Some(tree) => tree.merge(&over, Arrays::Replace),
                        None => tree = Some(over),
                    }
                }
            }
            None => {
                let message = format!("there is no such file, and the environment `{environment}` was asked for");
                diagnostics.push(Diagnostic::error("missing-file", Span::of_file(names[0].as_str()), message));
            }
        }
    }
    tree.unwrap_or_else(|| Tree::empty(NAMES[0]))
}

/// A settings file; an empty one is an empty object. None where it cannot be read.
fn read_object(context: &LoadContext<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<Tree> {
    let bytes = match context.files.read(name) {
        Ok(bytes) => bytes,
        Err(reason) => {
            diagnostics.push(Diagnostic::error("unreadable-file", Span::of_file(name), reason));
            return None;
        }
    };
    let tree = Tree::parse(name, &bytes, diagnostics)?;
    if tree.value().is_null() {
        return None;
    }
    if !tree.value().is_object() {
        let message = "the settings must be an object: `name: value` on each line";
        diagnostics.push(Diagnostic::error("wrong-type", tree.root().span(), message));
        return None;
    }
    Some(tree)
}

/// Everything that fits into its type; what does not is left out, so that the rest can be checked.
fn typed(root: &Node<'_>, diagnostics: &mut Diagnostics) -> Settings {
    let mut kept = Map::new();
    for (name, field) in root.entries() {
        let named = matches!(name, "upstreams" | "policies" | "cors");
        let mut value = field.value().clone();
        if named && let Value::Object(entries) = &mut value {
            let mut good = Map::new();
            for (key, entry) in field.entries() {
                let one = Value::Object([(key.to_owned(), entry.value().clone())].into_iter().collect());
                if fits(name, &one, &field, diagnostics) {
                    good.insert(key.to_owned(), entry.value().clone());
                }
            }
            *entries = good;
        }
        if fits(name, &value, &field, diagnostics) {
            kept.insert(name.to_owned(), value);
        }
    }
    parse_options(Value::Object(kept)).unwrap_or_default()
}

fn fits(name: &str, value: &Value, field: &Node<'_>, diagnostics: &mut Diagnostics) -> bool {
    let one = Value::Object([(name.to_owned(), value.clone())].into_iter().collect());
    let Err(error) = parse_options::<Settings>(one) else { return true };
    // What the schema found has been said, in better words, at the same field.
    let said = diagnostics
        .iter()
        .any(|known| known.span.pointer.starts_with(field.pointer()) && known.severity == crate::Severity::Error)
        || error.message.starts_with("unknown field");
    if !said {
        let pointer = error.pointer.strip_prefix(field.pointer()).unwrap_or(&error.pointer);
        let node = field.nearest(pointer);
        let message = field.redact(&error.message);
        diagnostics.push(Diagnostic::error("wrong-value", node.caret(), message).help_if(error.help));
    }
    false
}

/// What no schema says.
fn check(root: &Node<'_>, diagnostics: &mut Diagnostics) {
    let mut say = |code, node: &Node<'_>, message: String, help: Option<String>| {
        diagnostics.push(Diagnostic::error(code, node.caret(), message).help_if(help));
    };
    let text = |pointer: &str| root.at(pointer).filter(|node| node.value().is_string());
    if let Some(node) = text("/publicUrl")
        && let Err((problem, help)) = values::public_url(node.as_str().unwrap_or_default())
    {
        say("invalid-url", &node, format!("`{}` {problem}", node.shown()), help);
    }
    for proxy in root.at("/server/trustedProxies").iter().flat_map(Node::items) {
        let valid = proxy.as_str().is_none_or(|text| text.parse::<ipnet::IpNet>().is_ok());
        if !valid {
            let help = "write an address and a prefix length, such as 10.0.0.0/8 or 192.0.2.1/32".to_owned();
            say("invalid-address", &proxy, format!("`{}` is no CIDR range", proxy.shown()), Some(help));
        }
    }
    for protocol in root.at("/server/tunnels/protocols").iter().flat_map(Node::items) {
        if let Some(Err((problem, help))) = protocol.as_str().map(values::upgrade_protocol) {
            say("invalid-protocol", &protocol, format!("`{}` {problem}", protocol.shown()), Some(help));
        }
    }
    for pointer in ["/server/http2/streamWindow", "/server/http2/connectionWindow"] {
        if let Some(node) = root.at(pointer)
            && let Ok(size) = serde_json::from_value::<Size>(node.value().clone())
            && !(65_535..1 << 31).contains(&size.0)
        {
            let help = Some("a window of HTTP/2 has at least 65535 bytes and less than 2GiB".to_owned());
            say("wrong-value", &node, format!("`{}` is no window of HTTP/2", node.shown()), help);
        }
    }
    for (_, upstream) in root.get("upstreams").iter().flat_map(|upstreams| upstreams.entries().collect::<Vec<_>>()) {
        let url = if upstream.value().is_object() { upstream.get("url") } else { Some(upstream) };
        if let Some(url) = url.filter(|url| url.value().is_string())
            && let Err((problem, help)) = values::upstream_place(url.as_str().unwrap_or_default())
        {
            say("invalid-url", &url, format!("`{}` {problem}", url.shown()), help);
        }
    }
    for document in root.get("documents").iter().flat_map(Node::items) {
        if let Some(mount) = document.get("mount").filter(|mount| mount.value().is_string()) {
            let path = mount.as_str().unwrap_or_default();
            if !path.starts_with('/') || (path.len() > 1 && path.ends_with('/')) || path.contains(['{', '?', '#']) {
                let help =
                    Some("a mount begins with `/`, does not end with one, and has no parameters: /v1".to_owned());
                say("invalid-mount", &mount, format!("`{}` is no path to mount at", mount.shown()), help);
            }
        }
        for host in document.get("hosts").iter().flat_map(Node::items) {
            if host.as_str().is_some_and(|host| !values::is_host(host)) {
                let help = Some("write a name such as api.example.com or *.example.com".to_owned());
                say("invalid-host", &host, format!("`{}` is no host", host.shown()), help);
            }
        }
    }
    if let Some(path) = text("/issuer/path")
        && !path.as_str().is_some_and(|path| path.starts_with('/') && path.len() > 1 && !path.ends_with('/'))
    {
        let help = Some("write a path such as /__tollgate/issuer".to_owned());
        say("invalid-path", &path, format!("`{}` is no path for the issuer", path.shown()), help);
    }
    if let Some(prefix) = text("/keys/prefix") {
        let chars = prefix.as_str().unwrap_or_default();
        let fits = chars.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !fits || !(2..=12).contains(&chars.len()) {
            let help = Some("a prefix has 2 to 12 lower-case letters and digits".to_owned());
            say("invalid-prefix", &prefix, format!("`{}` is no prefix for keys", prefix.shown()), help);
        }
    }
    for (pointer, schemes) in [
        ("/store", &["sqlite:", "postgres://", "postgresql://"][..]),
        ("/limits", &["memory", "redis://", "rediss://"]),
    ] {
        if let Some(node) = text(pointer)
            && !schemes.iter().any(|scheme| {
                node.as_str().is_some_and(|text| text == *scheme || scheme.contains(':') && text.starts_with(scheme))
            })
        {
            let help = Some(format!("it begins with {}", schemes.join(", ")));
            say("invalid-url", &node, format!("`{}` is not a place that is known", node.shown()), help);
        }
    }
    check_scripts(root, &mut say);
    super::logs::check(root, &mut say);
    check_consumers(root, &mut say);
}

pub(super) type Say<'a> = &'a mut dyn FnMut(&'static str, &Node<'_>, String, Option<String>);

/// Limits that would stop every call, and a stack for which the threads have no room.
fn check_scripts(root: &Node<'_>, say: Say<'_>) {
    for pointer in ["/scripts/cpu", "/scripts/wall"] {
        if let Some(node) = root.at(pointer)
            && serde_json::from_value::<Interval>(node.value().clone()).is_ok_and(|time| time.0.as_millis() == 0)
        {
            let help = Some("a limit of time has at least 1ms".to_owned());
            say("wrong-value", &node, format!("`{}` would stop every call", node.shown()), help);
        }
    }
    for (pointer, least, most, range) in [
        ("/scripts/memory", 1 << 20, u64::MAX, "it is at least 1MiB"),
        ("/scripts/stack", 64 << 10, 64 << 20, "it is at least 64KiB and at most 64MiB"),
    ] {
        if let Some(node) = root.at(pointer)
            && serde_json::from_value::<Size>(node.value().clone()).is_ok_and(|size| !(least..=most).contains(&size.0))
        {
            say("wrong-value", &node, format!("`{}` does not fit here", node.shown()), Some(range.to_owned()));
        }
    }
    if let Some(node) = root.at("/scripts/threads").filter(|node| node.value().as_u64().is_some_and(|n| n > 1024)) {
        let help = Some("more threads than cores make nothing faster; there are at most 1024".to_owned());
        say("out-of-range", &node, format!("`{}` are too many threads", node.shown()), help);
    }
    for (pointer, hosts) in [("/scripts/fetch/allow", true), ("/scripts/fetch/deny", false)] {
        for entry in root.at(pointer).iter().flat_map(Node::items) {
            let Some(text) = entry.as_str() else { continue };
            let fits = if hosts { text.parse::<Destination>().is_ok() } else { text.parse::<ipnet::IpNet>().is_ok() };
            if !fits {
                let what = if hosts { "a host, an address or a CIDR range" } else { "a CIDR range" };
                let help = "write a CIDR range such as 10.0.0.0/8".to_owned();
                let help = if hosts { format!("{help}, an address, or a host such as api.example.com") } else { help };
                say("invalid-address", &entry, format!("`{}` is not {what}", entry.shown()), Some(help));
            }
        }
    }
}

fn check_consumers(root: &Node<'_>, say: Say<'_>) {
    let mut names = HashSet::new();
    for consumer in root.get("consumers").iter().flat_map(Node::items) {
        let text = |field: &str| consumer.get(field).and_then(|node| node.as_str());
        if let (Some(name), Some(node)) = (text("name"), consumer.get("name")) {
            if !names.insert((text("bucket").unwrap_or("default").to_owned(), name.to_owned())) {
                say("duplicate-consumer", &node, format!("there is another consumer `{}`", node.shown()), None);
            }
            if name.trim().is_empty() {
                say("wrong-value", &node, "a consumer needs a name".to_owned(), None);
            }
        }
        for hash in consumer.get("keyHashes").iter().flat_map(Node::items) {
            let Some(text) = hash.as_str() else { continue };
            let digits = text.strip_prefix("sha256:").unwrap_or(text);
            if tollgate_core::keys::KeyDigest::from_hex(digits).is_none() {
                let help =
                    Some("write the 64 hexadecimal digits of its SHA-256: `tollgate key hash` prints them".to_owned());
                // Whoever wrote the key itself here must not find it again in a log of mistakes.
                say("invalid-key-hash", &hash, "this is not the hash of a key".to_owned(), help);
            }
        }
    }
}

/// Names under `policies` and `cors`: none may hide what is built in, and each must mean something.
fn check_names(root: &Node<'_>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics) {
    let catalog = context.catalog;
    for (name, policy) in root.get("policies").iter().flat_map(|policies| policies.entries().collect::<Vec<_>>()) {
        if catalog.policy(name).is_some() {
            let message = format!("`{name}` is the name of a built-in policy");
            let help = format!("give yours another name, such as `my-{name}`");
            diagnostics.push(Diagnostic::error("shadowed-policy", policy.key_span(), message).help(help));
        }
        let Some(reference) = policy.get("use") else { continue };
        let Some(used) = reference.as_str() else { continue };
        if let Some(kind) = catalog.policy(used) {
            let Some(schema) = context.schemas.policy(kind.name) else { continue };
            match policy.get("options").filter(|options| !options.value().is_null()) {
                Some(options) => {
                    secrets::check(kind, &options, false, diagnostics);
                    schema.check_value(&schema.coerced(&options), &options, diagnostics)
                }
                None => schema.check_value(&Value::Object(Map::new()), &policy, diagnostics),
            };
        } else if !super::is_module(used) {
            let names = catalog.policies.iter().map(|kind| kind.name);
            let message = format!("there is no policy `{}`", reference.shown());
            let help = known_or_nearest(used, "built-in policies", names);
            diagnostics.push(Diagnostic::error("unknown-policy", reference.span(), message).help_if(help));
        }
    }
    for (name, policy) in root.get("cors").iter().flat_map(|cors| cors.entries().collect::<Vec<_>>()) {
        if matches!(name, "none" | "anything-goes") {
            let message = format!("`{name}` is the name of a built-in CORS policy");
            diagnostics.push(Diagnostic::error("shadowed-policy", policy.key_span(), message));
        }
    }
}
