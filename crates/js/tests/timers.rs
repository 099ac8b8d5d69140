//! Timers and the calls that they belong to.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;
use std::time::Duration;

use support::{TestHost, eval_with, run, run_on};
use tollgate_js::Limits;
use tollgate_js::engine::{CallError, Stopped};
use tollgate_js::rquickjs::{Module, Value};

fn limits() -> Limits {
    Limits { cpu: Duration::from_secs(10), wall: Duration::from_secs(10), ..Limits::default() }
}

/// Evaluates a module on behalf of a task, and waits for nothing.
fn start(engine: &tollgate_js::Engine, task: &Rc<tollgate_js::Task>, code: &'static str) {
    engine
        .enter(task, |ctx| {
            let (_, done) = Module::declare(ctx.clone(), "start.js", code).unwrap().eval().unwrap();
            done.finish::<Value<'_>>().unwrap();
        })
        .unwrap();
}

#[test]
fn a_callback_that_throws_is_told_to_the_host_and_ends_nothing() {
    let host = Rc::new(TestHost::default());
    run_on(limits(), Rc::clone(&host), async |engine, call| {
        let result = call(
            &engine,
            "setTimeout(() => { throw new RangeError('oh') }, 1);
             return await new Promise((resolve) => setTimeout(resolve, 2, 'still here'));",
        );
        assert_eq!(result.await.unwrap(), "\"still here\"");
    });
    let log = host.log.borrow();
    assert!(log.len() == 1 && log[0].1.contains("RangeError: oh"), "{log:?}");
}

#[test]
fn timers_of_a_call_that_is_over_never_ring() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        start(
            &engine,
            &task,
            "globalThis.rang = []; setTimeout(() => rang.push(1), 1); setInterval(() => rang.push(2), 1)",
        );
        assert!(task.is_busy());
        task.abort();
        let result = call(&engine, "await new Promise((resolve) => setTimeout(resolve, 10)); return rang;");
        assert_eq!(result.await.unwrap(), "[]");
        assert!(!task.is_busy());
    });
}

#[test]
fn a_call_is_busy_until_its_last_timer_has_rung_or_is_cleared() {
    run(limits(), async |engine, _| {
        for code in
            ["setTimeout(() => setTimeout(() => {}, 2), 2)", "const id = setInterval(() => clearInterval(id), 2)"]
        {
            let task = engine.task(());
            start(&engine, &task, code);
            let mut changes = 0;
            while task.is_busy() {
                tokio::time::timeout(Duration::from_secs(5), task.changed()).await.unwrap();
                changes += 1;
            }
            assert_eq!(changes, 1);
        }
        let task = engine.task(());
        start(&engine, &task, "clearTimeout(setTimeout(() => {}, 100000))");
        tokio::time::timeout(Duration::from_secs(5), task.changed()).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!task.is_busy());
    });
}

#[test]
fn a_time_limit_makes_no_call_busy_and_is_reached_all_the_same() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        start(&engine, &task, "globalThis.signal = AbortSignal.timeout(3); AbortSignal.timeout(100000)");
        assert!(!task.is_busy());
        let result = call(&engine, "await new Promise((resolve) => setTimeout(resolve, 10)); return signal.aborted");
        assert_eq!(result.await.unwrap(), "true");
        start(&engine, &task, "globalThis.signal = AbortSignal.timeout(3)");
        task.abort();
        let result = call(&engine, "await new Promise((resolve) => setTimeout(resolve, 10)); return signal.aborted");
        assert_eq!(result.await.unwrap(), "false");
    });
}

#[test]
fn timers_that_are_still_set_when_the_engine_goes_do_no_harm() {
    run(limits(), async |engine, _| {
        let task = engine.task(());
        start(&engine, &task, "setTimeout(() => {}, 100000); setInterval(() => {}, 100000)");
        drop(task);
    });
}

#[test]
fn an_interval_that_is_always_late_keeps_nobody_out() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        let late = "setInterval(() => { const until = Date.now() + 3; while (Date.now() < until); }, 1)";
        start(&engine, &task, late);
        let result = call(&engine, "await new Promise((resolve) => setTimeout(resolve, 5)); return 'through'");
        assert_eq!(result.await.unwrap(), "\"through\"");
        task.abort();
    });
}

#[test]
fn a_timer_that_spins_stops_its_call() {
    let limits = Limits { cpu: Duration::from_millis(50), ..limits() };
    let spins = "setTimeout(() => { for (;;) {} }, 1); await new Promise(() => {})";
    assert_eq!(eval_with(limits, spins).unwrap_err(), CallError::Stopped(Stopped::Cpu));
}

#[test]
fn a_call_has_so_many_timers_and_no_more() {
    let limits = Limits { work: 20, ..limits() };
    let code = "let set = 0; try { for (;;) { setTimeout(() => {}, 1000); set += 1; } } catch (error) { return [error.name, set]; }";
    assert_eq!(eval_with(limits, code).unwrap(), r#"["RangeError",20]"#);
}

#[test]
fn an_id_is_a_number_and_no_two_calls_share_one() {
    run(limits(), async |engine, call| {
        let first = call(&engine, "globalThis.id = setTimeout(() => {}, 1); return typeof id").await;
        assert_eq!(first.unwrap(), "\"number\"");
        assert_eq!(call(&engine, "return setTimeout(() => {}, 1) === id").await.unwrap(), "false");
    });
}
