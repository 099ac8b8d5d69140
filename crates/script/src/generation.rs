//! One project's modules, as all threads share them: the text, and what of it is called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;
use serde_json::Value;
use tollgate_core::settings::FetchSettings;
use tollgate_js::Limits;
use tollgate_modules::Graph;

use crate::live::Wanted;

/// One project's modules. Threads make engines of it.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Tells it from all others of the process.
    pub(crate) id: u64,
    pub(crate) graph: Arc<Graph>,
    pub(crate) limits: Limits,
    /// The id of the module with `runtimeInit`.
    pub(crate) runtime_module: Option<String>,
    /// The values that `environment` has, as JSON.
    pub(crate) environment: String,
    /// What the catalog has, as JSON.
    pub(crate) built_ins: String,
    pub(crate) build_id: String,
    pub(crate) compatibility_date: Option<String>,
    /// Bodies that scripts read whole may be this long.
    pub(crate) buffered_body: usize,
    pub(crate) fetch: FetchSettings,
    /// Whether spans are sent, so that `fetch` goes on with the trace.
    pub(crate) traces: AtomicBool,
    /// Where the gateway under test listens, for the engine of tests.
    pub(crate) test_url: Option<String>,
    /// What has to be there as soon as it is loaded.
    pub(crate) wanted: Vec<Wanted>,
    /// Definitions are added while a snapshot is built, and looked up by their place.
    pub(crate) definitions: RwLock<Vec<Arc<Definition>>>,
}

/// Something that is called, as the project defines it.
#[derive(Debug, PartialEq)]
pub(crate) enum Definition {
    /// A policy, inbound or outbound: which, says the list it stands in.
    Policy {
        /// The id of its module.
        module: String,
        export: String,
        name: String,
        options: Value,
    },
    Handler {
        module: String,
        export: String,
    },
    Function {
        module: String,
        export: String,
    },
    /// Functions that the messages of a WebSocket go through, each by its module's id and export.
    Messages {
        on_open: Option<(String, String)>,
        inbound: Vec<(String, String)>,
        outbound: Vec<(String, String)>,
    },
    /// A template literal's text, as JavaScript.
    Template(String),
}

impl Generation {
    /// An id that no other generation has.
    pub(crate) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The place of a definition; equal ones share it.
    pub(crate) fn define(&self, definition: Definition) -> usize {
        let mut definitions = self.definitions.write();
        if let Some(place) = definitions.iter().position(|known| **known == definition) {
            return place;
        }
        definitions.push(Arc::new(definition));
        definitions.len() - 1
    }

    /// A definition by its place.
    pub(crate) fn definition(&self, place: usize) -> Option<Arc<Definition>> {
        self.definitions.read().get(place).map(Arc::clone)
    }
}
