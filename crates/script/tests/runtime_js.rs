//! The runtime module's own tests. Most run under Node (`node --test` in `tests/runtime_js`); what
//! depends on native classes runs in the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "../src/runtime/modules.rs"]
mod modules;
#[path = "../src/runtime/sources.rs"]
mod sources;

use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use tollgate_js::host::Nowhere;
use tollgate_js::library::{Area, NoModules, Source};
use tollgate_js::rquickjs::prelude::Func;
use tollgate_js::rquickjs::{self, Ctx, Function, IntoJs, Object, Value};
use tollgate_js::{Engine, Limits};

#[test]
fn the_runtime_module_holds_its_guarantees_under_node() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runtime_js");
    let run = Command::new("node").args(["--test", "--test-reporter=tap"]).current_dir(folder).output();
    let output = run.expect("these tests need Node 20 or newer as `node`");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("\n# fail 0"), "no test ran: {told}");
    assert!(!told.contains("\n# pass 0"), "no test ran: {told}");
}

#[test]
fn the_runtime_module_holds_its_guarantees_in_the_engine() {
    let told = in_an_engine(|ctx, engine| engine.library(ctx, "probe")?.get::<_, Function<'_>>("check")?.call(()));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["wrong"], serde_json::json!([]));
    assert!(told["ran"].as_u64().unwrap() > 10);
}

#[test]
fn every_module_can_be_loaded() {
    for (name, _) in sources::MODULES {
        in_an_engine(|ctx, engine| Ok(engine.library(ctx, name)?.into_value()));
    }
}

/// Each name that the runtime module exports, and the module that it comes from, as the build has listed them.
const EXPORTS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/exports.rs"));

#[test]
fn the_list_of_what_the_runtime_module_exports_is_what_it_exports() {
    let told = in_an_engine(|ctx, engine| {
        let whole = engine.library(ctx, "runtime")?;
        let mut names: Vec<String> = whole.keys().collect::<Result<_, _>>()?;
        names.sort();
        let listed: Vec<&str> = EXPORTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, listed);
        for (name, module) in EXPORTS {
            let (here, there): (Value<'_>, Value<'_>) = (whole.get(*name)?, engine.library(ctx, module)?.get(*name)?);
            assert!(here == there, "{name} of {module}");
        }
        "all".into_js(ctx)
    });
    assert_eq!(told, "all");
}

#[test]
fn every_specifier_names_a_module() {
    for (name, specifiers) in modules::SPECIFIERS {
        assert!(sources::MODULES.iter().any(|(known, _)| known == name), "{name}");
        assert!(!specifiers.is_empty(), "{name}");
    }
}

/// Runs something in an engine with the runtime's modules: what it gives or promises, as text.
fn in_an_engine(run: impl for<'js> FnOnce(&Ctx<'js>, &Engine) -> rquickjs::Result<Value<'js>>) -> String {
    let probe = ("probe", include_str!("runtime_js/engine/probe.js").to_owned());
    let own = sources::MODULES.iter().map(|(name, files)| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runtime");
        (*name, files.iter().map(|file| std::fs::read_to_string(folder.join(file)).unwrap()).collect::<String>())
    });
    let areas = own.chain([probe]).map(|(name, source)| {
        let native = (name == "runtime-host").then_some(host as _);
        &*Box::leak(Box::new(Area { source: Source::Text(String::leak(source)), native, ..Area::new(name) }))
    });
    let areas: &'static [&'static Area] = Vec::leak(areas.collect());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let limits = Limits { cpu: Duration::from_secs(20), ..Limits::default() };
        let engine = Engine::new(limits, Rc::new(Nowhere), Rc::new(NoModules), areas).unwrap();
        let task = engine.task(());
        let text = |_: &Ctx<'_>, value: Value<'_>| {
            Ok(value.as_string().map(|text| text.to_string().unwrap()).unwrap_or_default())
        };
        engine.call(&task, |ctx| run(ctx, &engine), text).await.unwrap()
    })
}

/// As much of a gateway as the probe needs.
fn host<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("environment", Func::from(|| "{}"))?;
    host.set("buildId", Func::from(|| "build-1"))?;
    host.set("compatibilityDate", Func::from(|| None::<String>))?;
    host.set("module", Func::from(|ctx: Ctx<'js>, name: String| Engine::of(&ctx)?.library(&ctx, &name)))?;
    host.set("requestId", Func::from(|_handle: Value<'_>| "request-1"))?;
    host.set("user", Func::from(|_handle: Value<'_>| r#"{"sub":"ada","data":{}}"#))?;
    host.set("params", Func::from(|_handle: Value<'_>| r#"{"id":"7"}"#))?;
    Ok(host)
}
