//! What the engine's own code does with streams: sources and sinks that are the host's.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;

use support::TestHost;
use tollgate_js::library::{Area, NoModules, Source};
use tollgate_js::rquickjs::{Function, Module, Object};
use tollgate_js::{Engine, Limits};

/// An area that is a script's way to what only areas may import.
static INSIDE: Area = Area {
    source: Source::Text("import * as streams from 'tollgate:streams'; export const inside = streams;"),
    globals: &["inside"],
    ..Area::new("inside")
};

static AREAS: &[&Area] = &[&INSIDE];

/// What the body of an async function returns, as JSON. Its names are those of `tollgate:streams`.
fn eval(body: &str) -> String {
    eval_on(Rc::new(TestHost::default()), body)
}

fn eval_on(host: Rc<TestHost>, body: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let engine = Engine::new(Limits::default(), host, Rc::new(NoModules), AREAS).unwrap();
        let code = format!(
            "export default async () => {{
                const {{ nativeSource, drain }} = inside;
                return JSON.stringify(await (async () => {{ {body} }})());
            }}"
        );
        let task = engine.task(());
        let called = engine.call(
            &task,
            move |ctx| {
                let (module, done) = Module::declare(ctx.clone(), "test.js", code)?.eval()?;
                done.finish::<()>()?;
                let namespace: Object<'_> = module.namespace()?;
                namespace.get::<_, Function<'_>>("default")?.call(())
            },
            |_, value| value.get::<String>(),
        );
        called.await.unwrap()
    })
}

#[test]
fn streams_of_scripts_and_of_areas_are_the_same_kind() {
    assert_eq!(eval("return [inside.isReadable(new ReadableStream()), inside.isReadable({})]"), "[true,false]");
    assert_eq!(eval("return nativeSource(async () => null) instanceof ReadableStream"), "true");
}

#[test]
fn a_source_of_the_host_is_read_no_further_than_it_is_asked_for() {
    let read = "
        const asked = [];
        let next = 0;
        const stream = nativeSource(async () => (asked.push(next), next < 2 ? new Uint8Array([next++, 7]) : null));
        await null; await null;
        const before = asked.length;
        const reader = stream.getReader();
        const first = await reader.read();
        await null; await null; await null;
        const after = asked.length;
        const second = await reader.read();
        const third = await reader.read();
        await reader.closed;
        return [before, [...first.value], after, [...second.value], third.done, asked];";
    assert_eq!(eval(read), "[0,[0,7],1,[1,7],true,[0,1,2]]");
}

