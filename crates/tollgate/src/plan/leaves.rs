//! Options, value by value.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate_admin::views::OptionsDescription;

/// A value of options.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    shown: Value,
    fingerprint: Option<String>,
}

/// A value that is not as it was.
#[derive(Debug, Clone)]
pub(super) struct LeafChange {
    /// Its JSON pointer.
    pub(super) pointer: String,
    /// What it was; `None` where it was not there.
    pub(super) before: Option<Value>,
    /// What it becomes.
    pub(super) after: Option<Value>,
    /// Whether what differs is hidden.
    pub(super) hidden: bool,
}

impl LeafChange {
    /// In a few words: `rate 100/m → 1000/m`.
    pub(super) fn text(&self) -> String {
        let name = self.pointer.trim_start_matches('/').replace('/', ".");
        let name = if name.is_empty() { "value".to_owned() } else { name };
        match (&self.before, &self.after) {
            _ if self.hidden => format!("{name}: the value differs"),
            (Some(before), Some(after)) => format!("{name}: {} → {}", shown(before), shown(after)),
            (None, Some(after)) => format!("{name}: {} (new)", shown(after)),
            (Some(before), None) => format!("{name}: {} (gone)", shown(before)),
            (None, None) => name,
        }
    }
}

/// A value for people: texts without their quotes, long ones cut.
pub(super) fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST).chain(['…']).collect()
}

/// Every value that differs, in the order of their names.
pub(super) fn changes(before: &OptionsDescription, after: &OptionsDescription) -> Vec<LeafChange> {
    let (old, new) = (leaves(before), leaves(after));
    let mut changes = Vec::new();
    for (pointer, leaf) in &old {
        match new.get(pointer) {
            Some(same) if same == leaf => {}
            other => changes.push(change(pointer, Some(leaf), other)),
        }
    }
    for (pointer, leaf) in new.iter().filter(|(pointer, _)| !old.contains_key(*pointer)) {
        changes.push(change(pointer, None, Some(leaf)));
    }
    changes.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    changes
}

fn change(pointer: &str, before: Option<&Leaf>, after: Option<&Leaf>) -> LeafChange {
    let hidden = matches!((before, after), (Some(before), Some(after)) if before.shown == after.shown);
    let value = |leaf: Option<&Leaf>| leaf.map(|leaf| leaf.shown.clone());
    LeafChange { pointer: pointer.to_owned(), before: value(before), after: value(after), hidden }
}

fn leaves(options: &OptionsDescription) -> BTreeMap<String, Leaf> {
    let mut found = BTreeMap::new();
    walk(&options.shown, String::new(), &options.hidden, &mut found);
    found
}

fn walk(value: &Value, pointer: String, hidden: &BTreeMap<String, String>, into: &mut BTreeMap<String, Leaf>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, format!("{pointer}/{}", tollgate_spec::tree::escape(name)), hidden, into);
            }
        }
        // A short list of plain values reads better as one.
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{pointer}/{index}"), hidden, into);
            }
        }
        // What is not there and what is nothing are the same.
        Value::Null => {}
        leaf => {
            let below = format!("{pointer}/");
            let mut prints = hidden.iter().filter(|(at, _)| **at == pointer || at.starts_with(&below)).peekable();
            let fingerprint = prints.peek().is_some().then(|| prints.map(|(_, print)| print.as_str()).collect());
            into.insert(pointer, Leaf { shown: leaf.clone(), fingerprint });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(shown: Value, hidden: &[(&str, &str)]) -> OptionsDescription {
        let hidden = hidden.iter().map(|(at, print)| ((*at).to_owned(), (*print).to_owned())).collect();
        OptionsDescription { shown, hidden }
    }

    #[track_caller]
    fn check(before: OptionsDescription, after: OptionsDescription, expected: &[&str]) {
        let texts: Vec<String> = changes(&before, &after).iter().map(LeafChange::text).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn every_value_that_differs_is_told_by_its_name() {
        check(
            options(json!({ "rate": "100/m", "by": "ip", "gone": 1, "same": [1, 2] }), &[]),
            options(json!({ "rate": "10/m", "by": "ip", "new": { "a": true }, "same": [1, 2] }), &[]),
            &["gone: 1 (gone)", "new.a: true (new)", "rate: 100/m → 10/m"],
        );
        check(options(json!({ "a": null }), &[]), options(json!({}), &[]), &[]);
        check(options(json!({ "a": [1] }), &[]), options(json!({ "a": [1, 2] }), &[]), &["a: [1] → [1,2]"]);
    }

    #[test]
    fn a_hidden_value_that_differs_is_told_without_it() {
        let one = |print| options(json!({ "secret": "$env(S)" }), &[("/secret", print)]);
        check(one("aa"), one("aa"), &[]);
        check(one("aa"), one("bb"), &["secret: the value differs"]);
        let list = |print| options(json!({ "keys": ["$env(S)"] }), &[("/keys/0", print)]);
        check(list("aa"), list("bb"), &["keys: the value differs"]);
    }
}
