use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::json;
use tollgate_core::exchange::{Client, Credential, Scheme, Target, Trace, User};
use tollgate_core::{Body, Exchange};

use super::*;

fn environment() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("BASE".to_owned(), "https://b.example/api".to_owned()),
        ("HOST".to_owned(), "b.example".to_owned()),
    ])
}

fn path(text: &str, rest: Option<&str>) -> PathTemplate {
    let mode = if text.contains(':') { PathMode::UrlPattern } else { PathMode::OpenApi };
    PathTemplate { text: text.into(), mode, rest: rest.map(Into::into) }
}

fn compile_at(text: &str, template: &PathTemplate, undefined: bool) -> Result<Template, BuildError> {
    let environment = environment();
    let braces = text.starts_with('/');
    Template::compile(text, &TemplateContext { environment: &environment, path: template, braces, undefined })
}

/// A request for `/u/<id>?page=2&q=a%26b` of user `alice`.
fn exchange(params: &[(&str, &str)], forward_path: &str) -> Exchange {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(tollgate_testkit::PolicyBench::builder().build()).unwrap();
    let services = Arc::clone(bench.services());
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Exchange {
        id: "id-1".into(),
        route: crate::router::test_route(),
        params: params.iter().map(|(name, value)| ((*name).into(), (*value).to_owned())).collect(),
        client: Client {
            peer: (ip, 1).into(),
            ip,
            scheme: Scheme::Https,
            host: Arc::from("gw.example:8443"),
            certificate: None,
        },
        target: Target {
            match_path: forward_path.to_owned(),
            forward_path: forward_path.to_owned(),
            query: Some("page=2&q=a%26b".to_owned()),
        },
        trace: Trace::default(),
        user: Some(User {
            sub: "alice|7".into(),
            data: Arc::new(json!({ "plan": { "name": "gold" }, "n": 3, "bad": "../x" })),
            credential: Credential::Other,
        }),
        custom: serde_json::from_value(json!({ "base": "https://c.example/v1", "deep": { "er": "x" } })).unwrap(),
        response_headers: http::HeaderMap::new(),
        record: Default::default(),
        services,
        gateway: None,
        depth: 0,
        called_by: None,
        mcp: None,
        sent: None,
        keepers: Vec::new(),
        ledger: Default::default(),
        interim: None,
        script: None,
        introduction: None,
    }
}

fn render(text: &str, params: &[(&str, &str)]) -> Result<String, Problem> {
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert("x-tenant", http::HeaderValue::from_static("acme"));
    let template = compile_at(text, &path("/u/{id}", None), false).unwrap();
    template.render(&exchange(params, "/u/a%2Fb"), &request)
}