#[test]
fn a_source_of_the_host_takes_buffers_skips_what_is_empty_and_tells_of_its_errors() {
    let byob = "
        const chunks = [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array([4]), null];
        const reader = nativeSource(async () => chunks.shift()).getReader({ mode: 'byob' });
        const read = async (size) => { const { value, done } = await reader.read(new Uint8Array(size)); return [[...value], done]; };
        return [await read(2), await read(8), await read(8), await read(8)];";
    assert_eq!(eval(byob), "[[[1,2],false],[[3],false],[[4],false],[[],true]]");
    let error = "
        const stream = nativeSource(async () => { throw new RangeError('cut') });
        try { for await (const _ of stream); } catch (error) { return [error.name, error.message, inside.isErrored(stream)] }";
    assert_eq!(eval(error), r#"["RangeError","cut",true]"#);
    let cancel = "
        const reasons = [];
        const stream = nativeSource(async () => new Uint8Array(1), (reason) => { reasons.push(reason); });
        const before = [inside.isDisturbed(stream), inside.isLocked(stream)];
        for await (const _ of stream) break;
        await stream.cancel('again');
        return [before, reasons.length, inside.isDisturbed(stream), inside.isLocked(stream), inside.isClosed(stream)];";
    assert_eq!(eval(cancel), "[[false,false],1,true,false,true]");
}

#[test]
fn a_source_of_the_host_is_given_back_as_long_as_nobody_has_touched_it() {
    let back = "
        const make = () => nativeSource(async () => new Uint8Array(1), undefined, 'source');
        const untouched = make();
        const first = inside.reclaim(untouched);
        const after = [untouched.locked, inside.isDisturbed(untouched), inside.reclaim(untouched) ?? 'none'];
        const locked = make(); locked.getReader();
        const read = make(); const reader = read.getReader(); await reader.read(); reader.releaseLock();
        const cancelled = make(); await cancelled.cancel();
        const others = [locked, read, cancelled, new ReadableStream(), make().tee()[0]];
        return [first, after, others.map((stream) => inside.reclaim(stream) ?? 'none')];";
    let told = r#"["source",[true,true,"none"],["none","none","none","none","none"]]"#;
    assert_eq!(eval(back), told);
}

/// Drains what `stream` is into a log.
fn drained(stream: &str, on_chunk: &str) -> String {
    eval(&format!(
        "const log = [];
        const stream = {stream};
        await new Promise((over) => drain(stream, {on_chunk}, () => {{ log.push('end'); over() }}, (error) => {{ log.push(`${{error}}`); over() }}));
        await null; await null; await null;
        return [log, stream.locked];"
    ))
}

#[test]
fn a_drain_waits_for_each_chunk_to_be_taken() {
    let slow = "(bytes) => { log.push(`chunk ${bytes}`); return Promise.resolve().then(() => log.push('taken')).then(() => {}) }";
    let stream = "new ReadableStream({ start(c) { c.enqueue(new Uint8Array([1])); c.enqueue(new Uint8Array([2])); c.close() } })";
    assert_eq!(drained(stream, slow), r#"[["chunk 1","taken","chunk 2","taken","end"],true]"#);
}

#[test]
fn a_drain_of_very_many_chunks_does_not_recurse() {
    let stream = "new ReadableStream({ start(c) { for (let i = 0; i < 5000; i++) c.enqueue(new Uint8Array([1])); c.close() } }, { highWaterMark: 1e9 })";
    let code = format!(
        "let count = 0; await new Promise((over) => drain({stream}, () => {{ count++ }}, over, over)); return count;"
    );
    assert_eq!(eval(&code), "5000");
}

#[test]
fn a_drain_ends_with_the_error_of_the_stream_or_of_who_takes() {
    let fails = "new ReadableStream({ start(c) { c.enqueue(new Uint8Array(1)) }, pull() { throw new RangeError('no more') }, cancel() { log.push('cancel') } })";
    assert_eq!(drained(fails, "() => { log.push('chunk') }"), r#"[["chunk","RangeError: no more"],true]"#);
    let refuses = "new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)) }, cancel(reason) { log.push(`cancel ${reason}`) } })";
    assert_eq!(drained(refuses, "() => Promise.reject('full')"), r#"[["cancel full","full"],true]"#);
    assert_eq!(drained(refuses, "() => { throw 'full' }"), r#"[["cancel full","full"],true]"#);
}

#[test]
fn a_drain_takes_bytes_alone() {
    for chunk in ["'text'", "new ArrayBuffer(1)", "new DataView(new ArrayBuffer(1))", "new Uint16Array(1)", "null"] {
        let stream =
            format!("new ReadableStream({{ pull(c) {{ c.enqueue({chunk}) }}, cancel() {{ log.push('cancel') }} }})");
        let told = r#"[["cancel","TypeError: a body is made of Uint8Arrays"],true]"#;
        assert_eq!(drained(&stream, "() => { log.push('chunk') }"), told, "{chunk}");
    }
}

#[test]
fn a_drain_can_be_stopped() {
    let stopped = "
        const log = [];
        const stream = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)) }, cancel(reason) { log.push(reason) } });
        const stop = drain(stream, () => { log.push('chunk'); return new Promise(() => {}) }, () => log.push('end'), () => log.push('error'));
        for (let i = 0; i < 9; i++) await null;
        stop('gone'); stop('twice');
        for (let i = 0; i < 9; i++) await null;
        return log;";
    assert_eq!(eval(stopped), r#"["chunk","gone"]"#);
}

#[test]
fn what_scripts_do_to_prototypes_does_not_reach_streams() {
    let patched = "
        const { then } = Promise.prototype;
        Promise.prototype.then = () => { throw new Error('patched') };
        Array.prototype[Symbol.iterator] = ReadableStreamDefaultReader.prototype.read = undefined;
        Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength', { get() { return 0 } });
        let count = 0;
        const stream = new ReadableStream({ type: 'bytes', pull(c) { c.enqueue(new Uint8Array([1, 2])); c.close() } });
        let over;
        const done = new Promise((resolve) => { over = () => { Promise.prototype.then = then; resolve() } });
        drain(stream, (bytes) => { count += bytes.length }, () => over(), over);
        await done;
        return count;";
    assert_eq!(eval(patched), "2");
}

#[test]
fn a_rejection_that_a_script_handles_is_not_told_as_one_that_nobody_does() {
    let host = Rc::new(TestHost::default());
    let fails = "
        const fail = () => { throw new RangeError('x') };
        const seen = [];
        const end = (promise) => promise.then(() => seen.push('fulfilled'), () => seen.push('rejected'));
        await end(new ReadableStream({ pull: fail }).getReader().read());
        await end(new ReadableStream({ start: async () => fail() }).getReader().read());
        await end(new ReadableStream({ cancel: fail }).cancel());
        await end(new ReadableStream({ type: 'bytes', pull: fail }).getReader({ mode: 'byob' }).read(new Uint8Array(1)));
        await end(new WritableStream({ write: fail }).getWriter().write('a'));
        await end(new WritableStream({ close: async () => fail() }).close());
        await end(new WritableStream({ abort: fail }).abort());
        await end(new ReadableStream({ pull: fail }).pipeTo(new WritableStream()));
        await end(new ReadableStream({ pull(c) { c.enqueue('a') }, cancel: fail }).pipeTo(new WritableStream({ write: fail })));
        const through = new ReadableStream({ pull(c) { c.enqueue('a') } }).pipeThrough(new TransformStream({ transform: fail }));
        await end(through.getReader().read());
        const branches = new ReadableStream({ pull: fail }).tee();
        for (const branch of branches) await end(branch.getReader().read());
        await end((async () => { for await (const _ of ReadableStream.from((function* () { fail() })())); })());
        await new Promise((over) => drain(nativeSource(async () => fail()), () => {}, over, over));
        const reader = new ReadableStream().getReader();
        const read = end(reader.read());
        reader.releaseLock();
        await read;
        new WritableStream().getWriter().releaseLock();
        for (let i = 0; i < 50; i++) await null;
        return seen.filter((what) => what !== 'rejected');";
    assert_eq!(eval_on(Rc::clone(&host), fails), "[]");
    assert_eq!(*host.log.borrow(), []);
}
