//! `fetch`: what the host is asked, and what a script gets.

use std::cell::RefCell;
use std::rc::Rc;

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use http::{HeaderValue, StatusCode};
use tollgate_core::Body;
use tollgate_js::Failure;

use crate::support::{TestHost, run_on};
use crate::{limits, text};

/// What a host was asked: method, URI, `authorization`, `cookie`, `content-type`, and the body.
type Asked = Rc<RefCell<Vec<String>>>;

/// A host that answers by a function of how often it was asked, and notes what it was asked.
fn host(answer: impl Fn(usize, &str) -> tollgate_core::Response + Clone + 'static) -> (Rc<TestHost>, Asked) {
    let asked = Asked::default();
    let noted = Rc::clone(&asked);
    let host = TestHost::new(move |request| {
        let (noted, answer) = (Rc::clone(&noted), answer.clone());
        Box::pin(async move {
            let (head, body) = request.into_parts();
            assert!(head.headers.get(HOST).is_none(), "the host of a request is that of its URI");
            let field = |name| head.headers.get(name).map_or("-", |value: &HeaderValue| value.to_str().unwrap());
            let line = format!(
                "{} {} {} {} {} [{}]",
                head.method,
                head.uri,
                field(AUTHORIZATION),
                field(COOKIE),
                field(CONTENT_TYPE),
                text(body).await.unwrap()
            );
            noted.borrow_mut().push(line);
            let at = noted.borrow().len() - 1;
            Ok(answer(at, &head.uri.to_string()))
        })
    });
    (Rc::new(host), asked)
}