#[track_caller]
fn check(text: &str, id: &str, expected: &str) {
    assert_eq!(render(text, &[("id", id)]).map_err(|problem| problem.reason.name), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn check_unsafe(text: &str, id: &str) {
    assert_eq!(render(text, &[("id", id)]).map_err(|p| p.reason.name), Err("request.target_unsafe"), "{text} {id}");
}

#[test]
fn values_are_encoded_for_the_place_where_they_stand() {
    check("/v2/{id}", "a/b?c#d%", "/v2/a%2Fb%3Fc%23d%25");
    check("/v2/${params.id}", "a b", "/v2/a%20b");
    check("https://h.example/${params.id}", "a:b@c", "https://h.example/a:b@c");
    check("https://h.example/x?i=${params.id}", "a&b=c", "https://h.example/x?i=a%26b%3Dc");
    check("https://${params.id}.example/", "acme-1", "https://acme-1.example/");
    check("https://h.example/${request.user.sub}", "", "https://h.example/alice%7C7");
    check("https://h.example/?n=${query.q}", "", "https://h.example/?n=a%26b");
}

#[test]
fn what_is_encoded_already_is_not_encoded_twice() {
    check("/v2/${encodeURIComponent(params.id)}", "a b/ü", "/v2/a%20b%2F%C3%BC");
    check("/v2/${e(request.params.id)}", "a b", "/v2/a%20b");
    check("https://h.example${pathname}${search}", "", "https://h.example/u/a%2Fb?page=2&q=a%26b");
    check("${context.custom.base}/x", "", "https://c.example/v1/x");
}

#[test]
fn no_value_changes_the_shape_of_the_url() {
    for id in ["..", ".", "../admin", "a/../b", "..\\x", "%2e%2e"] {
        check_unsafe("/v2/{id}/x", id);
        check_unsafe("/v2/${e(params.id)}/x", id);
    }
    check("/v2/{id}", "a..b", "/v2/a..b");
    check_unsafe("/v2/x/.{id}", ".");
    check_unsafe("https://${params.id}/", "evil.example/");
    check_unsafe("https://${params.id}.example/", "evil.example:80@x");
    check_unsafe("https://${params.id}.example/", "");
    check_unsafe("${params.id}://h.example/", "http:/");
    check_unsafe("/x/${user.data.bad}", "");
}

#[test]
fn members_reach_what_they_name() {
    check("/${user.data.plan.name}/${request.user.data.n}", "", "/gold/3");
    check("/${request.headers.get('X-Tenant')}/${headers.get(\"x-tenant\")}", "", "/acme/acme");
    check("/${query.page}/${query[\"page\"]}/${params['id']}", "7", "/2/2/7");
    check("/${context.custom.deep.er}/${method}", "", "/x/GET");
    check("${protocol}//${hostname}:${port}/", "", "https://gw.example:8443/");
    check("${origin}/x", "", "https://gw.example:8443/x");
    check("${url}", "", "https://gw.example:8443/u/a%2Fb?page=2&q=a%26b");
    check("${env.BASE}/x/${params.id}", "a/b", "https://b.example/api/x/a%2Fb");
    check("https://${env.HOST}/${`y`}", "", "https://b.example/y");
}

#[test]
fn what_has_no_value_reads_undefined_in_the_zuplo_form_and_is_refused_in_ours() {
    let text = "https://h.example/${context.custom.nothing}/${env.NOTHING}/${params.nobody}";
    let template = compile_at(text, &path("/u/{id}", None), true).unwrap();
    let request = Request::new(Body::empty());
    let rendered = template.render(&exchange(&[], "/u/7"), &request).map_err(|problem| problem.reason.name);
    assert_eq!(rendered, Ok("https://h.example/undefined/undefined/undefined".to_owned()));

    check_unsafe("https://h.example/${context.custom.nothing}", "");
    check("https://h.example/?x=${context.custom.nothing}", "", "https://h.example/?x=");
    for text in ["https://h.example/${env.NOTHING}", "https://h.example/${params.nobody}", "/{nobody}"] {
        assert!(compile_at(text, &path("/u/{id}", None), false).is_err(), "{text}");
    }
}

#[test]
fn everything_else_needs_the_script_engine() {
    for text in ["${1 + 1}", "${params.id.toUpperCase()}", "${a ? b : c}", "${process.env.X}", "${fetch('x')}", "${}"] {
        let error = compile_at(&format!("https://h.example/{text}"), &path("/u/{id}", None), true).unwrap_err();
        assert!(error.message.contains("needs the script engine"), "{text}: {error}");
    }
    assert!(compile_at("https://h.example/${params.id", &path("/u/{id}", None), true).is_err());
}

#[test]
fn a_parameter_of_several_segments_keeps_its_slashes_and_its_spelling() {
    let request = Request::new(Body::empty());
    for (template, rest, name, value, sent, expected) in [
        ("/f/{rest}", Some("rest"), "rest", "a/b c", "/f/a/b%20c", "/v2/a/b%20c"),
        ("/f/{rest}", Some("rest"), "rest", "a/b/c", "/f/a%2Fb/c", "/v2/a%2Fb/c"),
        ("/f/{rest}", Some("rest"), "rest", "moved/x y", "/elsewhere", "/v2/moved/x%20y"),
        ("/f/{rest}", Some("rest"), "rest", "", "/f", "/v2/"),
        ("/f/:path*", None, "path", "a/b", "/f/a/b", "/v2/a/b"),
        ("/f/:id", None, "id", "a/b", "/f/a%2Fb", "/v2/a%2Fb"),
        ("/f/(.*)", None, "0", "a/b", "/f/a/b", "/v2/a/b"),
    ] {
        let mut template = path(template, rest);
        if template.text.contains('(') {
            template.mode = PathMode::UrlPattern;
        }
        let compiled = compile_at(&format!("/v2/${{params[\"{name}\"]}}"), &template, false).unwrap();
        let rendered =
            compiled.render(&exchange(&[(name, value)], sent), &request).map_err(|problem| problem.detail.to_string());
        assert_eq!(rendered.unwrap(), expected, "{} {value}", template.text);
    }
}

#[test]
fn a_fixed_origin_is_known_at_load() {
    for (text, expected) in [
        ("https://h.example/x/${params.id}", Some("https://h.example")),
        ("https://h.example", Some("https://h.example")),
        ("https://h.example${pathname}", Some("https://h.example")),
        ("${env.BASE}/${params.id}", Some("https://b.example")),
        ("https://h.example${params.id}/", None),
        ("https://${params.id}.example/", None),
        ("${context.custom.base}/x", None),
    ] {
        let template = compile_at(text, &path("/u/{id}", None), true).unwrap();
        assert_eq!(template.split_origin().map(|(origin, _)| origin).as_deref(), expected, "{text}");
    }
}
