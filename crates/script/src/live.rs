//! One engine with one project's modules in it, on one thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tollgate_core::project::Place;
use tollgate_core::services::{PluginDocument, ScriptIssue};
use tollgate_js::engine::CallError;
use tollgate_js::rquickjs::{self, Ctx, Function, JsLifetime, Module, Object, Persistent, Symbol, Value};
use tollgate_js::{Engine, Task, Thrown};
use tollgate_modules::HostImport;

use crate::areas;
use crate::context::{Context, State};
use crate::generation::{Definition, Generation};
use crate::issues;
use crate::message::{Seed, Words};
use crate::outbox;
use crate::pool::Outside;
use crate::runtime::part;
use crate::tester::{TestResult, TestRun};
use crate::world::World;

/// What loading may take of the processor: packages are large, and nobody waits for an answer.
const LOADING: Duration = Duration::from_secs(20);

/// The area that gathers the tests of a project, and runs them.
const TEST_TREE: &str = "runtime-test-tree";

/// On which side of the handler a policy's definition is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Inbound,
    Outbound,
}

/// What loading found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Described {
    pub(crate) pre_routing: bool,
    pub(crate) request: bool,
    pub(crate) response: bool,
    pub(crate) not_found: bool,
    pub(crate) problem_format: bool,
    pub(crate) lambda_event: bool,
    /// As the module gave it: `{ path, algorithm, expiresIn }`.
    pub(crate) issuer: Option<Json>,
    /// As `TraceSettings` are written.
    pub(crate) traces: Option<Json>,
    pub(crate) documents: Vec<PluginDocument>,
}

/// An engine with a project's modules.
pub(crate) struct Live {
    // What belongs to the engine has to go before it: fields are dropped in this order.
    contexts: RefCell<HashMap<u64, Rc<Context>>>,
    definitions: RefCell<HashMap<(usize, Side), Persistent<Value<'static>>>>,
    namespaces: RefCell<HashMap<String, Persistent<Object<'static>>>>,
    functions: RefCell<HashMap<&'static str, Persistent<Function<'static>>>>,
    extensions: RefCell<Option<Persistent<Object<'static>>>>,
    request_class: RefCell<Option<(Persistent<Object<'static>>, Persistent<Symbol<'static>>)>>,
    has_final_hooks: Cell<bool>,
    has_sinks: Cell<bool>,
    /// Whether code has ever assigned a user or parameters to a request.
    has_assigned: Cell<bool>,
    retired: Cell<bool>,
    pub(crate) generation: Arc<Generation>,
    pub(crate) world: Rc<World>,
    /// What modules set going while they were loaded belongs to this, as long as the engine lives.
    loading: Rc<Task>,
    pub(crate) engine: Engine,
}

