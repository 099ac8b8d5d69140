//! What events and signals do that no other engine can be asked about.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;

use support::{TestHost, eval, run_on};
use tollgate_js::Limits;
use tollgate_js::host::Level;

#[test]
fn a_listener_that_throws_is_told_to_the_host_and_stops_nobody() {
    let host = Rc::new(TestHost::default());
    run_on(Limits::default(), Rc::clone(&host), async |engine, call| {
        let code = "const heard = [], target = new EventTarget();
            target.addEventListener('x', () => { throw new RangeError('oh'); });
            target.addEventListener('x', { handleEvent: 5 });
            target.addEventListener('x', () => heard.push('next'));
            const { signal } = new AbortController();
            return [target.dispatchEvent(new Event('x')), heard];";
        assert_eq!(call(&engine, code).await.unwrap(), r#"[true,["next"]]"#);
    });
    let log = host.log.borrow();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].0 == Level::Error && log[0].1.contains("RangeError: oh") && log[0].1.contains("test.js"), "{log:?}");
    assert!(log[1].1.contains("handleEvent"), "{log:?}");
}

#[test]
fn report_error_tells_the_host_of_whatever_it_is_given() {
    let host = Rc::new(TestHost::default());
    run_on(Limits::default(), Rc::clone(&host), async |engine, call| {
        let code =
            "reportError(new TypeError('a')); reportError('text'); reportError({ b: 1 }); reportError(undefined);
            try { reportError(); } catch (error) { return error.name; }";
        assert_eq!(call(&engine, code).await.unwrap(), "\"TypeError\"");
    });
    let log = host.log.borrow();
    let told: Vec<_> = log.iter().map(|(_, line)| line.lines().next().unwrap()).collect();
    let said = |what: &str| format!("an error was reported: {what}");
    assert_eq!(told, [said("TypeError: a"), said("text"), said(r#"{"b":1}"#), said("undefined")]);
}

#[test]
fn code_finds_out_where_it_runs() {
    assert_eq!(eval("return [self === globalThis, navigator.userAgent]").unwrap(), r#"[true,"Tollgate"]"#);
}

#[test]
fn a_signal_that_lives_long_keeps_nothing_of_those_that_followed_it() {
    let code = "const { signal } = new AbortController();
        let gone = 0;
        const registry = new FinalizationRegistry(() => { gone += 1; });
        for (let i = 0; i < 100; i += 1) {
            const any = AbortSignal.any([signal, new AbortController().signal]);
            const listener = () => {};
            any.addEventListener('abort', listener);
            any.onabort = listener;
            any.onabort = null;
            any.removeEventListener('abort', listener);
            registry.register(any);
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
        return gone >= 99;";
    assert_eq!(eval(code).unwrap(), "true");
}

#[test]
fn one_that_follows_lives_for_as_long_as_somebody_listens() {
    let code = "const controller = new AbortController(), heard = [];
        (() => AbortSignal.any([controller.signal]).addEventListener('abort', () => heard.push(1)))();
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.abort();
        return heard;";
    assert_eq!(eval(code).unwrap(), "[1]");
}
