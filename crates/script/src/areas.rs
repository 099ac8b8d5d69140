//! The areas that the gateway adds to those of the Web: the runtime module, and the doors between it
//! and the gateway.

use std::sync::Arc;

use tollgate_js::library::{Area, Modules};
use tollgate_modules::Graph;

use crate::{natives, runtime};

/// The functions and classes of the runtime module that Rust calls.
pub(crate) static FUNCTIONS: &[&str] = &[
    "createExtensions",
    "defineInbound",
    "defineOutbound",
    "defineHandler",
    "startInbound",
    "finishInbound",
    "startOutbound",
    "finishOutbound",
    "startHandler",
    "finishHandler",
    "ZuploRequest",
    "ZuploContext",
    "deliverLog",
    "changes",
    "guard",
    "respond",
    "route",
    "ask",
    "render",
];

/// What the runtime module is imported by.
static BRIDGE: Area =
    Area { source: Some(include_str!("bridge/bridge.js")), native: Some(natives::host), ..Area::new("bridge") };

/// The door of `runtime/host.js`.
static HOST: Area =
    Area { source: Some(include_str!("runtime/host.js")), native: Some(natives::host), ..Area::new("runtime-host") };

/// All of them, in two parts: those of the runtime module, and the doors.
pub(crate) static ALL: &[&Area] = &runtime::with(&[&BRIDGE, &HOST]);

/// The project's modules, as an engine asks for them.
#[derive(Debug)]
pub(crate) struct Project(pub(crate) Arc<Graph>);

impl Modules for Project {
    fn resolve(&self, base: &str, specifier: &str) -> Result<String, String> {
        // Entries are asked for by their id.
        if self.0.source(specifier).is_some() && !specifier.starts_with('.') {
            return Ok(specifier.to_owned());
        }
        self.0.resolve(base, specifier).map(str::to_owned)
    }

    fn source(&self, id: &str) -> Option<Arc<str>> {
        self.0.source(id)
    }
}
