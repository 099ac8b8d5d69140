//! What the classes cost.

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderValue, Method};
use tollgate_core::Body;
use tollgate_js::Limits;
use tollgate_js::rquickjs::{Promise, Value};
use tollgate_js::webapi::fetch::exchange;

use crate::{function, support};

/// Seconds of this thread.
fn processor_time() -> f64 {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(time).as_secs_f64()
}

/// By hand: `cargo test --release -p tollgate-js --test fetch -- --ignored --nocapture`.
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
    support::run(crate::limits(), async |_, _| {
        let host: Rc<dyn tollgate_js::Host> = Rc::new(support::TestHost::default());
        let engine = || {
            let modules = Rc::new(tollgate_js::library::NoModules);
            tollgate_js::Engine::new(crate::limits(), Rc::clone(&host), modules, &[]).unwrap()
        };
        let began = processor_time();
        (0..200).for_each(|_| drop(engine()));
        println!("an engine: {:.0} µs", (processor_time() - began) * 1e6 / 200.0);
    });
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
                                let request = exchange::request(ctx, request, Rc::clone(&url), None, None).unwrap();
                                let promise: Promise<'_> = policy.call((request,)).unwrap();
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
