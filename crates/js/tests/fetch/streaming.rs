//! Bodies that come and go in pieces.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt;
use tollgate_core::Body;
use tollgate_js::engine::{CallError, Stopped};
use tollgate_js::rquickjs::Value;
use tollgate_js::webapi::fetch::exchange;
use tollgate_js::{Engine, Task};

use crate::support::{TestHost, run, run_on};
use crate::{Frames, channel, data, function, limits, text};

/// A host that answers with this body, once.
fn serving(body: Body) -> Rc<TestHost> {
    let body = RefCell::new(Some(body));
    Rc::new(TestHost::new(move |_| {
        let response = http::Response::new(body.take().unwrap());
        Box::pin(async { Ok(response) })
    }))
}

/// What a script makes of a response.
async fn outbound(
    engine: &Engine,
    task: &Rc<Task>,
    response: tollgate_core::Response,
    code: &str,
) -> Result<tollgate_core::Response, CallError> {
    let code = format!("export default async (response) => {{ {code} }}");
    engine
        .call(
            task,
            move |ctx| {
                let response = exchange::response(ctx, response)?;
                function(ctx, &code)?.call((response,))
            },
            |ctx, value: Value<'_>| Ok(exchange::take_response(ctx, &value)?.unwrap()),
        )
        .await
}

/// Lets everything run that can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn next(body: &mut Body) -> Option<Result<Bytes, String>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap()).map_err(|error| error.to_string()))
}

/// Polls a piece of work of the engine until everything has run, and says whether it is done.
async fn polled<T>(work: &mut std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = settle() => None,
    }
}

