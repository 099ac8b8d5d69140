//! Options as they may be shown: what `$env(NAME)` brought in is shown as it is written, other secrets not at
//! all. That a hidden value changed can still be told, by whoever holds the key of the fingerprints.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_admin::views::OptionsDescription;
use uuid::Uuid;

/// What stands for a secret that is written out.
pub(crate) const HIDDEN: &str = "(hidden)";

/// Values that are shorter are no secrets, and happen to be equal to others.
const SHORTEST_EQUAL: usize = 3;
/// Values that are shorter are not looked for inside of others.
const SHORTEST_PART: usize = 6;

/// How the names of options end whose values nobody shows.
const SECRET_NAMES: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "masterkey",
    "encryptionkey",
    "sharedkey",
    "token",
    "credential",
    "credentials",
    "authorization",
    "cookie",
];

/// Tells hidden values apart without saying anything of them to those who do not know the key.
pub(crate) struct Fingerprints {
    key: String,
}

impl Fingerprints {
    /// For a comparison within this process.
    pub(crate) fn fresh() -> Self {
        Self::keyed(None)
    }

    /// For a comparison with another process that knows the key.
    pub(crate) fn keyed(key: Option<String>) -> Self {
        Self { key: key.unwrap_or_else(|| Uuid::new_v4().to_string()) }
    }

    fn of(&self, value: &str) -> String {
        let text = format!("plan\0{}\0{value}", self.key);
        tollgate_identity::digest_of(text.as_bytes()).to_hex()[..16].to_owned()
    }
}

/// What tells one content that is no secret from another.
pub(crate) fn digest(content: &[u8]) -> String {
    tollgate_identity::digest_of(content).to_hex()[..16].to_owned()
}

/// Hides what is secret in the options of one project.
pub(crate) struct Redactor<'a> {
    /// Name and value, the longest value first: one may be part of another.
    values: Vec<(&'a str, &'a str)>,
    fingerprints: &'a Fingerprints,
}

impl<'a> Redactor<'a> {
    /// For options into which `$env` brought these values.
    pub(crate) fn new(expanded: &'a BTreeMap<String, String>, fingerprints: &'a Fingerprints) -> Self {
        let mut values: Vec<(&str, &str)> =
            expanded.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        values.retain(|(_, value)| value.len() >= SHORTEST_EQUAL);
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self { values, fingerprints }
    }

    /// Options as they may be shown.
    pub(crate) fn options(&self, options: &Value) -> OptionsDescription {
        let mut hidden = BTreeMap::new();
        let shown = self.value(options, "", false, &mut hidden);
        OptionsDescription { shown, hidden }
    }

    fn value(&self, value: &Value, pointer: &str, secret: bool, hidden: &mut BTreeMap<String, String>) -> Value {
        match value {
            Value::String(text) => {
                let shown = self.shown(text, secret);
                if shown != *text {
                    hidden.insert(pointer.to_owned(), self.fingerprints.of(text));
                }
                Value::String(shown)
            }
            Value::Number(number) if secret => {
                hidden.insert(pointer.to_owned(), self.fingerprints.of(&number.to_string()));
                Value::String(HIDDEN.to_owned())
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.value(item, &format!("{pointer}/{index}"), secret, hidden)).collect()
            }
            Value::Object(fields) => {
                let shown = fields.iter().map(|(name, field)| {
                    let secret = is_secret(name, fields);
                    let pointer = format!("{pointer}/{}", tollgate_spec::tree::escape(name));
                    (name.clone(), self.value(field, &pointer, secret, hidden))
                });
                Value::Object(shown.collect())
            }
            other => other.clone(),
        }
    }

    fn shown(&self, text: &str, secret: bool) -> String {
        if let Some((name, _)) = self.values.iter().find(|(_, value)| *value == text) {
            return format!("$env({name})");
        }
        let mut shown = text.to_owned();
        for (name, value) in self.values.iter().filter(|(_, value)| value.len() >= SHORTEST_PART) {
            if shown.contains(value) {
                shown = shown.replace(value, &format!("$env({name})"));
            }
        }
        if !secret || shown.is_empty() {
            return without_password(shown);
        }
        // `Bearer $env(TOKEN)` says nothing that the file does not.
        let written = shown.split_whitespace().all(|word| word.starts_with("$env(") || word.len() < SHORTEST_PART + 1);
        if written && shown != text { shown } else { HIDDEN.to_owned() }
    }
}

