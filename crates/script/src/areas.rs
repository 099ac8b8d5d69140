//! The areas that the gateway adds to those of the Web: the runtime module, and the doors between it
//! and the gateway.

use std::sync::{Arc, LazyLock};

use tollgate_js::library::{Area, Bytecode, Modules, Source};
use tollgate_modules::{Graph, HostImport};

use crate::natives;
use crate::runtime::modules::SPECIFIERS;
use crate::runtime::part;

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

/// What the build has made of the runtime's JavaScript (runtime/sources.rs).
const BUILT: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/bytecode.rs"));

/// All of them. They are made of the table of the runtime's modules once, and live as long as the
/// process.
pub(crate) static ALL: LazyLock<Vec<&'static Area>> = LazyLock::new(|| {
    let areas = BUILT.iter().map(|&(name, _)| {
        let specifiers =
            SPECIFIERS.iter().find(|(named, _)| *named == name).map_or(&[][..], |(_, specifiers)| specifiers);
        let native = (name == HOST).then_some(natives::host as _);
        #[expect(unsafe_code, reason = "the engine believes bytecode")]
        // SAFETY: the build script has just made it, with the engine that `tollgate_js` links.
        let source = Source::Built(unsafe { Bytecode::find(BUILT, name) });
        &*Box::leak(Box::new(Area { source, native, specifiers, ..Area::new(name) }))
    });
    areas.collect()
});

/// The module that finds the gateway's functions.
const HOST: &str = "runtime-host";

/// The area that a specifier names.
pub(crate) fn named(specifier: &str) -> Option<&'static str> {
    let areas = ALL.iter().copied().chain(tollgate_js::webapi::ALL.iter().copied());
    areas.into_iter().find(|area| area.specifiers.contains(&specifier)).map(|area| area.name)
}

/// Whether a specifier names something that the gateway has: such names are not looked for in
/// `node_modules`.
pub(crate) fn provides(specifier: &str) -> bool {
    named(specifier).is_some()
}

/// The project's modules, as an engine asks for them.
#[derive(Debug)]
pub(crate) struct Project {
    graph: Arc<Graph>,
    /// What its modules import of the runtime module by name.
    used: Arc<str>,
}

impl Project {
    pub(crate) fn new(graph: Arc<Graph>) -> Self {
        let by_name = |import: &&HostImport| {
            named(&import.specifier) == Some(part::WHOLE)
                && graph.asks_by_name(&import.position.file, &import.specifier)
        };
        let used = part::source(graph.host_imports().iter().filter(by_name).map(|import| import.name.as_str()));
        Self { graph, used: used.into() }
    }
}

impl Modules for Project {
    fn resolve(&self, base: &str, specifier: &str) -> Result<String, String> {
        // Entries are asked for by their id.
        if self.graph.source(specifier).is_some() && !specifier.starts_with('.') {
            return Ok(specifier.to_owned());
        }
        self.graph.resolve(base, specifier).map(str::to_owned)
    }

    fn source(&self, id: &str) -> Option<Arc<str>> {
        if id == part::ID { Some(Arc::clone(&self.used)) } else { self.graph.source(id) }
    }

    fn part(&self, base: &str, specifier: &str) -> Option<&str> {
        let is_part = named(specifier) == Some(part::WHOLE) && self.graph.asks_by_name(base, specifier);
        is_part.then_some(part::ID)
    }

    fn script(&self, id: &str) -> Option<Arc<str>> {
        self.graph.script(id)
    }
}
