//! What scripts keep, and for how long.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use support::{TestHost, eval, run_on};
use tollgate_core::time::{Clock, ManualClock, Timestamp};
use tollgate_core::{Request, Response};
use tollgate_js::host::{Level, LocalBoxFuture};
use tollgate_js::webapi::caches::ByteCache;
use tollgate_js::{Failure, Host, Limits, Task};

/// A host with a cache and a clock that stands still.
#[derive(Debug)]
struct Remembers(TestHost, Arc<ByteCache>);

impl Host for Remembers {
    fn fetch(&self, task: &Rc<Task>, request: Request) -> LocalBoxFuture<'static, Result<Response, Failure>> {
        self.0.fetch(task, request)
    }

    fn log(&self, task: &Rc<Task>, level: Level, message: &str) {
        self.0.log(task, level, message);
    }

    fn cache(&self) -> Option<Arc<ByteCache>> {
        Some(Arc::clone(&self.1))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// What each piece of code returns, in an engine of its own, with so many seconds after each.
#[track_caller]
fn check(pieces: &[(&str, u64, &str)]) {
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let cache = Arc::new(ByteCache::new(1 << 20, Arc::clone(&clock) as Arc<dyn Clock>));
    for (code, seconds, expected) in pieces {
        let host = Rc::new(Remembers(TestHost::default(), Arc::clone(&cache)));
        run_on(Limits { cpu: Duration::from_secs(10), ..Limits::default() }, host, async |engine, call| {
            let code = format!(
                "const cache = await caches.open('test');
                 const text = async (it) => (await it)?.text();
                 const put = (url, body, headers, init) => cache.put(url, new Response(body, {{ headers, ...init }}));
                 const name = (promise) => promise.then(() => 'kept', (error) => error.name);
                 {code}"
            );
            assert_eq!(call(&engine, &code).await.unwrap(), *expected, "{code}");
        });
        clock.advance(Duration::from_secs(*seconds));
    }
}

#[test]
fn an_answer_that_was_put_comes_back_whole_in_every_engine() {
    check(&[
        (
            "await put('http://x/a?b=1#c', 'hello', { 'content-type': 'text/x', etag: '\"1\"', 'last-modified': 'then' },
                { status: 203, statusText: 'Fine' });
             return 1;",
            0,
            "1",
        ),
        (
            "const it = await cache.match(new Request('http://x/a?b=1'));
             return [it.status, it.statusText, await it.text(), [...it.headers].map(String)]",
            0,
            r#"[203,"Fine","hello",["age,0","content-type,text/x","etag,\"1\"","last-modified,then"]]"#,
        ),
        (
            "const other = await caches.open('other');
             return [await text(cache.match('http://x/a')), await text(other.match('http://x/a?b=1')),
                await text(caches.default.match('http://x/a?b=1'))].map(String)",
            0,
            r#"["undefined","undefined","undefined"]"#,
        ),
    ]);
}

