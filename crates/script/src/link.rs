//! Loading what a project names: its modules are read and stripped of their types, engines are made of
//! them, and `runtimeInit` is run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use serde_json::{Value, json};
use tollgate_core::Catalog;
use tollgate_core::catalog::{Direction, parse_options};
use tollgate_core::project::{ExportRole, Place, Project, Stage, Use};
use tollgate_core::services::{Export, IssuerPlugin, Plugins, ScriptIssue, Scripts};
use tollgate_core::settings::TraceSettings;
use tollgate_core::units::Lifetime;
use tollgate_js::Limits;
use tollgate_modules::{Entry, Graph, LoadOptions};

use crate::areas;
use crate::generation::{Definition, Generation};
use crate::issues;
use crate::linked::Linked;
use crate::live::{Described, Side, Wanted};
use crate::pool::ScriptPool;
use crate::runner::Runner;
use crate::variables;

/// Loads everything that a project names. Waits for the threads of the scripts: not to be called on a
/// worker of the gateway.
///
/// # Errors
/// Every mistake: a module that is missing or does not parse, an export that is not there, code that
/// throws while it is loaded.
pub fn link(
    pool: &ScriptPool,
    project: &Project,
    catalog: &Catalog,
) -> Result<Option<Arc<dyn Scripts>>, Vec<ScriptIssue>> {
    let named = named(project);
    let paths = project.runtime_module.iter().cloned().chain(named.iter().map(|named| named.export.path.clone()));
    let entries: Vec<Entry> = paths.map(|path| Entry { path }).collect();
    let graph = tollgate_modules::load(&LoadOptions {
        root: &project.root,
        entries: &entries,
        builtins: &|specifier| areas::provides(specifier),
    });
    let graph = Arc::new(graph.map_err(|errors| errors.into_iter().map(issues::of_module).collect::<Vec<_>>())?);
    let ids: HashMap<String, String> = entries
        .iter()
        .filter_map(|entry| Some((entry.path.clone(), graph.id_of_entry(&entry.path)?.to_owned())))
        .collect();
    let (definitions, wanted) = definitions(&named, &ids, &graph)?;
    let runtime_module = project.runtime_module.as_ref().and_then(|path| ids.get(path).cloned());
    let generation = Arc::new(Generation {
        wanted,
        definitions: RwLock::new(definitions),
        runtime_module,
        ..generation(project, catalog, &graph)
    });
    // From here on the engines go when nobody has the runner any more, whatever comes of it.
    let runner = Arc::new(Runner { pool: pool.clone(), generation: Arc::clone(&generation) });
    let described = pool.load(&generation)?;
    let plugins = plugins(&described)?;
    if plugins.traces.is_some() {
        generation.traces.store(true, Ordering::Relaxed);
    }
    let (files, digest) = (graph.files().to_vec(), graph.digest());
    Ok(Some(Arc::new(Linked { runner, ids, described, plugins, files, digest })))
}

/// What engines of a project need to know, without anything that is called in them.
pub(crate) fn generation(project: &Project, catalog: &Catalog, graph: &Arc<Graph>) -> Generation {
    let settings = &project.settings.scripts;
    Generation {
        id: Generation::next_id(),
        limits: Limits {
            cpu: settings.cpu.0,
            wall: settings.wall.0,
            memory: settings.memory.as_usize(),
            stack: settings.stack.as_usize(),
            ..Limits::default()
        },
        runtime_module: None,
        environment: serde_json::to_string(&variables::declared(&project.environment, &project.root, graph.files()))
            .unwrap_or_default(),
        built_ins: built_ins(catalog),
        build_id: project.digest.clone(),
        compatibility_date: project.compatibility.date.clone(),
        buffered_body: project.settings.server.limits.buffered_body.as_usize(),
        fetch: settings.fetch.clone(),
        traces: AtomicBool::new(project.settings.traces.is_some()),
        test_url: None,
        wanted: Vec::new(),
        definitions: RwLock::default(),
        graph: Arc::clone(graph),
    }
}

/// What a project names by module and export.
struct Named {
    export: Export,
    what: What,
    sides: Vec<Side>,
    written: Place,
}

enum What {
    Policy { name: String, options: Value },
    Handler,
    Function,
}