fn respond(status: u16, body: &str) -> tollgate_core::Response {
    let mut response = http::Response::new(Body::full(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn redirect(status: u16, location: &str) -> tollgate_core::Response {
    let mut response = respond(status, "elsewhere");
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(location).unwrap());
    response
}

/// What a script returns with a host, and what that was asked.
#[track_caller]
fn check(
    answer: impl Fn(usize, &str) -> tollgate_core::Response + Clone + 'static,
    code: &str,
    returns: &str,
    asked: &[&str],
) {
    let (host, noted) = host(answer);
    run_on(limits(), host, async |engine, call| {
        let code = format!("try {{ {code} }} catch (error) {{ return `${{error.name}}: ${{error.message}}` }}");
        assert_eq!(call(&engine, &code).await.unwrap(), returns, "{code}");
    });
    assert_eq!(*noted.borrow(), asked, "{code}");
}

const HEADERS: &str = "{ authorization: 'a', cookie: 'b', 'content-type': 'c/d' }";

#[test]
fn a_request_is_sent_as_the_script_says() {
    check(
        |_, _| respond(201, "made"),
        "const r = await fetch('http://a.test/x?y#z', { method: 'post', headers: { host: 'b.test', cookie: 'k=v' }, body: 'text' });
         return [r.status, r.ok, r.type, r.url, r.redirected, r.statusText, await r.text()]",
        r#"[201,true,"basic","http://a.test/x?y",false,"Created","made"]"#,
        &["POST http://a.test/x?y - k=v text/plain;charset=UTF-8 [text]"],
    );
}

#[test]
fn a_request_object_is_sent_and_its_body_is_gone() {
    check(
        |_, _| respond(200, ""),
        "const r = new Request('http://a.test/', { method: 'put', body: 'x' });
         await fetch(r, { headers: { authorization: 'b' } });
         return [r.bodyUsed, await fetch(r).catch((e) => e.name)]",
        r#"[true,"TypeError"]"#,
        &["PUT http://a.test/ b - - [x]"],
    );
}

#[test]
fn headers_of_an_answer_are_immutable() {
    check(
        |_, _| respond(200, ""),
        "const r = await fetch('http://a.test/'); r.headers.set('a', 'b')",
        r#""TypeError: these headers are immutable: `new Headers(headers)` makes a copy to change""#,
        &["GET http://a.test/ - - - []"],
    );
}

#[test]
fn what_the_host_fails_with_is_what_the_script_catches() {
    let host = TestHost::new(|_| Box::pin(async { Err(Failure::type_error("fetch failed: nobody is there")) }));
    run_on(limits(), Rc::new(host), async |engine, call| {
        let code = "return fetch('http://a.test/').catch((e) => [e instanceof TypeError, e.message])";
        assert_eq!(call(&engine, code).await.unwrap(), r#"[true,"fetch failed: nobody is there"]"#);
    });
}

#[test]
fn redirects_are_followed_by_the_rules_of_their_status() {
    for (status, method, asked) in [
        (301, "POST", "GET http://a.test/2 a b - []"),
        (302, "POST", "GET http://a.test/2 a b - []"),
        (303, "POST", "GET http://a.test/2 a b - []"),
        (303, "PUT", "GET http://a.test/2 a b - []"),
        (301, "PUT", "PUT http://a.test/2 a b c/d [x]"),
        (307, "POST", "POST http://a.test/2 a b c/d [x]"),
        (308, "POST", "POST http://a.test/2 a b c/d [x]"),
    ] {
        check(
            move |at, _| if at == 0 { redirect(status, "/2") } else { respond(200, "there") },
            &format!(
                "const r = await fetch('http://a.test/1', {{ method: '{method}', headers: {HEADERS}, body: 'x' }});
                 return [r.status, r.url, r.redirected, await r.text()]"
            ),
            r#"[200,"http://a.test/2",true,"there"]"#,
            &[&format!("{method} http://a.test/1 a b c/d [x]"), asked],
        );
    }
}

#[test]
fn a_head_stays_a_head() {
    check(
        |at, _| if at == 0 { redirect(303, "/2") } else { respond(200, "") },
        "return (await fetch('http://a.test/1', { method: 'HEAD' })).status",
        "200",
        &["HEAD http://a.test/1 - - - []", "HEAD http://a.test/2 - - - []"],
    );
}

#[test]
fn credentials_stay_with_their_origin() {
    for elsewhere in ["http://b.test/", "https://a.test/", "http://a.test:81/"] {
        check(
            move |at, _| if at == 0 { redirect(307, elsewhere) } else { respond(200, "") },
            &format!("return (await fetch('http://a.test/', {{ headers: {HEADERS} }})).url"),
            &format!("{elsewhere:?}"),
            &["GET http://a.test/ a b c/d []", &format!("GET {elsewhere} - - c/d []")],
        );
    }
}

#[test]
fn a_fragment_goes_along_and_is_not_sent() {
    check(
        |at, _| if at == 0 { redirect(302, "b?c") } else { respond(200, "") },
        "return (await fetch('http://a.test/x/a#f')).url",
        r#""http://a.test/x/b?c""#,
        &["GET http://a.test/x/a - - - []", "GET http://a.test/x/b?c - - - []"],
    );
}

#[test]
fn twenty_redirects_are_followed_and_not_one_more() {
    let (host, asked) = host(|at, _| redirect(302, &format!("/{}", at + 1)));
    run_on(limits(), host, async |engine, call| {
        let code = "return fetch('http://a.test/0').catch((e) => `${e.name}: ${e.message}`)";
        assert_eq!(call(&engine, code).await.unwrap(), r#""TypeError: fetch failed: more than 20 redirects""#);
    });
    assert_eq!(asked.borrow().len(), 21);
}

#[test]
fn redirects_that_lead_nowhere_fail() {
    for location in ["ftp://a.test/", "http://", "data:,x", "http://user:pass@a.test/"] {
        let (host, _) = host(move |_, _| redirect(302, location));
        run_on(limits(), host, async |engine, call| {
            let told = call(&engine, "return fetch('http://a.test/').catch((e) => e.message)").await.unwrap();
            assert!(told.starts_with("\"fetch failed: "), "{location}: {told}");
            assert!(!told.contains("pass@"), "{told}");
        });
    }
}

#[test]
fn a_script_may_forbid_redirects_or_look_at_them_itself() {
    check(
        |_, _| redirect(302, "/2"),
        "const r = await fetch('http://a.test/', { redirect: 'manual' });
         return [r.status, r.headers.get('location'), r.redirected, await r.text()]",
        r#"[302,"/2",false,"elsewhere"]"#,
        &["GET http://a.test/ - - - []"],
    );
    check(
        |_, _| redirect(302, "/2"),
        "await fetch('http://a.test/', { redirect: 'error' })",
        r#""TypeError: fetch failed: the answer is a redirect, which the request forbids""#,
        &["GET http://a.test/ - - - []"],
    );
}

#[test]
fn a_redirect_without_a_location_is_an_answer() {
    check(
        |_, _| respond(302, "x"),
        "const r = await fetch('http://a.test/'); return [r.status, await r.text()]",
        r#"[302,"x"]"#,
        &["GET http://a.test/ - - - []"],
    );
}

#[test]
fn a_stream_cannot_be_sent_twice() {
    let code = "const body = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([120])); c.close() } });
         const r = await fetch('http://a.test/', { method: 'post', body, duplex: 'half' });
         return r.status";
    check(
        |at, _| if at == 0 { redirect(307, "/2") } else { respond(200, "") },
        code,
        r#""TypeError: fetch failed: a redirect wants the body again, which was a stream and is gone""#,
        &["POST http://a.test/ - - - [x]"],
    );
    check(
        |at, _| if at == 0 { redirect(303, "/2") } else { respond(200, "") },
        code,
        "200",
        &["POST http://a.test/ - - - [x]", "GET http://a.test/2 - - - []"],
    );
}

#[test]
fn answers_of_many_requests_find_their_promises() {
    let (host, asked) = host(|_, uri| respond(200, uri));
    run_on(limits(), host, async |engine, call| {
        let code = "const all = await Promise.all(Array.from({ length: 50 }, (_, i) => fetch(`http://a.test/${i}`)));
            const texts = await Promise.all(all.map((r) => r.text()));
            return texts.every((text, i) => text === `http://a.test/${i}`)";
        assert_eq!(call(&engine, code).await.unwrap(), "true");
    });
    assert_eq!(asked.borrow().len(), 50);
}