#[test]
fn an_answer_is_kept_for_as_long_as_its_headers_say() {
    check(&[
        (
            "await put('http://x/max', 'a', { 'cache-control': 'public, max-age=10' });
             await put('http://x/shared', 'b', { 'cache-control': 'max-age=10, S-MaxAge=\"20\"' });
             await put('http://x/aged', 'c', { 'cache-control': 'max-age=10', age: '5' });
             await put('http://x/expires', 'd', { date: 'Thu, 01 Jan 1970 00:00:00 GMT', expires: 'Thu, 01 Jan 1970 00:00:15 GMT' });
             await put('http://x/unsaid', 'e', {});
             for (const value of ['no-store', 'private, max-age=5', 'no-cache', 'max-age=0', 'max-age=soon'])
                await put('http://x/' + value, 'never', { 'cache-control': value });
             await put('http://x/over', 'never', { expires: '0' });
             await put('http://x/cookie', 'never', { 'set-cookie': 'a=b', 'cache-control': 'max-age=5' });
             const all = ['no-store', 'private, max-age=5', 'no-cache', 'max-age=0', 'max-age=soon', 'over', 'cookie'];
             return (await Promise.all(all.map((it) => cache.match('http://x/' + it)))).map(String)",
            6,
            r#"["undefined","undefined","undefined","undefined","undefined","undefined","undefined"]"#,
        ),
        (KEPT, 5, r#"["max","shared","expires","unsaid"]"#),
        (KEPT, 5, r#"["shared","expires","unsaid"]"#),
        (KEPT, 5, r#"["shared","unsaid"]"#),
        (KEPT, 7200, r#"["unsaid"]"#),
        (KEPT, 0, "[]"),
    ]);
}

const KEPT: &str = "const kept = [];
    for (const it of ['max', 'shared', 'aged', 'expires', 'unsaid']) if (await cache.match('http://x/' + it)) kept.push(it);
    return kept";

#[test]
fn an_answer_that_must_not_be_kept_removes_the_one_before_it() {
    check(&[(
        "await put('http://x/', 'old', {}); await put('http://x/', 'new', { 'cache-control': 'no-store' });
         return String(await cache.match('http://x/'))",
        0,
        "\"undefined\"",
    )]);
}

#[test]
fn an_answer_to_another_request_is_none() {
    check(&[(
        "const ask = (headers) => new Request('http://x/', { headers });
         await cache.put(ask({ accept: 'a', other: '1' }), new Response('A', { headers: { vary: 'Accept, X-None' } }));
         return [await text(cache.match(ask({ accept: 'a' }))), await text(cache.match(ask({ accept: 'b' }))) ?? null,
            await text(cache.match(ask({ accept: 'b' }), { ignoreVary: true }))]",
        0,
        r#"["A",null,"A"]"#,
    )]);
}

#[test]
fn methods_and_queries_count_unless_they_are_to_be_ignored() {
    check(&[(
        "await put('http://x/a?q=1', 'one', {}); await put('http://x/a?q=2', 'two', {});
         const post = new Request('http://x/a?q=1', { method: 'POST' });
         return [await text(cache.match(post)) ?? null, await text(cache.match(post, { ignoreMethod: true })),
            await text(cache.match('http://x/a', { ignoreSearch: true })),
            await text(cache.match('http://x/a?q=1', { ignoreSearch: true })),
            await text(cache.match('http://x/b', { ignoreSearch: true })) ?? null,
            await cache.delete(post), await cache.delete('http://x/a?q=1'), await cache.delete('http://x/a?q=1'),
            await text(cache.match('http://x/a?q=1')) ?? null]",
        0,
        r#"[null,"one","two","one",null,false,true,false,null]"#,
    )]);
}

#[test]
fn what_cannot_be_kept_is_a_type_error() {
    check(&[(
        "const used = new Response('x'); await used.text();
         return await Promise.all([
            cache.put(new Request('http://x/', { method: 'POST' }), new Response()),
            cache.put('http://x/', new Response('', { status: 206 })),
            cache.put('http://x/', new Response('', { headers: { vary: 'accept, *' } })),
            cache.put('http://x/', used),
            cache.put('http://x/', {}),
            cache.put('not an address', new Response()),
            caches.open(),
            (async () => new Cache())(),
         ].map(name))",
        0,
        r#"["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
    )]);
}

#[test]
fn an_answer_without_a_body_and_one_of_bytes_come_back() {
    check(&[(
        "await cache.put('http://x/none', new Response(null, { status: 204 }));
         await put('http://x/bytes', new Uint8Array([0, 255, 10]), {});
         const none = await cache.match('http://x/none'), bytes = await cache.match('http://x/bytes');
         return [none.status, none.body, [...new Uint8Array(await bytes.arrayBuffer())]]",
        0,
        "[204,null,[0,255,10]]",
    )]);
}

#[test]
fn without_a_cache_of_the_host_nothing_is_kept_and_that_is_said() {
    let code = "const cache = await caches.open('x');
        return await cache.match('http://x/').catch((error) => `${error}`)";
    assert_eq!(eval(code).unwrap(), "\"TypeError: there is no cache here\"");
}