/// How host functions find the engine's user.
#[derive(JsLifetime)]
struct LiveOf(#[qjs(skip)] Weak<Live>);

impl Live {
    /// Makes an engine and loads everything of the generation into it.
    pub(crate) async fn load(
        generation: &Arc<Generation>,
        outside: &Arc<Outside>,
    ) -> Result<(Rc<Self>, Described), Vec<ScriptIssue>> {
        // Loading takes its time.
        outbox::flush_here();
        let world = Rc::new(World::new(Arc::clone(generation), Arc::clone(outside)));
        let modules = Rc::new(areas::Project::new(Arc::clone(&generation.graph)));
        let engine = Engine::new(generation.limits.clone(), Rc::clone(&world) as _, modules, &areas::ALL)
            .map_err(|error| vec![issues::plain(error.to_string())])?;
        let loading = engine.task_allowing(State::loading(), LOADING);
        let live = Rc::new(Self {
            contexts: RefCell::default(),
            definitions: RefCell::default(),
            namespaces: RefCell::default(),
            functions: RefCell::default(),
            extensions: RefCell::default(),
            request_class: RefCell::default(),
            has_final_hooks: Cell::new(false),
            has_sinks: Cell::new(false),
            has_assigned: Cell::new(false),
            retired: Cell::new(false),
            generation: Arc::clone(generation),
            world,
            loading,
            engine,
        });
        let reference = LiveOf(Rc::downgrade(&live));
        live.world.attach(&live);
        let described = live.start(reference).await;
        // What comes later is background work, with a budget for each entry.
        live.loading.answered();
        described.map(|described| (live, described))
    }

    /// Loads the files of tests, and runs what they declare: each is told of as it ends.
    pub(crate) async fn run_tests(
        self: &Rc<Self>,
        files: &[String],
        options: &TestRun,
        report: Rc<dyn Fn(TestResult)>,
    ) -> Result<(), Vec<ScriptIssue>> {
        let task = self.engine.task_allowing(State::loading(), Duration::MAX);
        let failed = |error: CallError| vec![self.issue(&error, None)];
        for file in files {
            let begun = self.engine.enter(&task, |ctx| {
                let begin: Function<'_> = self.engine.library(ctx, TEST_TREE)?.get("beginFile")?;
                begin.call::<_, ()>((file.as_str(),))
            });
            if !matches!(begun, Ok(Ok(()))) {
                return Err(vec![issues::plain(format!("the tests of {file} cannot begin"))]);
            }
            self.import(file).await.map_err(|error| vec![self.issue(&error, Some(file))])?;
        }
        let graph = Arc::clone(&self.generation.graph);
        let options = options.clone();
        let run = self.engine.call(
            &task,
            move |ctx| {
                let tell = Function::new(ctx.clone(), move |json: String| {
                    if let Ok(mut result) = serde_json::from_str::<TestResult>(&json) {
                        if let Some(error) = &mut result.error {
                            error.stack = graph.translate_stack(&error.stack);
                        }
                        report(result);
                    }
                })?;
                let chosen = Object::new(ctx.clone())?;
                chosen.set("filter", options.filter)?;
                chosen.set("skipFilter", options.skip_filter)?;
                chosen.set("only", options.only)?;
                let run: Function<'_> = Engine::of(ctx)?.library(ctx, TEST_TREE)?.get("runTests")?;
                run.call((chosen, tell))
            },
            |_, _| Ok(()),
        );
        run.await.map_err(failed)
    }

    /// The engine's user, for host functions.
    pub(crate) fn of(ctx: &Ctx<'_>) -> rquickjs::Result<Rc<Self>> {
        let found = ctx.userdata::<LiveOf>().and_then(|reference| reference.0.upgrade());
        found.ok_or(rquickjs::Error::Unknown)
    }

    async fn start(&self, reference: LiveOf) -> Result<Described, Vec<ScriptIssue>> {
        let task = Rc::clone(&self.loading);
        let prepared = self.engine.enter(&task, |ctx| {
            drop(ctx.store_userdata(reference));
            self.prepare(ctx).map_err(|error| Thrown::catch(ctx, error))
        });
        let failed = |thrown: &Thrown| vec![issues::thrown(&self.generation, thrown, None)];
        match prepared {
            Ok(Ok(())) => {}
            Ok(Err(thrown)) => return Err(failed(&thrown)),
            Err(stopped) => return Err(vec![issues::plain(format!("loading was stopped: {stopped}"))]),
        }
        let missing = self.missing_imports();
        if !missing.is_empty() {
            return Err(missing);
        }
        if let Some(module) = self.generation.runtime_module.clone() {
            self.import(&module).await.map_err(|error| vec![self.issue(&error, None)])?;
            let initialised = self.engine.call(
                &task,
                |ctx| {
                    let namespace = self.namespace(ctx, &module)?;
                    let function: Value<'_> = namespace.get("runtimeInit")?;
                    let extensions = self.extensions(ctx)?;
                    extensions.get::<_, Function<'_>>("initialize")?.call((function,))
                },
                |_, _| Ok(()),
            );
            initialised.await.map_err(|error| vec![self.issue(&error, Some(&module))])?;
        }
        let mut found = Vec::new();
        let wanted = self.generation.wanted.clone();
        for wanted in &wanted {
            let known = self.namespaces.borrow().contains_key(&wanted.module);
            if !known && let Err(error) = self.import(&wanted.module).await {
                // Every definition of a module that cannot be loaded fails alike: it is told once.
                let issue = self.issue(&error, Some(&wanted.module));
                if !found.contains(&issue) {
                    found.push(issue);
                }
                continue;
            }
            let checked = self.engine.enter(&task, |ctx| {
                let checked =
                    wanted.sides.iter().try_for_each(|side| self.definition(ctx, wanted.place, *side).map(drop));
                checked.map_err(|error| Thrown::catch(ctx, error))
            });
            if let Ok(Err(thrown)) = checked {
                found.push(issues::of_definition(&self.generation, &thrown, &wanted.written));
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let described = self.engine.enter(&task, |ctx| self.describe(ctx).map_err(|error| Thrown::catch(ctx, error)));
        match described {
            Ok(described) => described.map_err(|thrown| failed(&thrown)),
            Err(stopped) => Err(vec![issues::plain(format!("loading was stopped: {stopped}"))]),
        }
    }

    /// The names that modules import from the gateway, and that it does not have.
    fn missing_imports(&self) -> Vec<ScriptIssue> {
        let imports = self.generation.graph.host_imports();
        let mut missing = Vec::new();
        let looked = self.engine.enter(&self.loading, |ctx| {
            for import in imports {
                let Some(area) = areas::named(&import.specifier) else { continue };
                if area == part::WHOLE {
                    // To ask the module itself would be to load all of it.
                    if !part::has(&import.name) {
                        missing.push(absent(import, part::names().map(str::to_owned)));
                    }
                    continue;
                }
                let exports = match self.engine.library(ctx, area) {
                    Ok(exports) => exports,
                    Err(error) => {
                        missing.push(issues::plain(format!("`{}`: {}", import.specifier, Thrown::catch(ctx, error))));
                        continue;
                    }
                };
                if !exports.contains_key(import.name.as_str()).unwrap_or(true) {
                    missing.push(absent(import, exports.keys::<String>().filter_map(Result::ok)));
                }
            }
        });
        if let Err(stopped) = looked {
            missing.push(issues::plain(format!("loading was stopped: {stopped}")));
        }
        missing
    }

    fn issue(&self, error: &CallError, module: Option<&str>) -> ScriptIssue {
        match error {
            CallError::Thrown(thrown) => issues::thrown(&self.generation, thrown, module),
            CallError::Stopped(stopped) => issues::plain(format!("loading was stopped: {stopped}")),
        }
    }

    /// Loads a module and remembers what it exports.
    async fn import(&self, module: &str) -> Result<(), CallError> {
        let (name, task) = (module.to_owned(), Rc::clone(&self.loading));
        let loaded = self.engine.call(
            &task,
            move |ctx| Ok(Module::import(ctx, name)?.into_value()),
            |ctx, value| {
                let namespace: Object<'_> = value.get()?;
                Ok(Persistent::save(ctx, namespace))
            },
        );
        let namespace = loaded.await?;
        self.namespaces.borrow_mut().insert(module.to_owned(), namespace);
        Ok(())
    }

    fn prepare(&self, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
        for area in ["runtime-internal", "bridge"] {
            let exports = self.engine.library(ctx, area)?;
            for name in areas::FUNCTIONS {
                if let Some(function) = exports.get::<_, Option<Value<'_>>>(*name)?.and_then(|it| it.into_function()) {
                    self.functions.borrow_mut().insert(name, Persistent::save(ctx, function));
                }
            }
        }
        // `process.env` has what `environment` has, for packages that look there.
        let set: Function<'_> = self.engine.library(ctx, "node-environment")?.get("setEnvironment")?;
        set.call::<_, ()>((ctx.json_parse(self.generation.environment.as_str())?,))?;
        let extensions: Object<'_> = self.function(ctx, "createExtensions")?.call(())?;
        *self.extensions.borrow_mut() = Some(Persistent::save(ctx, extensions));
        Ok(())
    }

    fn describe(&self, ctx: &Ctx<'_>) -> rquickjs::Result<Described> {
        let extensions = self.extensions(ctx)?;
        let described: Object<'_> = extensions.get::<_, Function<'_>>("describe")?.call(())?;
        let flag = |name: &str| described.get::<_, Option<bool>>(name).map(Option::unwrap_or_default);
        self.has_final_hooks.set(flag("final")?);
        self.has_sinks.set(flag("logs")?);
        if flag("errors")? {
            let guard = self.function(ctx, "guard")?;
            for name in ["startInbound", "startOutbound", "startHandler"] {
                let guarded: Function<'_> = guard.call((self.function(ctx, name)?, extensions.clone()))?;
                self.functions.borrow_mut().insert(name, Persistent::save(ctx, guarded));
            }
        }
        let json = |name: &str| -> rquickjs::Result<Json> {
            let text = ctx.json_stringify(described.get::<_, Value<'_>>(name)?)?;
            let text = text.map(|text| text.to_string()).transpose()?.unwrap_or_default();
            Ok(serde_json::from_str(&text).unwrap_or_default())
        };
        Ok(Described {
            pre_routing: flag("preRouting")?,
            request: flag("request")?,
            response: flag("response")? || flag("final")?,
            not_found: flag("notFound")?,
            problem_format: flag("problemFormat")?,
            lambda_event: flag("lambdaEvent")?,
            issuer: Some(json("issuer")?).filter(|issuer| !issuer.is_null()),
            traces: Some(json("traces")?).filter(|traces| !traces.is_null()),
            documents: documents(&json("documents")?),
        })
    }

    /// A function of the runtime module.
    pub(crate) fn function<'js>(&self, ctx: &Ctx<'js>, name: &'static str) -> rquickjs::Result<Function<'js>> {
        match self.functions.borrow().get(name) {
            Some(function) => function.clone().restore(ctx),
            None => Err(rquickjs::Error::new_loading(name)),
        }
    }

    /// The extensions that `runtimeInit` has filled.
    pub(crate) fn extensions<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
        match &*self.extensions.borrow() {
            Some(extensions) => extensions.clone().restore(ctx),
            None => Err(rquickjs::Error::Unknown),
        }
    }

    fn namespace<'js>(&self, ctx: &Ctx<'js>, module: &str) -> rquickjs::Result<Object<'js>> {
        match self.namespaces.borrow().get(module) {
            Some(namespace) => namespace.clone().restore(ctx),
            None => Err(rquickjs::Error::new_loading(module)),
        }
    }

    /// What a definition is called by: made when it is first asked for.
    pub(crate) fn definition<'js>(&self, ctx: &Ctx<'js>, place: usize, side: Side) -> rquickjs::Result<Value<'js>> {
        if let Some(known) = self.definitions.borrow().get(&(place, side)) {
            return known.clone().restore(ctx);
        }
        let definition = self.generation.definition(place).ok_or(rquickjs::Error::Unknown)?;
        let exported =
            |module: &str, export: &str| -> rquickjs::Result<Value<'js>> { self.namespace(ctx, module)?.get(export) };
        let function = |module: &str, export: &str| -> rquickjs::Result<Value<'js>> {
            let function = exported(module, export)?;
            if !function.is_function() {
                let what = format!("`{module}#{export}` is no function");
                return Err(tollgate_js::Failure::type_error(what).throw(ctx));
            }
            Ok(function)
        };
        let made: Value<'js> = match &*definition {
            Definition::Policy { module, export, name, options } => {
                let options = ctx.json_parse(options.to_string())?;
                let define = match side {
                    Side::Inbound => "defineInbound",
                    Side::Outbound => "defineOutbound",
                };
                self.function(ctx, define)?.call((exported(module, export)?, options, name.as_str()))?
            }
            Definition::Handler { module, export } => {
                let name = format!("{module}#{export}");
                self.function(ctx, "defineHandler")?.call((exported(module, export)?, name))?
            }
            Definition::Function { module, export } => function(module, export)?,
            Definition::Messages { on_open, inbound, outbound } => {
                let all = |exports: &[(String, String)]| -> rquickjs::Result<Vec<Value<'js>>> {
                    exports.iter().map(|(module, export)| function(module, export)).collect()
                };
                let functions = Object::new(ctx.clone())?;
                functions
                    .set("onOpen", on_open.as_ref().map(|(module, export)| function(module, export)).transpose()?)?;
                functions.set("inbound", all(inbound)?)?;
                functions.set("outbound", all(outbound)?)?;
                functions.into_value()
            }
            Definition::Template(code) => ctx.eval(code.as_bytes())?,
        };
        self.definitions.borrow_mut().insert((place, side), Persistent::save(ctx, made.clone()));
        Ok(made)
    }

    /// The context of an exchange; its calls share it.
    pub(crate) fn context(&self, seed: Box<Seed>, asks: Words) -> Rc<Context> {
        let mut contexts = self.contexts.borrow_mut();
        let context = contexts.entry(seed.key).or_insert_with(|| Rc::new(Context::default()));
        context.begin(seed, asks);
        Rc::clone(context)
    }

    /// The context of another exchange, where it is on this thread.
    pub(crate) fn known_context(&self, key: u64) -> Option<Rc<Context>> {
        self.contexts.borrow().get(&key).map(Rc::clone)
    }

    /// The prototype of requests, and the symbol under which they keep their handle.
    pub(crate) fn request_class<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<(Object<'js>, Symbol<'js>)> {
        if let Some((prototype, mark)) = &*self.request_class.borrow() {
            return Ok((prototype.clone().restore(ctx)?, mark.clone().restore(ctx)?));
        }
        let exports = self.engine.library(ctx, "runtime-internal")?;
        let prototype: Object<'js> = exports.get::<_, Object<'js>>("ZuploRequest")?.get("prototype")?;
        let mark: Symbol<'js> = exports.get("HANDLE")?;
        let saved = (Persistent::save(ctx, prototype.clone()), Persistent::save(ctx, mark.clone()));
        *self.request_class.borrow_mut() = Some(saved);
        Ok((prototype, mark))
    }

    /// The variables that the project declares, as scripts see them.
    pub(crate) fn environment<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        self.engine.library(ctx, "runtime-environment")?.get("environment")
    }

    /// Notes that code has assigned a user or parameters.
    pub(crate) fn note_assigned(&self) {
        self.has_assigned.set(true);
    }

    /// Whether code has ever done that in this engine.
    pub(crate) fn has_assigned(&self) -> bool {
        self.has_assigned.get()
    }

    /// Whether final hooks are to be called.
    pub(crate) fn has_final_hooks(&self) -> bool {
        self.has_final_hooks.get()
    }

    /// Whether plugins want the lines of the log.
    pub(crate) fn has_sinks(&self) -> bool {
        self.has_sinks.get()
    }

    /// Whether it should take no more calls.
    pub(crate) fn is_broken(&self) -> bool {
        self.engine.is_broken()
    }

    /// Whether it keeps contexts of exchanges.
    pub(crate) fn has_contexts(&self) -> bool {
        !self.contexts.borrow().is_empty()
    }

    /// An exchange is over.
    pub(crate) fn forget(&self, key: u64) {
        self.contexts.borrow_mut().remove(&key);
    }

    /// It takes no more calls: what modules do in the background ends.
    pub(crate) fn retire(&self) {
        if !self.retired.replace(true) {
            self.loading.abort();
        }
    }

    /// Does something that no request owns.
    pub(crate) fn background_task(&self) -> Rc<Task> {
        Rc::clone(&self.loading)
    }
}

/// The mistake of importing a name that a module of the gateway does not have.
fn absent(import: &HostImport, names: impl Iterator<Item = String>) -> ScriptIssue {
    let message = format!("`{}` exports no `{}`", import.specifier, import.name);
    issues::of_module(import.mistake(message, issues::nearest(&import.name, names)))
}

fn documents(list: &Json) -> Vec<PluginDocument> {
    let items = list.as_array().into_iter().flatten();
    let document = |item: &Json| {
        Some(PluginDocument { path: item.get("path")?.as_str()?.to_owned(), body: item.get("body")?.clone() })
    };
    items.filter_map(document).collect()
}

/// Where a definition is written in the project's documents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// Its place among the definitions.
    pub(crate) place: usize,
    pub(crate) module: String,
    pub(crate) sides: Vec<Side>,
    pub(crate) written: Place,
}
