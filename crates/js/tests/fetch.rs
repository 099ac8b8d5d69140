//! Messages that go into an engine and come out again, and `fetch` with a host that answers.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderValue, Method};
use tollgate_core::Body;
use tollgate_js::rquickjs::{Ctx, Function, Module, Object, Value};
use tollgate_js::webapi::fetch::exchange;
use tollgate_js::{Engine, Limits, engine};

fn limits() -> Limits {
    Limits { cpu: Duration::from_secs(10), ..Limits::default() }
}

/// The default export of a module with this text.
fn function<'js>(ctx: &Ctx<'js>, code: &str) -> rquickjs::Result<Function<'js>> {
    let (module, done) = Module::declare(ctx.clone(), "test.js", code)?.eval()?;
    done.finish::<()>()?;
    module.namespace()?.get("default")
}

use tollgate_js::rquickjs;

fn post(body: &'static str) -> tollgate_core::Request {
    let mut request = http::Request::new(Body::full(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/path?x=1".parse().unwrap();
    request.headers_mut().insert("x-in", HeaderValue::from_static("1"));
    request.extensions_mut().insert(7_u32);
    request
}

/// What a script makes of a request.
async fn policy(
    engine: &Engine,
    request: tollgate_core::Request,
    code: &str,
) -> Result<tollgate_core::Request, engine::CallError> {
    let task = engine.task(());
    let code = format!("export default async (request) => {{ {code} }}");
    let url: Rc<str> = "http://gateway.test/path?x=1".into();
    let given = Rc::clone(&url);
    engine
        .call(
            &task,
            move |ctx| {
                let request = exchange::request(ctx, request, given, None)?;
                function(ctx, &code)?.call((request,))
            },
            |ctx, value: Value<'_>| Ok(exchange::take_request(ctx, &value)?.unwrap()),
        )
        .await
}

#[test]
fn a_request_that_a_script_returns_as_it_came_leaves_as_it_came() {
    support::run(limits(), async |engine, _| {
        let request = policy(&engine, post("body"), "return request").await.unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/path?x=1");
        assert_eq!(request.headers()["x-in"], "1");
        assert_eq!(request.extensions().get::<u32>(), Some(&7));
        assert_eq!(request.into_body().bytes().unwrap(), "body");
    });
}

#[test]
fn a_request_made_of_another_keeps_what_the_script_did_not_change() {
    support::run(limits(), async |engine, _| {
        let code = "const headers = new Headers(request.headers); headers.set('x-out', '2');
            return new Request(request, { headers });";
        let request = policy(&engine, post("body"), code).await.unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/path?x=1");
        assert_eq!(
            (&request.headers()["x-in"], &request.headers()["x-out"]),
            (&"1".parse().unwrap(), &"2".parse().unwrap())
        );
        assert_eq!(request.extensions().get::<u32>(), Some(&7));
        assert_eq!(request.into_body().bytes().unwrap(), "body");
    });
}

#[test]
fn a_request_with_another_url_has_that_url() {
    support::run(limits(), async |engine, _| {
        let code = "return new Request('http://other.test/a b?y=2#z', request)";
        let request = policy(&engine, post("body"), code).await.unwrap();
        assert_eq!(request.uri(), "http://other.test/a%20b?y=2");
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.headers()["x-in"], "1");
        assert_eq!(request.into_body().bytes().unwrap(), "body");
    });
}

#[test]
fn a_request_whose_body_was_read_cannot_go_on() {
    support::run(limits(), async |engine, _| {
        let error = policy(&engine, post("body"), "await request.text(); return request").await.unwrap_err();
        assert!(error.to_string().contains("TypeError"), "{error}");
        assert!(error.to_string().contains("clone()"), "{error}");
        let request = policy(&engine, post("body"), "await request.clone().text(); return request").await.unwrap();
        assert_eq!(request.into_body().bytes().unwrap(), "body");
    });
}

#[test]
fn headers_of_a_request_from_outside_are_immutable() {
    support::run(limits(), async |engine, _| {
        for change in ["append('a', 'b')", "set('x-in', '2')", "delete('x-in')", "delete('x')"] {
            let error =
                policy(&engine, post("body"), &format!("request.headers.{change}; return request")).await.unwrap_err();
            assert!(error.to_string().contains("immutable"), "{change}: {error}");
        }
    });
}

#[test]
fn identity_and_untouchedness_are_told() {
    support::run(limits(), async |engine, _| {
        let task = engine.task(());
        let told = engine.enter(&task, |ctx| -> rquickjs::Result<_> {
            let class: Object<'_> = function(ctx, "export default class Mine extends Request {}")?.into_inner();
            let prototype: Object<'_> = class.get("prototype")?;
            let url: Rc<str> = "http://a.test/".into();
            let request = exchange::request(ctx, post("body"), Rc::clone(&url), Some(&prototype))?;
            assert!(request.is_instance_of(&class));
            assert!(exchange::is_request(request.as_value()));
            assert!(!exchange::is_response(request.as_value()));
            assert!(Rc::ptr_eq(&exchange::url_of(request.as_value()).unwrap(), &url));
            assert!(exchange::is_untouched(request.as_value(), &request));
            let read = function(ctx, "export default (request) => { request.text() }")?;
            read.call::<_, ()>((request.clone(),))?;
            Ok(exchange::is_untouched(request.as_value(), &request))
        });
        assert!(!told.unwrap().unwrap());
    });
}

/// Seconds of this thread.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap()).as_secs_f64()
}

