//! JSON that is a tree while a project is built, and a tenth of that afterwards.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;

/// serde_json reads no deeper than 128 levels; what is deeper stays a tree.
const DEEPEST: usize = 120;

/// A JSON value that can be put away as its text, and is read again when somebody asks for it.
///
/// The documents of a project are needed whole while its routes are built, and hardly ever while
/// they serve; as trees they would weigh more than everything else that a snapshot holds.
pub struct StoredJson(Mutex<State>);

enum State {
    Tree(Arc<Value>),
    Text { text: Box<[u8]>, tree: Weak<Value> },
}

impl StoredJson {
    /// A value, as a tree for now.
    pub fn new(value: impl Into<Arc<Value>>) -> Self {
        Self(Mutex::new(State::Tree(value.into())))
    }

    /// The value. Keep it for as long as you look at it: read from the text, it is there only
    /// until its last holder lets go.
    pub fn tree(&self) -> Arc<Value> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            State::Tree(value) => Arc::clone(value),
            State::Text { text, tree } => tree.upgrade().unwrap_or_else(|| {
                // The text was written by `store`, so that it can be read.
                let value = Arc::new(serde_json::from_slice(text).unwrap_or_default());
                *tree = Arc::downgrade(&value);
                value
            }),
        }
    }

    /// Puts the value away as text.
    pub fn store(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Tree(value) = &*state
            && !is_deeper_than(value, DEEPEST)
            && let Ok(text) = serde_json::to_vec(value)
        {
            *state = State::Text { text: text.into_boxed_slice(), tree: Weak::new() };
        }
    }
}

fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return true };
    match value {
        Value::Array(items) => items.iter().any(|item| is_deeper_than(item, below)),
        Value::Object(members) => members.values().any(|member| is_deeper_than(member, below)),
        _ => false,
    }
}

impl From<Value> for StoredJson {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for StoredJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredJson(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_put_away_comes_back_unchanged() {
        let value = json!({ "z": 1, "a": [1.5, "ü\n", null, { "b": 18_446_744_073_709_551_615_u64 }], "m": {} });
        let stored = StoredJson::new(value.clone());
        stored.store();
        assert_eq!(*stored.tree(), value);
        assert_eq!(stored.tree().as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    }

    #[test]
    fn it_is_read_once_for_all_who_look_at_the_same_time() {
        let stored = StoredJson::new(json!({ "a": 1 }));
        stored.store();
        let (one, other) = (stored.tree(), stored.tree());
        assert!(Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn what_could_not_be_read_again_stays_as_it_is() {
        let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
        let stored = StoredJson::new(deep.clone());
        stored.store();
        assert_eq!(*stored.tree(), deep);
    }
}
