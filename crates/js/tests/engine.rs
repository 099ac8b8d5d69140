//! Budgets, isolation, and calls that wait.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::time::Duration;

use support::{eval, eval_with, run};
use tollgate_js::engine::{CallError, Stopped};
use tollgate_js::{Limits, engine};

fn quick() -> Limits {
    Limits { cpu: Duration::from_millis(50), wall: Duration::from_secs(20), memory: 16 << 20, ..Limits::default() }
}

#[test]
fn a_value_comes_back_and_so_does_what_a_promise_brings() {
    assert_eq!(eval("return 1 + 1").unwrap(), "2");
    assert_eq!(eval("return await Promise.resolve('x')").unwrap(), "\"x\"");
    assert_eq!(eval("return await new Promise((r) => Promise.resolve().then(() => r([1])))").unwrap(), "[1]");
}

#[test]
fn what_is_thrown_comes_back_with_name_message_and_stack() {
    let Err(CallError::Thrown(thrown)) = eval("throw new TypeError('no')") else { panic!() };
    assert_eq!((thrown.name.as_str(), thrown.message.as_str()), ("TypeError", "no"));
    assert!(thrown.stack.contains("test.js:"), "{}", thrown.stack);
    let Err(CallError::Thrown(thrown)) = eval("throw { a: 1 }") else { panic!() };
    assert_eq!(thrown.message, r#"{"a":1}"#);
}

#[test]
fn a_loop_is_stopped_at_its_processor_time_whatever_it_catches() {
    // The flood grows as it goes on: with less room, a fast machine may fill it before the time is up.
    let limits = Limits { memory: 1 << 30, ..quick() };
    for code in [
        "for (;;) {}",
        "try { for (;;) {} } catch { return 1 } finally { for (;;) {} }",
        "await null; for (;;) {}",
        "const flood = () => Promise.resolve().then(flood); await flood();",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    ] {
        assert_eq!(eval_with(limits.clone(), code).unwrap_err(), CallError::Stopped(Stopped::Cpu), "{code}");
    }
}

#[test]
fn a_promise_that_nobody_keeps_is_stopped_at_its_time() {
    let limits = Limits { wall: Duration::from_millis(100), ..quick() };
    assert_eq!(eval_with(limits, "await new Promise(() => {})").unwrap_err(), CallError::Stopped(Stopped::Wall));
}

#[test]
fn memory_and_stack_have_their_limits() {
    let hoards = "const all = []; for (;;) all.push(new Array(10000).fill(0));";
    assert_eq!(eval_with(quick(), hoards).unwrap_err(), CallError::Stopped(Stopped::Memory));
    let recurses = "const f = () => f() + 1; return f();";
    assert_eq!(eval_with(quick(), recurses).unwrap_err(), CallError::Stopped(Stopped::Stack));
}

#[test]
fn a_job_that_fills_the_heap_ends_its_call_at_once() {
    // What is kept outside of the function is still there when its promise is to be rejected: then there is
    // no memory for that either.
    let hoard = "globalThis.all = []; for (;;) all.push(new Array(1000).fill(0), 'x'.repeat(7), {});";
    for code in [
        format!("await null; {hoard}"),
        format!("await new Promise((resolve) => setTimeout(resolve, 1)); {hoard}"),
        format!("await Promise.resolve().then(() => {{ {hoard} }})"),
        format!("await new Promise((resolve) => queueMicrotask(() => {{ {hoard} }}))"),
        format!("await new Promise((resolve) => setTimeout(() => {{ {hoard} }}, 1))"),
        format!("await (async () => {{ await null; await (async () => {{ await null; {hoard} }})() }})()"),
        "globalThis.all = []; const more = () => { all.push(new Array(1000).fill(0)); return Promise.resolve().then(more) }; await more()".to_owned(),
    ] {
        run(quick(), async |engine, call| {
            let ended = tokio::time::timeout(Duration::from_secs(5), call(&engine, &code)).await;
            assert_eq!(ended.expect(&code).unwrap_err(), CallError::Stopped(Stopped::Memory), "{code}");
            assert!(engine.is_broken(), "{code}");
        });
    }
}

#[test]
fn a_heap_that_was_full_is_told_of_where_nothing_of_it_is_left() {
    // Where there is not even memory for an error, the engine throws null; and what filled the heap has gone by the
    // time that anybody sees it.
    for code in [
        "const all = []; for (;;) all.push({});",
        "const all = []; for (;;) all.push(() => all);",
        "let list = null; for (;;) list = [list];",
        "const all = new Map(); for (let at = 0; ; at++) all.set(at, {});",
        "const all = []; for (let at = 0; ; at++) all.push(`text ${at}`);",
        "const all = []; for (;;) all.push(new Array(50).fill(0));",
        "await null; const all = []; for (;;) all.push({});",
        "await (async () => { await null; let list = null; for (;;) list = { list }; })();",
    ] {
        let limits = Limits { cpu: Duration::from_secs(20), ..quick() };
        assert_eq!(eval_with(limits, code).unwrap_err(), CallError::Stopped(Stopped::Memory), "{code}");
    }
    assert!(matches!(eval("throw null").unwrap_err(), CallError::Thrown(_)));
}

#[test]
fn there_is_no_way_to_make_code_of_text() {
    for code in [
        "eval('1')",
        "new Function('return 1')",
        "(() => {}).constructor('return 1')",
        "(async () => {}).constructor('1')",
    ] {
        let error = eval(&format!("return {code}")).unwrap_err();
        assert!(matches!(&error, CallError::Thrown(_)), "{code}: {error}");
    }
}

#[test]
fn internal_modules_cannot_be_imported() {
    let error = eval("return await import('tollgate:console')").unwrap_err();
    assert!(error.to_string().contains("tollgate:console"), "{error}");
}

#[test]
fn calls_interleave_on_one_engine_and_a_stopped_one_leaves_others_alone() {
    run(quick(), async |engine, call| {
        let engine: engine::Engine = engine;
        let waits = call(
            &engine,
            "let go; globalThis.go = new Promise((r) => { go = r; }); globalThis.release = go; return await globalThis.go;",
        );
        let spins = call(&engine, "for (;;) {}");
        let (waits, (spins, _)) = tokio::join!(waits, async {
            let spins = spins.await;
            (spins, call(&engine, "globalThis.release(7)").await)
        });
        assert_eq!(spins.unwrap_err(), CallError::Stopped(Stopped::Cpu));
        assert_eq!(waits.unwrap(), "7");
        assert!(engine.is_broken());
    });
}
