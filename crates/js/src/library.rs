//! How areas become modules and globals.
//!
//! An area is JavaScript, Rust, or both. Its JavaScript is a module named `tollgate:NAME`, loaded when
//! one of its globals is first read or something imports it; its Rust is the object that this module
//! finds as `import.meta.native`. Scripts of users import the names that the area lists, and nothing
//! that begins with `tollgate:`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use rquickjs::context::EvalOptions;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::object::Accessor;
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Module, Object, Persistent, Value};

use crate::{Engine, webapi};

/// What the names of areas begin with, as modules.
const INTERNAL: &str = "tollgate:";

/// One part of what scripts find.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// Its name; its module is `tollgate:NAME`.
    pub name: &'static str,
    /// Its JavaScript: an ES module.
    pub source: Source,
    /// Its Rust: what the module finds as `import.meta.native`. Made when the module is loaded.
    pub native: Option<for<'js> fn(&Ctx<'js>) -> rquickjs::Result<Object<'js>>>,
    /// What is done when an engine is made, for what has to be there at once.
    pub install: Option<for<'js> fn(&Ctx<'js>) -> rquickjs::Result<()>>,
    /// Exports of its module that are globals, each read when it is first used.
    pub globals: &'static [&'static str],
    /// The names that scripts may import it by: `node:buffer`.
    pub specifiers: &'static [&'static str],
}

/// The JavaScript of an area.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// None: what its module exports is the native object.
    None,
    /// Text, read by each engine that wants it.
    Text(&'static str),
    /// What the build has made of it.
    Built(Bytecode),
}

/// The bytecode of one module.
#[derive(Clone, Copy)]
pub struct Bytecode(&'static [u8]);

impl Bytecode {
    /// Finds a module among names and bytes. Meant for constants: where there is none of this name, the build
    /// ends.
    ///
    /// # Safety
    /// The bytes are what `tollgate_bytecode::build` has written in this build: the engine believes bytecode
    /// whatever it says.
    #[expect(unsafe_code, reason = "whoever calls this vouches for the bytes")]
    pub const unsafe fn find(built: &[(&'static str, &'static [u8])], name: &str) -> Self {
        let mut at = 0;
        while at < built.len() {
            if same(built[at].0.as_bytes(), name.as_bytes()) {
                return Self(built[at].1);
            }
            at += 1;
        }
        panic!("no bytecode was built of this module")
    }

    fn declare<'js>(self, ctx: &Ctx<'js>) -> rquickjs::Result<Module<'js, Declared>> {
        #[expect(unsafe_code, reason = "the engine cannot tell bytecode from other bytes")]
        // SAFETY: whoever made this has vouched for the bytes.
        unsafe {
            Module::load(ctx.clone(), self.0)
        }
    }
}

impl std::fmt::Debug for Bytecode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bytecode").field("length", &self.0.len()).finish_non_exhaustive()
    }
}

/// Whether two names are the same, for constants.
const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    if one.len() != other.len() {
        return false;
    }
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl Area {
    /// An area with nothing in it, for struct update.
    pub const fn new(name: &'static str) -> Self {
        Self { name, source: Source::None, native: None, install: None, globals: &[], specifiers: &[] }
    }
}

/// The modules of a project.
pub trait Modules: std::fmt::Debug {
    /// The id of what a module names.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    fn resolve(&self, base: &str, specifier: &str) -> Result<String, String>;
    /// The JavaScript of a module.
    fn source(&self, id: &str) -> Option<Arc<str>>;
    /// The module that stands for one of the gateway's in the module `base`, which imports no more than some names
    /// of it: all of it would be more to load, and to keep. [`Modules::source`] has its text, and its id begins
    /// with `tollgate:`.
    fn part(&self, base: &str, specifier: &str) -> Option<&str> {
        let _ = (base, specifier);
        None
    }
    /// A script that goes with a module, for what cannot be in one: a function expression, sloppy code, which
    /// the module finds as `import.meta.body`.
    fn script(&self, id: &str) -> Option<Arc<str>> {
        let _ = id;
        None
    }
}

/// No modules at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoModules;

impl Modules for NoModules {
    fn resolve(&self, _: &str, specifier: &str) -> Result<String, String> {
        Err(format!("there is no module `{specifier}`"))
    }

    fn source(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}

/// The areas of one engine, and which of them are loaded.
pub(crate) struct Library {
    areas: &'static [&'static Area],
    loaded: RefCell<HashMap<&'static str, Persistent<Object<'static>>>>,
}

fn all(areas: &'static [&'static Area]) -> impl Iterator<Item = &'static Area> {
    webapi::ALL.iter().copied().chain(areas.iter().copied())
}

fn find(areas: &'static [&'static Area], name: &str) -> Option<&'static Area> {
    all(areas).find(|area| area.name == name)
}

