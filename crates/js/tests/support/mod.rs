//! Runs a piece of JavaScript in an engine of its own.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "each test uses some of it")]

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::{Request, Response};
use tollgate_js::engine::CallError;
use tollgate_js::host::{Level, LocalBoxFuture};
use tollgate_js::library::Modules;
use tollgate_js::rquickjs::{Function, Module, Object, Value};
use tollgate_js::{Engine, Failure, Host, Limits, Task};

/// A host that answers every `fetch` by a function, and keeps its log.
pub(crate) struct TestHost {
    pub(crate) log: RefCell<Vec<(Level, String)>>,
    answer: Box<dyn Fn(Request) -> LocalBoxFuture<'static, Result<Response, Failure>>>,
}

impl TestHost {
    pub(crate) fn new(
        answer: impl Fn(Request) -> LocalBoxFuture<'static, Result<Response, Failure>> + 'static,
    ) -> Self {
        Self { log: RefCell::default(), answer: Box::new(answer) }
    }
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new(|_| Box::pin(async { Err(Failure::type_error("no test here answers")) }))
    }
}

impl std::fmt::Debug for TestHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestHost")
    }
}

impl Host for TestHost {
    fn fetch(&self, _: &Rc<Task>, request: Request) -> LocalBoxFuture<'static, Result<Response, Failure>> {
        (self.answer)(request)
    }

    fn log(&self, _: &Rc<Task>, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        #[expect(clippy::disallowed_methods, reason = "the tests have no other clock")]
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

#[derive(Debug)]
struct Files;

impl Modules for Files {
    fn resolve(&self, _: &str, specifier: &str) -> Result<String, String> {
        Err(format!("there is no module `{specifier}`"))
    }

    fn source(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}

/// What a body of an async function returns, as JSON.
pub(crate) fn eval(body: &str) -> Result<String, CallError> {
    eval_with(Limits { cpu: Duration::from_secs(10), ..Limits::default() }, body)
}

pub(crate) fn eval_with(limits: Limits, body: &str) -> Result<String, CallError> {
    let mut result = None;
    run(limits, async |engine, call| result = Some(call(&engine, body).await));
    result.unwrap()
}

type Call = Box<dyn for<'a> Fn(&'a Engine, &'a str) -> Pin<Box<dyn Future<Output = Result<String, CallError>> + 'a>>>;

/// Runs a test with an engine and a way to call into it.
pub(crate) fn run(limits: Limits, test: impl AsyncFnOnce(Engine, Call)) {
    run_on(limits, Rc::new(TestHost::default()), test);
}

pub(crate) fn run_on(limits: Limits, host: Rc<impl Host + 'static>, test: impl AsyncFnOnce(Engine, Call)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let engine = Engine::new(limits, host, Rc::new(Files), &[]).unwrap();
        let call: Call = Box::new(|engine, body| Box::pin(call(engine, body)));
        test(engine, call).await;
    });
}

async fn call(engine: &Engine, body: &str) -> Result<String, CallError> {
    let task = engine.task(());
    let code = format!("export default async () => {{ {body}\n}}");
    engine
        .call(
            &task,
            move |ctx| {
                let (module, done) = Module::declare(ctx.clone(), "test.js", code)?.eval()?;
                done.finish::<()>()?;
                let namespace: Object<'_> = module.namespace()?;
                let function: Function<'_> = namespace.get("default")?;
                function.call(())
            },
            |ctx, value: Value<'_>| {
                let text = ctx.json_stringify(value)?;
                Ok(text.map_or_else(|| "undefined".to_owned(), |text| text.to_string().unwrap()))
            },
        )
        .await
}