#[test]
fn a_body_from_the_host_is_read_as_it_comes() {
    let (sender, body) = channel();
    run_on(limits(), serving(body), async |engine, call| {
        let code = "const r = await fetch('http://a.test/');
            const all = [];
            for await (const chunk of r.body) all.push(new TextDecoder().decode(chunk));
            return all";
        let mut work = std::pin::pin!(call(&engine, code));
        for piece in ["a", "", "bc"] {
            sender.send(data(piece)).await.unwrap();
            assert!(polled(&mut work).await.is_none());
            assert_eq!(sender.capacity(), 64, "what has come has been taken");
        }
        drop(sender);
        assert_eq!(work.await.unwrap(), r#"["a","bc"]"#);
    });
}

#[test]
fn nothing_is_read_before_a_script_asks() {
    let (sender, body) = channel();
    run_on(limits(), serving(body), async |engine, call| {
        for piece in ["a", "b", "c"] {
            sender.send(data(piece)).await.unwrap();
        }
        let code = "const r = await fetch('http://a.test/'); globalThis.reader = r.body.getReader();
            const { value } = await reader.read(); return value[0]";
        assert_eq!(call(&engine, code).await.unwrap(), "97");
        settle().await;
        assert_eq!(sender.capacity(), 62, "two wait");
    });
}

#[test]
fn a_body_is_collected_from_its_pieces() {
    let (sender, body) = channel();
    run_on(limits(), serving(body), async |engine, call| {
        sender.send(data("{\"a\"")).await.unwrap();
        sender.send(data(":1}")).await.unwrap();
        drop(sender);
        let code = "const r = await fetch('http://a.test/'); const p = r.json(); const used = r.bodyUsed; return [used, await p]";
        assert_eq!(call(&engine, code).await.unwrap(), r#"[true,{"a":1}]"#);
    });
}

#[test]
fn an_error_in_the_middle_is_an_error() {
    for read in [
        "r.text()",
        "new Response(r.body).text()",
        "r.body.getReader().read().then(() => r2.read())",
        "r.clone().text()",
    ] {
        let (sender, body) = channel();
        run_on(limits(), serving(body), async |engine, call| {
            sender.send(data("half")).await.unwrap();
            sender.send(Err("it broke off".into())).await.unwrap();
            let read = read.replace("r.body.getReader().read()", "(globalThis.r2 = r.body.getReader()).read()");
            let code = format!(
                "const r = await fetch('http://a.test/'); return {read}.catch((e) => [e instanceof TypeError, e.message])"
            );
            let told = call(&engine, &code).await.unwrap();
            assert_eq!(told, r#"[true,"the body could not be read: it broke off"]"#, "{read}");
        });
    }
}

#[test]
fn a_body_that_nobody_wants_goes_away() {
    for code in [
        "await r.body.cancel()",
        "const reader = r.body.getReader(); const p = reader.read(); await reader.cancel(); await p",
    ] {
        let (sender, body) = channel();
        run_on(limits(), serving(body), async |engine, call| {
            call(&engine, &format!("const r = await fetch('http://a.test/'); {code}")).await.unwrap();
            settle().await;
            assert!(sender.is_closed(), "{code}");
        });
    }
}

#[test]
fn more_than_a_script_may_hold_is_refused() {
    for read in ["r.text()", "new Response(r.body).text()", "(r.body, r.bytes())"] {
        let (sender, body) = channel();
        run_on(limits(), serving(body), async |engine, call| {
            for _ in 0..11 {
                sender.send(data(&"x".repeat(1 << 20))).await.unwrap();
            }
            drop(sender);
            let code =
                format!("const r = await fetch('http://a.test/'); return {read}.catch((e) => [e.name, e.message])");
            let told = call(&engine, &code).await.unwrap();
            assert!(told.starts_with(r#"["RangeError","the body is longer than 10485760 bytes"#), "{read}: {told}");
        });
    }
}

#[test]
fn bodies_count_as_memory_of_their_engine() {
    let limits = || tollgate_js::Limits { memory: 8 << 20, ..limits() };
    for hoards in [
        "const text = 'x'.repeat(100_000); globalThis.all = []; for (;;) all.push(new Response(text))",
        "const text = 'x'.repeat(100_000); globalThis.all = []; for (;;) all.push(Response.json(text).clone())",
        "const all = await Promise.all([1, 2, 3].map((at) => fetch('http://a.test/'))); await Promise.all(all.map((r) => r.bytes()))",
    ] {
        let host = TestHost::new(|_| {
            let (sender, body) = channel();
            for _ in 0..4 {
                sender.try_send(data(&"x".repeat(1 << 20))).unwrap();
            }
            tokio::task::spawn_local(async move {
                let _open = sender;
                std::future::pending::<()>().await;
            });
            Box::pin(async { Ok(http::Response::new(body)) })
        });
        run_on(limits(), Rc::new(host), async |engine, call| {
            assert_eq!(call(&engine, hoards).await.unwrap_err(), CallError::Stopped(Stopped::Memory), "{hoards}");
        });
    }
    run_on(limits(), Rc::new(TestHost::default()), async |engine, call| {
        let lets_go = "const text = 'x'.repeat(100_000); for (let at = 0; at < 1000; at++) await new Response(text).text(); return 1";
        assert_eq!(call(&engine, lets_go).await.unwrap(), "1");
    });
}

#[test]
fn a_long_body_passes_although_its_clone_was_too_long_to_read() {
    let (sender, body) = channel();
    run(limits(), async |engine, call| {
        for _ in 0..12 {
            sender.send(data(&"x".repeat(1 << 20))).await.unwrap();
        }
        drop(sender);
        let task = engine.task(());
        let code = "globalThis.told = await response.clone().text().catch((e) => e.name); return response";
        let response = outbound(&engine, &task, http::Response::new(body), code).await.unwrap();
        assert_eq!(call(&engine, "return told").await.unwrap(), r#""RangeError""#);
        assert_eq!(text(response.into_body()).await.unwrap().len(), 12 << 20);
    });
}

#[test]
fn a_clone_is_read_on_its_own() {
    let (sender, body) = channel();
    run_on(limits(), serving(body), async |engine, call| {
        sender.send(data("ab")).await.unwrap();
        sender.send(data("c")).await.unwrap();
        drop(sender);
        let code = "const r = await fetch('http://a.test/'); const c = r.clone();
            return [await c.text(), r.bodyUsed, await r.text(), c.headers.get('x')]";
        assert_eq!(call(&engine, code).await.unwrap(), r#"["abc",false,"abc",null]"#);
    });
}

#[test]
fn a_signal_ends_a_fetch_and_its_reason_is_what_is_thrown() {
    struct Gone(Rc<Cell<bool>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    for (abort, told) in [
        ("c.abort()", r#"["AbortError",true]"#),
        ("c.abort(new RangeError('x'))", r#"["RangeError",false]"#),
        ("c.abort('why')", r#"["why",false]"#),
    ] {
        let gone = Rc::new(Cell::new(false));
        let guard = Rc::clone(&gone);
        let host = TestHost::new(move |_| {
            let guard = Gone(Rc::clone(&guard));
            Box::pin(async move {
                let _guard = guard;
                std::future::pending().await
            })
        });
        run_on(limits(), Rc::new(host), async |engine, call| {
            let code = "globalThis.c = new AbortController();
                return fetch('http://a.test/', { signal: c.signal }).catch((e) => [e.name ?? e, e instanceof DOMException])";
            let mut work = std::pin::pin!(call(&engine, code));
            assert!(polled(&mut work).await.is_none());
            assert!(!gone.get());
            call(&engine, abort).await.unwrap();
            assert_eq!(work.await.unwrap(), told);
            assert!(gone.get(), "the host's work has ended");
        });
    }
}

#[test]
fn a_fetch_may_time_out() {
    let host = TestHost::new(move |_| Box::pin(std::future::pending()));
    run_on(limits(), Rc::new(host), async |engine, call| {
        let code = "return fetch('http://a.test/', { signal: AbortSignal.timeout(1) }).catch((e) => e.name)";
        assert_eq!(call(&engine, code).await.unwrap(), r#""TimeoutError""#);
    });
}

#[test]
fn a_signal_ends_a_body_that_is_being_read() {
    for read in ["r.text()", "new Response(r.body).text()", "r.body.getReader().read()", "r.clone().text()"] {
        let (sender, body) = channel();
        run_on(limits(), serving(body), async |engine, call| {
            let code = format!(
                "globalThis.c = new AbortController(); const r = await fetch('http://a.test/', {{ signal: c.signal }});
                 return {read}.catch((e) => [e.name, e.message])"
            );
            let mut work = std::pin::pin!(call(&engine, &code));
            assert!(polled(&mut work).await.is_none());
            assert!(!sender.is_closed());
            call(&engine, "c.abort(new RangeError('x'))").await.unwrap();
            assert_eq!(work.await.unwrap(), r#"["RangeError","x"]"#, "{read}");
            settle().await;
            assert!(sender.is_closed(), "{read}");
        });
    }
}

#[test]
fn a_signal_that_is_aborted_after_all_changes_nothing() {
    run_on(limits(), serving(Body::full("x")), async |engine, call| {
        let code = "const c = new AbortController(); const r = await fetch('http://a.test/', { signal: c.signal });
            const text = await r.text(); c.abort(); return [text, r.status]";
        assert_eq!(call(&engine, code).await.unwrap(), r#"["x",200]"#);
    });
}

#[test]
fn a_stream_of_a_script_leaves_as_fast_as_it_is_read() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        let code = "globalThis.pulled = 0;
            const body = new ReadableStream({ pull(c) { pulled++; c.enqueue(new Uint8Array([96 + pulled])); if (pulled === 26) c.close() } },
                { highWaterMark: 0 });
            return new Response(body)";
        let response = outbound(&engine, &task, http::Response::new(Body::empty()), code).await.unwrap();
        let mut body = response.into_body();
        settle().await;
        let early: u32 = call(&engine, "return pulled").await.unwrap().parse().unwrap();
        assert!(early <= 2, "{early} chunks, and nobody reads");
        assert!(task.is_busy());
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "a");
        settle().await;
        let later: u32 = call(&engine, "return pulled").await.unwrap().parse().unwrap();
        assert_eq!(later, early + 1);
        assert_eq!(text(body).await.unwrap(), "bcdefghijklmnopqrstuvwxyz");
        settle().await;
        assert!(!task.is_busy(), "the call ends with its stream");
    });
}

#[test]
fn a_stream_that_nobody_reads_is_cancelled() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        let code = "const body = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1)) }, cancel(why) { globalThis.cancelled = why.name } });
            return new Response(body)";
        let response = outbound(&engine, &task, http::Response::new(Body::empty()), code).await.unwrap();
        settle().await;
        drop(response);
        settle().await;
        assert_eq!(call(&engine, "return cancelled").await.unwrap(), r#""AbortError""#);
        assert!(!task.is_busy());
    });
}

#[test]
fn a_stream_that_fails_breaks_the_body_off() {
    run(limits(), async |engine, _| {
        let task = engine.task(());
        let code = "let pulled = 0;
            return new Response(new ReadableStream({ pull(c) { if (pulled++) throw new RangeError('no more'); c.enqueue(new Uint8Array([97])) } }))";
        let response = outbound(&engine, &task, http::Response::new(Body::empty()), code).await.unwrap();
        let error = text(response.into_body()).await.unwrap_err();
        assert!(error.contains("RangeError: no more"), "{error}");
    });
}

#[test]
fn what_is_no_bytes_breaks_the_body_off() {
    run(limits(), async |engine, _| {
        let task = engine.task(());
        let code = "return new Response(new ReadableStream({ start(c) { c.enqueue('text'); c.close() } }))";
        let response = outbound(&engine, &task, http::Response::new(Body::empty()), code).await.unwrap();
        let error = text(response.into_body()).await.unwrap_err();
        assert!(error.contains("Uint8Array"), "{error}");
    });
}

#[test]
fn a_script_that_is_stopped_never_ends_its_body_well() {
    for stop in [true, false] {
        run(limits(), async |engine, _| {
            let task = engine.task(());
            let code = "return new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array([97])) } }))";
            let response = outbound(&engine, &task, http::Response::new(Body::empty()), code).await.unwrap();
            let mut body = response.into_body();
            assert_eq!(next(&mut body).await.unwrap().unwrap(), "a");
            if stop {
                task.stop(Stopped::Wall);
            } else {
                task.abort();
            }
            let error = next(&mut body).await.unwrap().unwrap_err();
            assert!(error.contains("was stopped"), "{error}");
        });
    }
}

#[test]
fn a_request_body_goes_out_as_the_host_reads_it() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let host = TestHost::new(move |request| {
        let tell = tell.clone();
        Box::pin(async move {
            let (go, gone) = tokio::sync::oneshot::channel::<()>();
            tell.send((request.into_body(), go)).unwrap();
            let _ = gone.await;
            Ok(http::Response::new(Body::full("done")))
        })
    });
    run_on(limits(), Rc::new(host), async |engine, call| {
        let code = "globalThis.pulled = 0;
            const body = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array([97 + pulled++])); if (pulled === 10) c.close() } }, { highWaterMark: 0 });
            const r = await fetch('http://a.test/', { method: 'post', body, duplex: 'half' });
            return [await r.text(), pulled]";
        let mut work = std::pin::pin!(call(&engine, code));
        assert!(polled(&mut work).await.is_none());
        let (body, go) = told.recv().await.unwrap();
        let pulled: u32 = call(&engine, "return pulled").await.unwrap().parse().unwrap();
        assert!(pulled <= 2, "{pulled} chunks, and nobody reads");
        assert_eq!(text(body).await.unwrap(), "abcdefghij");
        go.send(()).unwrap();
        assert_eq!(work.await.unwrap(), r#"["done",10]"#);
    });
}

#[test]
fn bytes_from_outside_pass_through_without_a_script_seeing_them() {
    for code in [
        "return response",
        "return new Response(response.body, response)",
        "response.body; return new Response(response.body, { headers: response.headers })",
        "const r = new Response(response.body); return new Response(r.body, { headers: { 'x-a': 'b' } })",
        "response.clone(); return response",
    ] {
        let (sender, body) = channel();
        run(limits(), async |engine, _| {
            let task = engine.task(());
            let response = outbound(&engine, &task, http::Response::new(body), code).await.unwrap();
            assert!(!task.is_busy(), "{code}");
            sender.send(data("later")).await.unwrap();
            drop(sender);
            assert_eq!(text(response.into_body()).await.unwrap(), "later", "{code}");
        });
    }
}

#[test]
fn a_body_that_was_taken_out_cannot_be_read_by_what_is_left_of_the_script() {
    run(limits(), async |engine, call| {
        let task = engine.task(());
        let code = "globalThis.kept = response; globalThis.stream = response.body; return response";
        let response = outbound(&engine, &task, http::Response::new(Body::full("x")), code).await.unwrap();
        let told =
            call(&engine, "return [kept.bodyUsed, stream.locked, await kept.text().catch((e) => e.name), kept.status]");
        assert_eq!(told.await.unwrap(), r#"[true,true,"TypeError",200]"#);
        assert_eq!(text(response.into_body()).await.unwrap(), "x");
    });
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn encoded(text: &str) -> tollgate_core::Response {
    let bytes = gzip(text);
    let mut response = http::Response::new(Body::full(bytes.clone()));
    response.headers_mut().insert(CONTENT_ENCODING, "gzip".parse().unwrap());
    response.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
    response
}

#[test]
fn what_is_encoded_is_decoded_where_a_script_reads_it() {
    for read in [
        "response.text()",
        "new Response(response.body).text()",
        "response.clone().text()",
        "(response.body, response.text())",
    ] {
        run(limits(), async |engine, _| {
            let task = engine.task(());
            let code = format!(
                "const told = [response.headers.get('content-encoding'), response.headers.get('content-length'), await {read}];
                 return Response.json(told, {{ headers: response.headers }})"
            );
            let response = outbound(&engine, &task, encoded("text"), &code).await.unwrap();
            assert!(response.headers().get(CONTENT_ENCODING).is_none());
            assert_eq!(text(response.into_body()).await.unwrap(), r#"[null,null,"text"]"#, "{read}");
        });
    }
}

#[test]
fn what_is_encoded_leaves_as_it_came_where_none_does() {
    for code in ["return response", "return new Response(response.body, response)", "response.clone(); return response"]
    {
        run(limits(), async |engine, _| {
            let task = engine.task(());
            let response = outbound(&engine, &task, encoded("text"), code).await.unwrap();
            assert_eq!(response.headers()[CONTENT_ENCODING], "gzip", "{code}");
            assert_eq!(response.headers()[CONTENT_LENGTH], gzip("text").len().to_string(), "{code}");
            assert_eq!(response.into_body().bytes().unwrap(), gzip("text"), "{code}");
        });
    }
}

#[test]
fn a_length_that_is_not_that_of_the_bytes_does_not_leave() {
    let response = || {
        let mut response = http::Response::new(Body::full("text"));
        response.headers_mut().insert(CONTENT_LENGTH, 4.into());
        response
    };
    for (code, length) in [
        ("return response", Some("4")),
        ("return new Response(response.body, response)", Some("4")),
        ("return new Response('text', response)", Some("4")),
        ("return new Response('other text', response)", None),
        ("return new Response(null, response)", None),
        ("return new Response(response.body.pipeThrough(new TransformStream()), response)", None),
    ] {
        run(limits(), async |engine, _| {
            let task = engine.task(());
            let response = outbound(&engine, &task, response(), code).await.unwrap();
            let left = response.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap());
            assert_eq!(left, length, "{code}");
        });
    }
    // That of an answer to HEAD is the length of what is not sent.
    run(limits(), async |engine, _| {
        let task = engine.task(());
        let mut response = http::Response::new(Body::empty());
        response.headers_mut().insert(CONTENT_LENGTH, 4.into());
        let response = outbound(&engine, &task, response, "return response").await.unwrap();
        assert_eq!(response.headers()[CONTENT_LENGTH], "4");
    });
}

#[test]
fn an_engine_that_goes_while_bodies_are_read_takes_them_along() {
    let (sender, body) = channel();
    let kept: Frames = sender.clone();
    run_on(limits(), serving(body), async |engine, _| {
        let task = engine.task(());
        let began = engine.enter(&task, |ctx| {
            let code = "export default () => {
                const c = new AbortController();
                fetch('http://a.test/', { signal: c.signal }).then((r) => r.text()).catch(() => {});
            }";
            function(ctx, code).unwrap().call::<_, ()>(()).unwrap();
        });
        began.unwrap();
        settle().await;
        assert!(task.is_busy());
        sender.send(data("a")).await.unwrap();
        settle().await;
        drop(task);
    });
    assert!(kept.is_closed());
}

#[test]
fn a_call_that_is_over_time_ends_its_requests() {
    let (sender, body) = channel();
    let limits = tollgate_js::Limits { wall: Duration::from_millis(50), ..limits() };
    run_on(limits, serving(body), async |engine, call| {
        let error = call(&engine, "const r = await fetch('http://a.test/'); await r.text()").await.unwrap_err();
        assert_eq!(error, CallError::Stopped(Stopped::Wall));
        settle().await;
        assert!(sender.is_closed());
    });
}