impl Library {
    pub(crate) fn new(areas: &'static [&'static Area]) -> Self {
        Self { areas, loaded: RefCell::default() }
    }

    /// Puts everything that is there from the beginning into a new context.
    pub(crate) fn install(&self, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
        let globals = ctx.globals();
        crate::json::install(ctx)?;
        for area in all(self.areas) {
            if let Some(install) = area.install {
                install(ctx)?;
            }
            for name in area.globals {
                lazy(&globals, area.name, name)?;
            }
        }
        no_code_from_text(ctx)
    }

    /// The exports of an area's module.
    pub(crate) fn require<'js>(&self, ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Object<'js>> {
        if let Some(loaded) = self.loaded.borrow().get(name) {
            return loaded.clone().restore(ctx);
        }
        let area = find(self.areas, name).ok_or_else(|| rquickjs::Error::new_loading(name))?;
        // By way of an import: a module that another area has imported before must not be made twice.
        let source = format!("export * as area from '{INTERNAL}{name}';");
        let (module, done) = Module::declare(ctx.clone(), format!("{INTERNAL}of/{name}"), source)?.eval()?;
        if done.state() == PromiseState::Rejected {
            done.result::<Value<'js>>().transpose()?;
        }
        let namespace: Object<'js> = module.namespace()?.get("area")?;
        self.loaded.borrow_mut().insert(area.name, Persistent::save(ctx, namespace.clone()));
        Ok(namespace)
    }

    pub(crate) fn resolver(&self, modules: Rc<dyn Modules>) -> Names {
        Names { areas: self.areas, modules }
    }

    pub(crate) fn loader(&self, modules: Rc<dyn Modules>) -> Names {
        Names { areas: self.areas, modules }
    }
}

fn declare<'js>(ctx: &Ctx<'js>, area: &Area) -> rquickjs::Result<Module<'js, Declared>> {
    let text = |source: &str| Module::declare(ctx.clone(), format!("{INTERNAL}{}", area.name), source);
    let module = match area.source {
        Source::None => text("export default import.meta.native;")?,
        Source::Text(source) => text(source)?,
        Source::Built(bytecode) => bytecode.declare(ctx)?,
    };
    if let Some(native) = area.native {
        module.meta()?.set("native", native(ctx)?)?;
    }
    Ok(module)
}

/// A global that loads its area when it is first read.
fn lazy(globals: &Object<'_>, area: &'static str, name: &'static str) -> rquickjs::Result<()> {
    globals.prop(name, Accessor::new(Getter { area, name }, Setter { name }).configurable())
}

/// Reads the global, and leaves its value in its place.
struct Getter {
    area: &'static str,
    name: &'static str,
}

/// A script may put something of its own in the place of a global.
struct Setter {
    name: &'static str,
}

fn plain<'js>(ctx: &Ctx<'js>, name: &str, value: Value<'js>) -> rquickjs::Result<()> {
    ctx.globals().prop(name, rquickjs::object::Property::from(value).configurable().writable())
}

impl<'js> rquickjs::function::IntoJsFunc<'js, ()> for Getter {
    fn param_requirements() -> rquickjs::function::ParamRequirement {
        rquickjs::function::ParamRequirement::none()
    }

    fn call<'a>(&self, params: rquickjs::function::Params<'a, 'js>) -> rquickjs::Result<Value<'js>> {
        let ctx = params.ctx();
        let value: Value<'js> = Engine::of(ctx)?.library(ctx, self.area)?.get(self.name)?;
        plain(ctx, self.name, value.clone())?;
        Ok(value)
    }
}

impl<'js> rquickjs::function::IntoJsFunc<'js, (Value<'js>,)> for Setter {
    fn param_requirements() -> rquickjs::function::ParamRequirement {
        rquickjs::function::ParamRequirement::any()
    }

    fn call<'a>(&self, params: rquickjs::function::Params<'a, 'js>) -> rquickjs::Result<Value<'js>> {
        let ctx = params.ctx();
        let value = params.arg(0).unwrap_or_else(|| Value::new_undefined(ctx.clone()));
        plain(ctx, self.name, value)?;
        Ok(Value::new_undefined(ctx.clone()))
    }
}

/// Code comes from modules alone: `eval` is gone, and so are the constructors that make functions
/// of text.
fn no_code_from_text(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    ctx.eval::<(), _>(include_str!("no_code_from_text.js"))
}

/// The function of a script of the project's. It is in no module, so that `strict` does not hold for it.
fn sloppy<'js>(ctx: &Ctx<'js>, name: &str, script: &str) -> rquickjs::Result<Function<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    ctx.eval_with_options(script, options)
}

/// Finds modules by their names: areas, then the project's.
pub(crate) struct Names {
    areas: &'static [&'static Area],
    modules: Rc<dyn Modules>,
}

impl Resolver for Names {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        if let Some(area) = all(self.areas).find(|area| area.specifiers.contains(&name)) {
            let part = self.modules.part(base, name).map(str::to_owned);
            return Ok(part.unwrap_or_else(|| format!("{INTERNAL}{}", area.name)));
        }
        if name.starts_with(INTERNAL) && base.starts_with(INTERNAL) {
            return Ok(name.to_owned());
        }
        self.modules.resolve(base, name).map_err(|what| rquickjs::Error::new_resolving_message(base, name, what))
    }
}

impl Loader for Names {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if let Some(area) = name.strip_prefix(INTERNAL).and_then(|name| find(self.areas, name)) {
            return declare(ctx, area);
        }
        match self.modules.source(name) {
            Some(source) => {
                let module = Module::declare(ctx.clone(), name, source.as_bytes())?;
                if let Some(script) = self.modules.script(name) {
                    module.meta()?.set("body", sloppy(ctx, name, &script)?)?;
                }
                Ok(module)
            }
            None => Err(rquickjs::Error::new_loading(name)),
        }
    }
}
