//! The policy instances of a project: one for each place where a step is written.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use tollgate_core::project::{Place, PolicyInstance, Use};

/// The instances so far, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    list: Vec<PolicyInstance>,
    by_id: HashMap<Arc<str>, usize>,
}

impl Instances {
    /// The instance of this id: what is there already, else a new one.
    pub(crate) fn add(&mut self, id: &str, name: &str, implementation: Use, options: Value, place: Place) -> usize {
        if let Some(index) = self.by_id.get(id) {
            return *index;
        }
        let id: Arc<str> = id.into();
        self.by_id.insert(Arc::clone(&id), self.list.len());
        self.list.push(PolicyInstance { id, name: name.into(), implementation, options, place, unused: false });
        self.list.len() - 1
    }

    pub(crate) fn built_in(&mut self, id: &str, kind: &str, options: Value, place: Place) -> usize {
        self.add(id, kind, Use::BuiltIn(kind.to_owned()), options, place)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Marks those that came after the first `used` as run by no route.
    pub(crate) fn mark_unused(&mut self, used: usize) {
        self.list.iter_mut().skip(used).for_each(|instance| instance.unused = true);
    }

    /// Forgets those that came after the first `used`.
    pub(crate) fn truncate(&mut self, used: usize) {
        self.list.truncate(used);
        self.by_id.retain(|_, index| *index < used);
    }

    pub(crate) fn id(&self, index: usize) -> &str {
        self.list.get(index).map_or("", |instance| &instance.id)
    }

    pub(crate) fn into_list(self) -> Vec<PolicyInstance> {
        self.list
    }
}
