//! The stores of `AsyncLocalStorage`, where many calls interleave on one engine: each call finds its own after
//! whatever it has waited for, and one that has none finds none.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use support::{TestHost, run_on};
use tollgate_core::{Body, Response};
use tollgate_js::Limits;

/// What a call may wait for. `seen` says where it is, and looks whose store is there.
const WAYS: &str = r"
const pause = (delay) => new Promise((resolve) => setTimeout(resolve, delay));
const thenable = (run) => ({ then: (resolve, reject) => run(resolve, reject) });
globalThis.ways = {
  value: async () => void (await 5),
  settled: async () => void (await Promise.resolve()),
  timer: async (number) => void (await pause(number % 3)),
  immediate: () => new Promise((resolve) => setImmediate(resolve)),
  timers: (number, seen) => new Promise((resolve) => { setTimeout(() => { seen('in a timer'); resolve(); }, number % 2); }),
  interval: (number, seen) => new Promise((resolve) => { let turns = 0; const id = setInterval(() => { seen('in an interval'); if ((turns += 1) > 2) { clearInterval(id); resolve(); } }, 1); }),
  microtask: (number, seen) => new Promise((resolve) => queueMicrotask(() => { seen('in a microtask'); resolve(); })),
  fetch: async (number, seen) => {
    const response = await fetch(`http://a.test/${number}`);
    seen('after fetch');
    await response.text();
  },
  chained: (number, seen) => fetch(`http://a.test/${number}`).then((response) => { seen('in then'); return response.text(); }).finally(() => seen('in finally')),
  stream: async (number, seen) => {
    const response = await fetch(`http://a.test/${number}`);
    for await (const chunk of response.body) seen(`in a stream, ${chunk.length}`);
  },
  failed: async (number, seen) => {
    try { await fetch('http://a.test/fails'); } catch { seen('in catch of fetch'); }
  },
  aborted: async (number, seen) => {
    try { await fetch('http://a.test/slow', { signal: AbortSignal.timeout(1) }); } catch { seen('in catch of an abort'); }
  },
  thenable: async () => void (await thenable((resolve) => resolve(1))),
  late: async () => void (await thenable((resolve) => setTimeout(resolve, 1))),
  afterFetch: async (number) => void (await thenable((resolve) => fetch(`http://a.test/${number}`).then(resolve))),
  rejects: async (number, seen) => {
    await Promise.reject(new Error('no')).catch(() => seen('in a handler'));
    try { await thenable((resolve, reject) => Promise.reject(1).then(resolve, reject)); } catch { seen('in catch'); }
    try { await thenable((resolve, reject) => fetch('http://a.test/fails').then(resolve, reject)); } catch { seen('in a late catch'); }
  },
  // The engine tells nobody of these: the rest of the function has no store, and never that of another call.
  rejectsItself: async (number, seen, lost) => {
    try { await thenable((resolve, reject) => reject(new Error('no'))); } catch { lost('in catch'); }
    try { await thenable(() => { throw new Error('no'); }); } catch { lost('in catch of a throw'); }
    try { await thenable((resolve, reject) => setTimeout(reject, 1)); } catch { lost('in a late catch'); }
    await pause(1);
    lost('later');
  },
  nested: async () => void (await thenable((resolve) => resolve(thenable((resolve) => setTimeout(() => resolve(pause(0)), 1))))),
  shared: async () => { globalThis.gate ??= pause(2).then(() => { globalThis.gate = undefined; }); await globalThis.gate; },
  deferred: async (number, seen) => {
    // Another call settles it, and may be settled by this one.
    const { promise, resolve, reject } = Promise.withResolvers();
    globalThis.waiting.push(number % 2 ? resolve : reject);
    setTimeout(() => { for (const settle of globalThis.waiting.splice(0)) settle(); }, 1);
    try { await promise; } catch { seen('in catch of another'); }
  },
  all: async (number, seen) => {
    await Promise.all([pause(1), ways.fetch(number, seen), ways.thenable()]);
    await Promise.race([pause(0), pause(3)]);
    await Promise.allSettled([Promise.reject(1), pause(0)]);
  },
  generator: async (number, seen) => {
    const turns = async function* () { for (let turn = 0; turn < 3; turn += 1) { await pause(0); seen('in a generator'); yield turn; } };
    for await (const turn of turns()) seen(`after turn ${turn}`);
  },
  unawaited: async (number, seen) => {
    (async () => { await pause(1); seen('behind'); throw new Error('nobody waits'); })().catch(() => seen('behind, in catch'));
  },
};
globalThis.waiting = [];
globalThis.storage = new (await import('node:async_hooks')).AsyncLocalStorage();
";

