//! Picks one of several base URLs by weight, for handlers and scripts to read.
//!
//! For a canary or a move between backends. Where one backend has several addresses, `upstreams` spread the
//! load and know which of them are well.

use http::Uri;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Policy, Request, Step};

use crate::random;

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<TrafficSplitting>("traffic-splitting", Direction::Inbound, include_str!("docs.md"))
        .exports(&["TrafficSplittingInboundPolicy"]);

/// Between which URLs, and where the chosen one is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// The URLs, and their weights.
    base_paths: Vec<BasePath>,
    /// The dotted path below `context.custom` where the chosen URL is written: `trafficSplitting.basePath`.
    custom_output_property: String,
    /// Whether the access log says which one was chosen. Default: false.
    #[serde(default)]
    log_selection: bool,
}

/// A URL that may be chosen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BasePath {
    /// The URL, with or without a path.
    url: String,
    /// How often it is chosen, in relation to the others; 0 for never.
    weight: f64,
}

/// See the module.
#[derive(Debug)]
struct TrafficSplitting {
    /// Each with the sum of the weights up to and with its own.
    urls: Vec<(f64, Value)>,
    total: f64,
    path: Vec<String>,
    log: bool,
}

impl Configure for TrafficSplitting {
    type Options = Options;

    fn configure(options: Options, _: &BuildContext<'_>) -> Result<Self, BuildError> {
        let mut urls = Vec::with_capacity(options.base_paths.len());
        let mut total = 0.0;
        for (index, BasePath { url, weight }) in options.base_paths.into_iter().enumerate() {
            let at = |field: &str, message: String| BuildError::at(format!("/basePaths/{index}/{field}"), message);
            if !weight.is_finite() || weight < 0.0 {
                return Err(at("weight", format!("{weight} is no weight")).help("a number of at least 0"));
            }
            if !is_web_url(&url) {
                return Err(at("url", format!("`{url}` is not the URL of a backend"))
                    .help("write it whole: http://HOST:PORT or https://HOST/PATH, without user and password"));
            }
            total += weight;
            urls.push((total, Value::String(url)));
        }
        if total <= 0.0 || !total.is_finite() {
            return Err(BuildError::at("/basePaths", "there is nothing to choose from")
                .help("give at least one URL with a weight above 0"));
        }
        let path: Vec<String> = options.custom_output_property.split('.').map(str::to_owned).collect();
        if path.iter().any(|name| !is_plain(name)) {
            let message = format!("`{}` is not a dotted path", options.custom_output_property);
            return Err(BuildError::at("/customOutputProperty", message)
                .help("names of letters, digits, - and _ with dots between them: trafficSplitting.basePath"));
        }
        Ok(Self { urls, total, path, log: options.log_selection })
    }
}

/// What a script can read as `context.custom.NAME`.
fn is_plain(name: &str) -> bool {
    // In a script these are not members of the bag, but what is behind it.
    let reserved = ["__proto__", "constructor", "prototype"].contains(&name);
    !reserved && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$".contains(&b))
}

fn is_web_url(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri
                .authority()
                .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
    })
}

impl TrafficSplitting {
    /// The URL in whose part of the whole a number of at least 0 and less than 1 lies.
    fn choose(&self, number: f64) -> &Value {
        let at = number * self.total;
        let index = self.urls.partition_point(|(sum, _)| *sum <= at);
        &self.urls[index.min(self.urls.len() - 1)].1
    }
}

impl Policy for TrafficSplitting {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, _: &'a mut Request) -> Step<'a> {
        let url = self.choose(random::unit());
        put(&mut exchange.custom, &self.path, url.clone());
        if self.log {
            exchange.record.fields.insert("trafficSplitting".to_owned(), json!(url));
        }
        Step::CONTINUE
    }
}

/// Writes a value at a path; what stands in its way and is no object goes.
fn put(custom: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => drop(custom.insert(name.clone(), value)),
        [name, rest @ ..] => {
            let inner = custom.entry(name.clone()).or_insert(Value::Null);
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Room, passed, request, run};

    fn options(weights: &[f64]) -> Value {
        let paths: Vec<Value> = weights
            .iter()
            .enumerate()
            .map(|(i, weight)| json!({ "url": format!("http://b{i}"), "weight": weight }))
            .collect();
        json!({ "basePaths": paths, "customOutputProperty": "split.to" })
    }

    fn policy(weights: &[f64]) -> TrafficSplitting {
        let mut sum = 0.0;
        let urls = weights.iter().enumerate().map(|(i, weight)| {
            sum += weight;
            (sum, json!(i))
        });
        let urls = urls.collect();
        TrafficSplitting { urls, total: weights.iter().sum(), path: Vec::new(), log: false }
    }

    #[test]
    fn each_has_its_share_and_what_weighs_nothing_none() {
        let policy = policy(&[0.0, 80.0, 0.0, 15.0, 5.0, 0.0]);
        for (number, expected) in
            [(0.0, 1), (0.799_999, 1), (0.8, 3), (0.949_999, 3), (0.95, 4), (0.999_999_999_999_999_9, 4)]
        {
            assert_eq!(policy.choose(number), &json!(expected), "{number}");
        }
    }

    #[tokio::test]
    async fn the_chosen_url_is_where_handlers_and_scripts_look_for_it() {
        let room = Room::new();
        let mut seen = std::collections::BTreeSet::new();
        let policy = room.build(&KIND, options(&[1.0, 1.0])).unwrap();
        // That one of two never comes in 64 draws happens once in 2^63 runs.
        for _ in 0..64 {
            let mut exchange = room.exchange();
            exchange.custom.insert("split".to_owned(), json!({ "kept": 1 }));
            passed(run(&policy, &mut exchange, &mut request(&[])).await);
            assert_eq!(exchange.custom["split"]["kept"], 1);
            seen.insert(exchange.custom["split"]["to"].as_str().unwrap().to_owned());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["http://b0", "http://b1"]);
    }

    #[test]
    fn what_cannot_be_chosen_is_refused_at_its_place() {
        let room = Room::new();
        let url = |url: &str| json!({ "basePaths": [{ "url": url, "weight": 1 }], "customOutputProperty": "a" });
        let path =
            |path: &str| json!({ "basePaths": [{ "url": "http://a", "weight": 1 }], "customOutputProperty": path });
        for (options, pointer) in [
            (options(&[]), "/basePaths"),
            (options(&[0.0, 0.0]), "/basePaths"),
            (options(&[1.0, -1.0]), "/basePaths/1/weight"),
            (url("b.example"), "/basePaths/0/url"),
            (url("ftp://b.example"), "/basePaths/0/url"),
            (url("http://user:pw@b.example"), "/basePaths/0/url"),
            (path(""), "/customOutputProperty"),
            (path("a..b"), "/customOutputProperty"),
            (path("__proto__.a"), "/customOutputProperty"),
        ] {
            assert_eq!(room.build(&KIND, options.clone()).unwrap_err().pointer, pointer, "{options}");
        }
    }
}