fn named(project: &Project) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    for (place, instance) in project.policies.iter().enumerate() {
        let Use::Module(export) = &instance.implementation else { continue };
        if instance.unused && !exists(project, export) {
            // It is there for code that asks for it; where nobody does, it may be missing.
            continue;
        }
        let mut sides = Vec::new();
        for step in project.routes.iter().flat_map(|route| route.inbound.iter().chain(&route.outbound)) {
            let side = if step.stage == Stage::Outbound { Side::Outbound } else { Side::Inbound };
            if step.policy == place && !sides.contains(&side) {
                sides.push(side);
            }
        }
        let what = What::Policy { name: instance.name.to_string(), options: instance.options.clone() };
        named.push(Named { export: export.clone(), what, sides, written: instance.place.clone() });
    }
    // The functions that options of policies name.
    for found in project.exports.iter().filter(|found| found.role == ExportRole::Function && !found.unused) {
        let (export, written) = (found.export.clone(), found.place.clone());
        named.push(Named { export, what: What::Function, sides: vec![Side::Inbound], written });
    }
    for route in &project.routes {
        let Use::Module(export) = &route.handler.implementation else { continue };
        let known = |known: &Named| matches!(known.what, What::Handler) && known.export == *export;
        if !named.iter().any(known) {
            let written = route.handler.place.clone();
            named.push(Named { export: export.clone(), what: What::Handler, sides: vec![Side::Inbound], written });
        }
    }
    named
}

/// Whether a module that is named without its ending is there.
fn exists(project: &Project, export: &Export) -> bool {
    let endings = ["", ".ts", ".tsx", ".js", ".mjs", ".jsx", "/index.ts", "/index.js"];
    endings.iter().any(|ending| project.root.join(format!("{}{ending}", export.path)).is_file())
}

/// The definitions of what is named, and what of them has to be there at once.
#[expect(clippy::type_complexity, reason = "two lists that belong together")]
fn definitions(
    named: &[Named],
    ids: &HashMap<String, String>,
    graph: &Graph,
) -> Result<(Vec<Arc<Definition>>, Vec<Wanted>), Vec<ScriptIssue>> {
    let (mut definitions, mut wanted, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for named in named {
        let Some(module) = ids.get(&named.export.path).cloned() else { continue };
        let export = named.export.name.clone();
        let exports = graph.exports(&module);
        if !exports.is_empty() && !exports.contains(&export) {
            found.push(no_export(&module, &export, exports, named));
            continue;
        }
        let definition = match &named.what {
            What::Policy { name, options } => {
                Definition::Policy { module: module.clone(), export, name: name.clone(), options: options.clone() }
            }
            What::Handler => Definition::Handler { module: module.clone(), export },
            What::Function => Definition::Function { module: module.clone(), export },
        };
        wanted.push(Wanted {
            place: definitions.len(),
            module,
            sides: named.sides.clone(),
            written: named.written.clone(),
        });
        definitions.push(Arc::new(definition));
    }
    if found.is_empty() { Ok((definitions, wanted)) } else { Err(found) }
}

fn no_export(module: &str, export: &str, exports: &[String], named: &Named) -> ScriptIssue {
    let list = exports.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    ScriptIssue {
        place: named.written.clone(),
        message: format!("`{module}` exports no `{export}`"),
        help: Some(format!("it exports {list}")),
    }
}

/// What the catalog has, as the runtime module asks for it.
fn built_ins(catalog: &Catalog) -> String {
    let direction = |direction| match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    };
    let policies: Vec<Value> = catalog
        .policies
        .iter()
        .flat_map(|kind| {
            kind.exports.iter().map(move |export| json!({ "export": export, "direction": direction(kind.direction) }))
        })
        .collect();
    let handlers: Vec<&str> = catalog.handlers.iter().flat_map(|kind| kind.exports.iter().copied()).collect();
    json!({ "policies": policies, "handlers": handlers }).to_string()
}

fn plugins(described: &Described) -> Result<Plugins, Vec<ScriptIssue>> {
    let issuer = described.issuer.as_ref().map(issuer).transpose();
    let issuer = issuer.map_err(|message| vec![issues::plain(format!("JwtServicePlugin: {message}"))])?;
    let traces = described.traces.clone().map(parse_options::<TraceSettings>).transpose();
    let traces = traces.map_err(|error| vec![issues::plain(format!("OpenTelemetryPlugin: {error}"))])?;
    Ok(Plugins { issuer, traces, documents: described.documents.clone() })
}

fn issuer(described: &Value) -> Result<IssuerPlugin, String> {
    let path = described.get("path").and_then(Value::as_str).map(|path| path.trim_end_matches('/').to_owned());
    if let Some(path) = path.as_ref().filter(|path| !path.starts_with('/') || path.len() < 2) {
        return Err(format!("`basePath` must begin with a slash, and is `{path}`"));
    }
    let algorithm = described.get("algorithm").filter(|algorithm| !algorithm.is_null());
    let algorithm = algorithm.map(|algorithm| parse_options(algorithm.clone())).transpose();
    let algorithm = algorithm.map_err(|error| format!("`algorithm`: {error}"))?;
    let seconds = described.get("expiresIn").and_then(Value::as_f64);
    let expires_in = seconds.map(std::time::Duration::try_from_secs_f64).transpose();
    let expires_in = expires_in.map_err(|error| format!("`expiresIn`: {error}"))?.map(Lifetime);
    Ok(IssuerPlugin { path, algorithm, expires_in })
}