/// Whether the value of a field is a secret, by its name or by what it stands beside.
fn is_secret(name: &str, beside: &Map<String, Value>) -> bool {
    let secret_name = |name: &str| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = plain.to_ascii_lowercase();
        SECRET_NAMES.iter().any(|ending| plain.ends_with(ending))
    };
    // `{ name: Authorization, value: … }`, and the private parts of a JSON Web Key.
    let named = |text: &str| secret_name(text) || text.to_ascii_lowercase().ends_with("-key");
    let header = name == "value" && beside.get("name").and_then(Value::as_str).is_some_and(named);
    // The one value of a policy that sets a secret; elsewhere a name stands beside it.
    let alone = name == "value" && !beside.contains_key("name");
    let jwk = matches!(name, "k" | "d" | "p" | "q" | "dp" | "dq" | "qi") && beside.contains_key("kty");
    secret_name(name) || name.to_ascii_lowercase().ends_with("-key") || header || alone || jwk
}

/// The same without the password of a URL.
fn without_password(text: String) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((userinfo, host)) = rest[..end].rsplit_once('@') else { return text };
    let Some((user, password)) = userinfo.split_once(':').filter(|(_, password)| !password.is_empty()) else {
        return text;
    };
    if password.starts_with("$env(") && password.ends_with(')') {
        return text;
    }
    format!("{scheme}://{user}:{HIDDEN}@{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(options: Value, expected: Value, hidden: &[&str]) {
        let expanded = BTreeMap::from([
            ("TOKEN".to_owned(), "s3cret-value".to_owned()),
            ("ORIGIN".to_owned(), "http://10.0.0.1:8888".to_owned()),
            ("N".to_owned(), "1".to_owned()),
        ]);
        let fingerprints = Fingerprints::fresh();
        let described = Redactor::new(&expanded, &fingerprints).options(&options);
        assert_eq!(described.shown, expected);
        assert_eq!(described.hidden.keys().map(String::as_str).collect::<Vec<_>>(), hidden);
        assert!(!serde_json::to_string(&described).unwrap().contains("s3cret"), "{described:?}");
    }

    #[test]
    fn what_the_environment_brought_in_is_shown_as_it_is_written() {
        check(json!({ "a": "s3cret-value" }), json!({ "a": "$env(TOKEN)" }), &["/a"]);
        check(json!({ "a": ["x s3cret-value y"] }), json!({ "a": ["x $env(TOKEN) y"] }), &["/a/0"]);
        check(json!({ "a": "http://10.0.0.1:8888/v1" }), json!({ "a": "$env(ORIGIN)/v1" }), &["/a"]);
        check(json!({ "a": "1", "b": 1, "c": true }), json!({ "a": "1", "b": 1, "c": true }), &[]);
    }

    #[test]
    fn secrets_that_are_written_out_are_hidden_by_their_names() {
        check(json!({ "password": "hunter2" }), json!({ "password": HIDDEN }), &["/password"]);
        check(json!({ "pin": { "apiKey": 1234 } }), json!({ "pin": { "apiKey": HIDDEN } }), &["/pin/apiKey"]);
        check(
            json!({ "headers": [{ "name": "X-Api-Key", "value": "abc" }, { "name": "X-A", "value": "b" }] }),
            json!({ "headers": [{ "name": "X-Api-Key", "value": HIDDEN }, { "name": "X-A", "value": "b" }] }),
            &["/headers/0/value"],
        );
        check(
            json!({ "Authorization": "Bearer s3cret-value" }),
            json!({ "Authorization": "Bearer $env(TOKEN)" }),
            &["/Authorization"],
        );
        check(
            json!({ "authHeader": "x-key", "forwardKey": true }),
            json!({ "authHeader": "x-key", "forwardKey": true }),
            &[],
        );
        check(json!({ "value": "abc", "header": "X-A" }), json!({ "value": HIDDEN, "header": "X-A" }), &["/value"]);
        check(json!({ "kty": "oct", "k": "abc" }), json!({ "kty": "oct", "k": HIDDEN }), &["/k"]);
        check(json!("redis://user:pw@host:6379/0"), json!(format!("redis://user:{HIDDEN}@host:6379/0")), &[""]);
    }

    #[test]
    fn fingerprints_tell_values_apart_and_mean_nothing_without_their_key() {
        let (one, other) = (Fingerprints::fresh(), Fingerprints::fresh());
        assert_eq!(one.of("a"), one.of("a"));
        assert_ne!(one.of("a"), one.of("b"));
        assert_ne!(one.of("a"), other.of("a"));
    }
}
