//! What no schema says of the access log's sinks.

use std::collections::HashMap;

use serde_json::Value;
use tollgate_core::units::{Interval, Ratio, Size};

use super::settings::Say;
use crate::tree::Node;

pub(super) fn check(root: &Node<'_>, say: Say<'_>) {
    if let Some(share) = root.at("/accessLog/sample")
        && typed::<Ratio>(&share).is_none()
    {
        say("wrong-value", &share, format!("`{}` is no share", share.shown()), Some("write 10% or 0.1".to_owned()));
    }
    let mut paths: HashMap<String, String> = HashMap::new();
    for (name, file) in entries(root, "/accessLog/files") {
        check_name(&name, &file, say);
        if let Some(path) = file.get("path").filter(|path| path.value().is_string()) {
            let text = path.as_str().unwrap_or_default().to_owned();
            if text.is_empty() || text.ends_with('/') {
                let help =
                    Some("write the path of a file, such as access.log or /var/log/tollgate/access.log".to_owned());
                say("wrong-value", &path, format!("`{}` is no path of a file", path.shown()), help);
            } else if let Some(other) = paths.insert(text, name.clone()) {
                let message = format!("`{other}` writes to the same file");
                say("duplicate-path", &path, message, Some("give each its own".to_owned()));
            }
        }
        least(&file, "rotateSize", 4 << 10, true, "a file is put aside at 4KiB or later; 0 switches that off", say);
        if let Some(every) = file.get("rotateEvery")
            && typed::<Interval>(&every).is_some_and(|every| every.0.as_secs() == 0)
        {
            say(
                "wrong-value",
                &every,
                format!("`{}` is too short", every.shown()),
                Some("it is at least 1s".to_owned()),
            );
        }
    }
    for (name, server) in entries(root, "/accessLog/http") {
        check_name(&name, &server, say);
        check_server(&server, say);
        least(&server, "queue", 64 << 10, false, "a queue has room for 64KiB at least", say);
    }
}

fn check_server(server: &Node<'_>, say: Say<'_>) {
    if let Some(url) = server.get("url").filter(|url| url.value().is_string())
        && !url.as_str().is_some_and(|text| {
            text.parse::<url::Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        })
    {
        // There may be a token in it.
        let help = Some("write the whole address, such as https://loki.example/loki/api/v1/push".to_owned());
        say("invalid-url", &url, "this is no http or https URL".to_owned(), help);
    }
    let preset = server.get("preset").and_then(|preset| preset.as_str().map(str::to_owned)).unwrap_or_default();
    match (server.get("index"), preset.as_str()) {
        (None, "elastic") => {
            let help = "write `index: logs-tollgate-default`, or the name of your index or data stream".to_owned();
            say("missing-field", server, "Elastic wants to know the index".to_owned(), Some(help));
        }
        (Some(index), "loki" | "datadog" | "ndjson" | "") => {
            let message = "this preset has no index".to_owned();
            say("wrong-value", &index, message, Some("leave it out".to_owned()));
        }
        _ => {}
    }
    let Some(labels) = server.get("labels") else { return };
    let labels_of: Vec<_> = labels.entries().collect();
    match preset.as_str() {
        "elastic" | "ndjson" | "" if !labels_of.is_empty() => {
            let message = "labels mean nothing to this preset".to_owned();
            say(
                "wrong-value",
                &labels,
                message,
                Some("loki, datadog and splunk have labels; leave them out".to_owned()),
            );
        }
        "loki" => {
            for (name, value) in labels_of {
                let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
                if !first || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    let help =
                        "a label of Loki has letters, digits and `_`, and does not begin with a digit".to_owned();
                    say("wrong-value", &value, format!("`{name}` is no label"), Some(help));
                }
            }
        }
        _ => {}
    }
}

/// It is a value of a label in the metrics, and part of what an operator types.
fn check_name(name: &str, at: &Node<'_>, say: Say<'_>) {
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !fits || !(1..=40).contains(&name.len()) {
        let help = "a name has up to 40 letters, digits, `-` and `_`".to_owned();
        say("wrong-name", at, format!("`{name}` is no name for it"), Some(help));
    }
}

fn least(of: &Node<'_>, field: &str, least: u64, zero: bool, help: &str, say: Say<'_>) {
    if let Some(node) = of.get(field)
        && typed::<Size>(&node).is_some_and(|size| size.0 < least && !(zero && size.0 == 0))
    {
        say("wrong-value", &node, format!("`{}` is too small", node.shown()), Some(help.to_owned()));
    }
}

fn typed<T: serde::de::DeserializeOwned>(node: &Node<'_>) -> Option<T> {
    serde_json::from_value(node.value().clone()).ok()
}

fn entries<'t>(root: &Node<'t>, pointer: &str) -> Vec<(String, Node<'t>)> {
    let Some(map) = root.at(pointer).filter(|map| matches!(map.value(), Value::Object(_))) else { return Vec::new() };
    map.entries().map(|(name, entry)| (name.to_owned(), entry)).collect()
}
