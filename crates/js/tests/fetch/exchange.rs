//! Messages that go into an engine and come out again.

use std::rc::Rc;

use http::{HeaderValue, Method};
use tollgate_core::Body;
use tollgate_js::rquickjs::{self, Object, Value};
use tollgate_js::webapi::fetch::exchange;
use tollgate_js::{Engine, engine};

use crate::{channel, data, function, limits, support, text};

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
                let request = exchange::request(ctx, request, given, None, None)?;
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
            let request = exchange::request(ctx, post("body"), Rc::clone(&url), Some(&prototype), None)?;
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

#[test]
fn a_body_that_comes_later_passes_through_a_script() {
    for code in [
        "return request",
        "return new Request(request, { headers: {} })",
        "return new Request('http://b.test/', request)",
        "return new Request('http://b.test/', { method: 'PUT', body: request.body })",
        "const { body } = request; return new Request(request)",
    ] {
        support::run(limits(), async |engine, _| {
            let (sender, body) = channel();
            let mut request = post("");
            *request.body_mut() = body;
            let request = policy(&engine, request, code).await.unwrap();
            sender.send(data("later")).await.unwrap();
            drop(sender);
            assert_eq!(text(request.into_body()).await.unwrap(), "later", "{code}");
        });
    }
}

#[test]
fn heads_are_copied_without_bodies() {
    support::run(limits(), async |engine, _| {
        let task = engine.task(());
        engine
            .enter(&task, |ctx| {
                let url: Rc<str> = "http://a.test/path?x=1".into();
                let request = exchange::request(ctx, post("body"), url, None, None).unwrap();
                let head = exchange::request_head(ctx, request.as_value()).unwrap().unwrap();
                assert_eq!((head.method(), head.uri().to_string()), (&Method::POST, "/path?x=1".to_owned()));
                assert_eq!(head.headers()["x-in"], "1");
                assert_eq!(
                    exchange::take_request(ctx, request.as_value()).unwrap().unwrap().body().bytes().unwrap(),
                    "body"
                );
                let mut response = http::Response::new(Body::full("x"));
                *response.status_mut() = http::StatusCode::CREATED;
                let response = exchange::response(ctx, response).unwrap();
                assert_eq!(exchange::response_head(response.as_value()).unwrap().status(), 201);
                assert!(exchange::is_response(response.as_value()));
                assert!(exchange::take_request(ctx, response.as_value()).unwrap().is_none());
                assert!(exchange::take_response(ctx, request.as_value()).unwrap().is_none());
                let nothing = Value::new_undefined(ctx.clone());
                assert!(exchange::take_response(ctx, &nothing).unwrap().is_none());
            })
            .unwrap();
    });
}

#[test]
fn response_error_cannot_be_an_answer() {
    support::run(limits(), async |engine, _| {
        let task = engine.task(());
        let failed = engine.call(
            &task,
            |ctx| function(ctx, "export default () => Response.error()")?.call(()),
            |ctx, value: Value<'_>| exchange::take_response(ctx, &value).map(drop),
        );
        let error = failed.await.unwrap_err();
        assert!(error.to_string().contains("Response.error()"), "{error}");
    });
}