/// What the classes cost. By hand: `cargo test --release -p tollgate-js --test fetch -- --ignored --nocapture`.
#[test]
#[ignore = "measures, and asserts nothing"]
fn costs() {
    const TIMES: u32 = 20_000;
    let twelve = || {
        let mut request = http::Request::new(Body::empty());
        for at in 0..6 {
            let name = http::HeaderName::from_bytes(format!("x-custom-{at}").as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_static("some value of a header"));
        }
        for name in ["accept", "accept-language", "user-agent", "authorization", "host", "cookie"] {
            request.headers_mut().insert(name, HeaderValue::from_static("some value of a header, which is longer"));
        }
        request
    };
    let item = r#"{"id":123,"name":"some name","price":12.75,"tags":["a","b"],"ok":true},"#;
    let json = format!("[{}null]", item.repeat(2_000 / item.len()));
    let policies = [
        ("nothing", "export default async (request) => request"),
        ("get", "export default async (request) => { request.headers.get('x-custom-3'); return request }"),
        ("headers", "export default async (request) => { new Headers(request.headers); return request }"),
        ("set", "export default async (request) => { new Headers(request.headers).set('x-new', '1'); return request }"),
        (
            "tiny",
            "class Mine extends Request {
                constructor(input, init) { super(input, init); this.user = input instanceof Mine ? input.user : init?.user }
            }
            export default async (request) => {
                if (request.headers.get('x-custom-3') === null) return new Response('no', { status: 400 });
                if (request.user !== undefined && request.user.sub !== 'x') return new Response('no', { status: 403 });
                const headers = new Headers(request.headers);
                headers.set('x-new', '1');
                return new Mine(request, { headers });
            }",
        ),
        ("response", "export default async (request) => { new Response('text', { status: 201, headers: { 'x-a': 'b' } }); return request }"),
        ("json", "export default async (request) => { await request.json(); return new Request('http://a.test/') }"),
        ("text", "export default async (request) => { await request.text(); return new Request('http://a.test/') }"),
        ("url", "export default async (request) => { request.url; return request }"),
    ];
    for (name, code) in policies {
        support::run(Limits { cpu: Duration::from_secs(100), ..Limits::default() }, async |engine, _| {
            let task = engine.task(());
            let mut times: Vec<f64> = (0..7)
                .map(|_| {
                    let requests: Vec<_> = (0..TIMES)
                        .map(|_| {
                            let mut request = twelve();
                            if matches!(name, "json" | "text") {
                                *request.method_mut() = Method::POST;
                                *request.body_mut() = Body::full(json.clone());
                            }
                            request
                        })
                        .collect();
                    let url: Rc<str> = "https://gateway.test/some/path?with=query".into();
                    engine
                        .enter(&task, |ctx| {
                            let policy = function(ctx, code).unwrap();
                            let began = processor_time();
                            for request in requests {
                                let request = exchange::request(ctx, request, Rc::clone(&url), None).unwrap();
                                let promise: rquickjs::Promise<'_> = policy.call((request,)).unwrap();
                                let value: Value<'_> = promise.finish().unwrap();
                                exchange::take_request(ctx, &value).unwrap().unwrap();
                            }
                            (processor_time() - began) * 1e6 / f64::from(TIMES)
                        })
                        .unwrap()
                })
                .collect();
            times.sort_by(f64::total_cmp);
            println!("{name:10} {:.2} µs, at best {:.2}", times[3], times[0]);
        });
    }
}
