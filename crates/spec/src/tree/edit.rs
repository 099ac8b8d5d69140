//! Laying one tree over another: settings of an environment, overlays of documents.

use std::sync::Arc;

use serde_json::Value;

use super::{Children, Field, Node, Spans, Tree, unescape};

/// What becomes of an array where both sides have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrays {
    /// The upper one replaces the lower one (settings).
    Replace,
    /// The upper one's items are added (overlays).
    Append,
}

impl Tree {
    /// Lays a node of another tree over the value at a pointer: objects merge, everything else is
    /// replaced, arrays by choice. False where nothing is at the pointer.
    pub fn merge_at(&mut self, pointer: &str, over: &Node<'_>, arrays: Arrays) -> bool {
        let files = self.adopt(over.tree());
        let mut spans = over.spans().clone();
        spans.refile(&files);
        let Some((value, under)) = self.at_mut(pointer) else { return false };
        merge(value, under, over.value().clone(), spans, arrays);
        true
    }

    /// Lays another tree over the whole of this one.
    pub fn merge(&mut self, over: &Self, arrays: Arrays) {
        self.merge_at("", &over.root(), arrays);
    }

    /// Adds an item to the array at a pointer. False where there is no array.
    pub fn append_at(&mut self, pointer: &str, item: &Node<'_>) -> bool {
        let files = self.adopt(item.tree());
        let mut spans = item.spans().clone();
        spans.refile(&files);
        match self.at_mut(pointer) {
            Some((Value::Array(values), Spans { children: Children::Items(items), .. })) => {
                values.push(item.value().clone());
                items.push(spans);
                true
            }
            _ => false,
        }
    }

    /// Removes what is at a pointer. False where nothing is there; the root stays.
    pub fn remove(&mut self, pointer: &str) -> bool {
        let Some((parent, token)) = pointer.rsplit_once('/') else { return false };
        match self.at_mut(parent) {
            Some((Value::Object(map), Spans { children: Children::Fields(fields), .. })) => {
                let name = unescape(token);
                let Some(index) = map.keys().position(|key| **key == *name) else { return false };
                map.shift_remove(name.as_ref());
                fields.remove(index);
                true
            }
            Some((Value::Array(values), Spans { children: Children::Items(items), .. })) => {
                let Some(index) = token.parse().ok().filter(|index| *index < values.len()) else { return false };
                values.remove(index);
                items.remove(index);
                true
            }
            _ => false,
        }
    }

    /// Makes the files of another tree known here: their numbers there → their numbers here.
    fn adopt(&mut self, other: &Self) -> Vec<u16> {
        let number = |tree: &mut Self, source: &Arc<crate::Source>| {
            let known = tree.sources.iter().position(|known| Arc::ptr_eq(known, source));
            let index = known.unwrap_or_else(|| {
                tree.sources.push(Arc::clone(source));
                tree.sources.len() - 1
            });
            u16::try_from(index).unwrap_or_default()
        };
        other.sources.iter().map(|source| number(self, source)).collect()
    }
}

fn merge(value: &mut Value, spans: &mut Spans, over: Value, places: Spans, arrays: Arrays) {
    match (over, places) {
        (Value::Object(over), Spans { children: Children::Fields(over_fields), .. })
            if matches!((&*value, &spans.children), (Value::Object(_), Children::Fields(_))) =>
        {
            let (Value::Object(map), Children::Fields(fields)) = (value, &mut spans.children) else { return };
            for ((name, over), field) in over.into_iter().zip(over_fields) {
                merge_field(map, fields, name, over, field, arrays);
            }
        }
        (Value::Array(over), Spans { children: Children::Items(over_items), .. })
            if arrays == Arrays::Append
                && matches!((&*value, &spans.children), (Value::Array(_), Children::Items(_))) =>
        {
            let (Value::Array(values), Children::Items(items)) = (value, &mut spans.children) else { return };
            values.extend(over);
            items.extend(over_items);
        }
        (over, places) => (*value, *spans) = (over, places),
    }
}

fn merge_field(
    map: &mut serde_json::Map<String, Value>,
    fields: &mut Vec<Field>,
    name: String,
    over: Value,
    field: Field,
    arrays: Arrays,
) {
    let Some(index) = map.keys().position(|key| *key == name) else {
        map.insert(name, over);
        fields.push(field);
        return;
    };
    let (Some(value), Some(under)) = (map.get_mut(&name), fields.get_mut(index)) else { return };
    let file = under.spans.file;
    merge(value, &mut under.spans, over, field.spans, arrays);
    // Where the value now comes from another file, so does its key.
    if under.spans.file != file {
        under.key = field.key;
    }
}