/// A walk through the ways, in an order that the number gives.
fn walk(number: u32, stores: bool) -> String {
    let mine = if stores { format!("'store {number}'") } else { "undefined".to_owned() };
    let walk = format!(
        "const wrong = [];
        let place = 'at first';
        const seen = (where) => {{ const store = storage.getStore(); if (store !== {mine}) wrong.push(`${{where}}, ${{place}}: ${{store}}`); }};
        const lost = (where) => storage.getStore() === undefined || seen(where);
        let number = {number} + 1;
        const names = Object.keys(ways);
        seen('in the beginning');
        for (let step = 0; step < 40; step += 1) {{
            number = (number * 1103515245 + 12345) % 2147483648;
            place = names[Math.floor(number / 65536) % names.length];
            const going = ways[place](Math.floor(number / 65536), seen, lost);
            seen('while it goes');
            await going;
            seen('after it');
        }}
        return wrong;"
    );
    if stores { format!("return await storage.run({mine}, async () => {{ {walk} }});") } else { walk }
}

#[test]
fn a_call_never_sees_the_store_of_another_one() {
    let host = TestHost::new(|request| {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let wait = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
            match path.as_str() {
                "/fails" => {
                    wait(1).await;
                    return Err(tollgate_js::Failure::type_error("fetch failed"));
                }
                "/slow" => wait(10_000).await,
                other => wait(other.len() as u64 % 3).await,
            }
            let chunks = futures_util::stream::unfold(0, async |chunk: u64| {
                tokio::time::sleep(Duration::from_millis(chunk % 2)).await;
                let frame = http_body::Frame::data(Bytes::from_static(b"some bytes"));
                (chunk < 3).then_some((Ok::<_, std::convert::Infallible>(frame), chunk + 1))
            });
            Ok(Response::new(Body::stream(http_body_util::StreamBody::new(Box::pin(chunks)))))
        })
    });
    let limits = Limits { cpu: Duration::from_secs(60), wall: Duration::from_secs(60), ..Limits::default() };
    run_on(limits, Rc::new(host), async |engine, call| {
        call(&engine, WAYS).await.unwrap();
        let bodies: Vec<String> = (0..24).map(|number| walk(number, number % 3 != 0)).collect();
        let calls = bodies.iter().map(|body| call(&engine, body));
        for (number, outcome) in futures_util::future::join_all(calls).await.into_iter().enumerate() {
            assert_eq!(outcome.unwrap(), "[]", "call {number}");
        }
    });
}

#[test]
fn a_function_that_the_engine_tells_nothing_of_sees_no_store_rather_than_that_of_the_code_before() {
    // Both wait for the gate. The first goes on to a thenable that throws, of which the engine tells nobody; the
    // second leaves a promise behind that nobody waits for, right before the first goes on.
    let gate = "const { AsyncLocalStorage } = await import('node:async_hooks');
        globalThis.storage = new AsyncLocalStorage();
        globalThis.gate = Promise.withResolvers();";
    let first = "return await storage.run('first', async () => {
        await gate.promise;
        try { await { then() { throw new Error('no'); } }; } catch {}
        return storage.getStore();
    });";
    let second = "return await storage.run('second', async () => {
        await gate.promise;
        Promise.resolve();
        await new Promise((resolve) => setTimeout(resolve));
        return storage.getStore();
    });";
    run_on(Limits::default(), Rc::new(TestHost::default()), async |engine, call| {
        call(&engine, gate).await.unwrap();
        let pause = "await new Promise((resolve) => setTimeout(resolve));";
        let opens = format!("{pause} gate.resolve(); {pause}");
        let calls = futures_util::future::join3(call(&engine, first), call(&engine, second), call(&engine, &opens));
        let (first, second, opened) = calls.await;
        opened.unwrap();
        assert_eq!(first.unwrap(), "undefined", "a store of its own would be right as well");
        assert_eq!(second.unwrap(), "\"second\"");
    });
}

#[test]
fn what_is_told_of_something_collected_is_told_with_the_store_of_the_registry() {
    let first = "const { AsyncLocalStorage } = await import('node:async_hooks');
        globalThis.storage = new AsyncLocalStorage();
        globalThis.told = [];
        const tells = (what) => told.push([what, storage.getStore() ?? null]);
        globalThis.registries = [new FinalizationRegistry(tells), storage.run('made in', () => new FinalizationRegistry(tells))];";
    let second = "return await storage.run('another', async () => {
        for (const registry of registries) (() => registry.register({}, 'gone'))();
        await 5;
        return told;
    });";
    run_on(Limits::default(), Rc::new(TestHost::default()), async |engine, call| {
        call(&engine, first).await.unwrap();
        assert_eq!(call(&engine, second).await.unwrap(), r#"[["gone",null],["gone","made in"]]"#);
    });
}
