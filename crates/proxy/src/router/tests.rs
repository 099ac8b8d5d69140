use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tollgate_core::project::{HandlerDefinition, Place, Timeouts, Use};
use tollgate_core::route::{Document, Operation, PathTemplate};

use super::*;

pub(super) struct Spec<'a> {
    template: &'a str,
    methods: &'a [&'a str],
    hosts: &'a [&'a str],
    rest: Option<&'a str>,
    mode: PathMode,
}

pub(super) const fn at<'a>(template: &'a str, methods: &'a [&'a str]) -> Spec<'a> {
    Spec { template, methods, hosts: &[], rest: None, mode: PathMode::OpenApi }
}

pub(super) fn route(index: usize, spec: &Spec<'_>) -> Arc<Route> {
    let document = Document {
        name: "openapi.yaml".to_owned(),
        uri: "file:///openapi.yaml".to_owned(),
        root: json!({}).into(),
        resources: Vec::new(),
        mount: String::new(),
    };
    let methods = spec.methods.iter().map(|method| Method::from_bytes(method.as_bytes()).unwrap()).collect();
    Arc::new(Route {
        id: format!("r{index}").into(),
        place: Place::default(),
        template: PathTemplate { text: spec.template.into(), mode: spec.mode, rest: spec.rest.map(Into::into) },
        methods: if spec.methods.is_empty() { Methods::Any } else { Methods::Listed(methods) },
        hosts: spec.hosts.iter().map(|host| (*host).to_owned()).collect(),
        inbound: Vec::new(),
        handler: HandlerDefinition {
            implementation: Use::BuiltIn("forward".to_owned()),
            options: json!({}),
            place: Place::default(),
        }
        .into(),
        outbound: Vec::new(),
        cors: tollgate_core::project::CorsChoice::None,
        timeouts: Timeouts { connect: Duration::from_secs(5), first_byte: None, idle: None, total: None },
        operation: Operation { document: Arc::new(document), pointer: String::new() },
        upgrades: None,
        mcp: None,
        authenticated: false,
        internal: false,
    })
}

/// A route for tests elsewhere.
pub(crate) fn test_route() -> Arc<Route> {
    route(0, &at("/u/{id}", &["GET"]))
}

fn router_with(specs: &[Spec<'_>], compatibility: &Compatibility) -> Router {
    let routes: Vec<_> = specs.iter().enumerate().map(|(index, spec)| route(index, spec)).collect();
    Router::new(&routes, compatibility).unwrap()
}

fn router(specs: &[Spec<'_>]) -> Router {
    router_with(specs, &Compatibility::native())
}

fn in_document_order(specs: &[Spec<'_>]) -> Router {
    router_with(specs, &Compatibility { document_order: true, ..Compatibility::native() })
}

/// `0 id=7`, `405 GET, HEAD`, `404`.
fn outcome(router: &Router, host: &str, method: &str, path: &str) -> String {
    match router.find(host, &Method::from_bytes(method.as_bytes()).unwrap(), path) {
        Outcome::Found(found) => {
            let params = router.params(&found).unwrap();
            let params: String = params.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{}{params}", found.route)
        }
        Outcome::WrongMethod(allow) => format!("405 {}", allow.to_str().unwrap()),
        Outcome::NotFound => "404".to_owned(),
    }
}

#[track_caller]
fn check(router: &Router, method: &str, path: &str, expected: &str) {
    assert_eq!(outcome(router, "a.example", method, path), expected, "{method} {path}");
}

#[test]
fn a_literal_goes_before_a_parameter_and_a_parameter_is_one_segment() {
    let router = router(&[
        at("/users/{id}", &["GET"]),
        at("/users/me", &["GET"]),
        at("/users/{id}/posts", &["GET"]),
        at("/users/", &["GET"]),
        at("/", &["GET"]),
    ]);
    check(&router, "GET", "/users/me", "1");
    check(&router, "GET", "/users/7", "0 id=7");
    check(&router, "GET", "/users/me/posts", "2 id=me");
    check(&router, "GET", "/users/", "3");
    check(&router, "GET", "/users", "404");
    check(&router, "GET", "/", "4");
    check(&router, "GET", "/users/7/", "404");
    check(&router, "GET", "/Users/7", "404");
}

#[test]
fn parameters_are_decoded_once() {
    let router = router(&[at("/u/{id}", &["GET"])]);
    check(&router, "GET", "/u/a%2Fb%20c%C3%A9", "0 id=a/b cé");
    check(&router, "GET", "/u/%2541", "0 id=%41");
}

#[test]
fn a_parameter_that_is_not_utf8_is_refused() {
    let router = router(&[at("/u/{id}", &["GET"])]);
    let Outcome::Found(found) = router.find("h", &Method::GET, "/u/%FF") else { panic!("not found") };
    assert_eq!(router.params(&found).unwrap_err().reason.name, "request.malformed");
}

#[test]
fn in_document_order_the_first_match_wins() {
    let router = in_document_order(&[
        at("/users/{id}", &["GET"]),
        at("/users/me", &["GET", "POST"]),
        Spec { template: "/users/:name", methods: &["DELETE"], hosts: &[], rest: None, mode: PathMode::UrlPattern },
        at("/users/{other}", &["DELETE"]),
    ]);
    check(&router, "GET", "/users/me", "0 id=me");
    check(&router, "POST", "/users/me", "1");
    check(&router, "DELETE", "/users/me", "2 name=me");
}

#[test]
fn a_wrong_method_falls_through_to_other_templates_and_only_then_is_405() {
    let router = router(&[at("/users/me", &["GET"]), at("/users/{id}", &["DELETE"]), at("/x", &["QUERY"])]);
    check(&router, "DELETE", "/users/me", "1 id=me");
    check(&router, "PUT", "/users/me", "405 DELETE, GET, HEAD");
    check(&router, "PUT", "/users/7", "405 DELETE");
    check(&router, "GET", "/x", "405 QUERY");
    check(&router, "QUERY", "/x", "2");
    check(&router, "query", "/x", "405 QUERY");
}

#[test]
fn get_serves_head_unless_there_is_an_operation_for_it() {
    let router = router(&[at("/a", &["GET"]), at("/b", &["GET"]), at("/b", &["HEAD"]), at("/c", &["POST"])]);
    check(&router, "HEAD", "/a", "0");
    check(&router, "HEAD", "/b", "2");
    check(&router, "HEAD", "/c", "405 POST");
}

#[test]
fn a_rest_parameter_takes_everything_and_nothing() {
    let router = router(&[
        Spec { template: "/files/{rest}", methods: &[], hosts: &[], rest: Some("rest"), mode: PathMode::OpenApi },
        at("/files/{id}/meta", &["GET"]),
        at("/files/{id}", &["GET"]),
    ]);
    check(&router, "BREW", "/files", "0 rest=");
    check(&router, "BREW", "/files/", "0 rest=");
    check(&router, "BREW", "/files/a/b", "0 rest=a/b");
    check(&router, "GET", "/files/a/b", "0 rest=a/b");
    check(&router, "GET", "/files/a/meta", "1 id=a");
    check(&router, "GET", "/files/a", "2 id=a");
    check(&router, "GET", "/filesx", "404");
}

#[test]
fn several_parameters_may_share_a_segment() {
    let router = router(&[
        at("/{a}.{b}", &["GET"]),
        at("/{a}", &["GET"]),
        at("/get({id})", &["GET"]),
        at("/{x}.json", &["GET"]),
    ]);
    check(&router, "GET", "/x.y", "0 a=x b=y");
    check(&router, "GET", "/xy", "1 a=xy");
    check(&router, "GET", "/get(7)", "2 id=7");
    check(&router, "GET", "/x.json", "3 x=x");
}

#[test]
fn hosts_match_exactly_or_by_one_label_or_more() {
    let router = router(&[
        Spec { hosts: &["api.example.com"], ..at("/{x}", &["GET"]) },
        Spec { hosts: &["*.example.com"], ..at("/a", &["GET"]) },
        Spec { hosts: &["*.eu.example.com"], ..at("/a", &["GET"]) },
        at("/a", &["GET", "POST"]),
        Spec { hosts: &["local:8080"], ..at("/a", &["GET"]) },
    ]);
    for (host, method, expected) in [
        ("api.example.com", "GET", "0 x=a"),
        ("api.example.com:9000", "GET", "0 x=a"),
        ("x.example.com", "GET", "1"),
        ("x.y.example.com", "GET", "1"),
        ("x.eu.example.com", "GET", "2"),
        ("example.com", "GET", "3"),
        (".example.com", "GET", "3"),
        ("evil-example.com", "GET", "3"),
        ("x.example.com", "POST", "3"),
        ("local:8080", "GET", "4"),
        ("local:8081", "GET", "3"),
        ("[::1]:9000", "GET", "3"),
    ] {
        assert_eq!(outcome(&router, host, method, "/a"), expected, "{method} {host}");
    }
}

#[test]
fn templates_and_match_paths_agree_on_spelling() {
    let router = router(&[at("/café", &["GET"]), at("/a%2fb", &["GET"]), at("/~%75ser", &["GET"])]);
    check(&router, "GET", "/caf%C3%A9", "0");
    check(&router, "GET", "/a%2Fb", "1");
    check(&router, "GET", "/~user", "2");
}

#[test]
fn before_2025_characters_of_regular_expressions_mean_something() {
    let old = Compatibility { literal_paths: false, ..Compatibility::native() };
    let specs = || [at("/files/(.*)", &["GET"]), at("/u/{id}/(.*)", &["GET"])];
    check(&router_with(&specs(), &old), "GET", "/files/a/b", "0 0=a/b");
    check(&router_with(&specs(), &old), "GET", "/u/7/x/y", "1 id=7 0=x/y");
    check(&router(&specs()), "GET", "/files/a/b", "404");
    check(&router(&specs()), "GET", "/files/(.*)", "0");
}

#[test]
fn all_broken_templates_are_reported() {
    let broken = [
        at("users", &["GET"]),
        at("/ok", &["GET"]),
        at("/{open", &["GET"]),
        Spec { rest: Some("rest"), ..at("/{rest}/x", &["GET"]) },
        Spec { mode: PathMode::UrlPattern, ..at("/a/:", &["GET"]) },
    ];
    let routes: Vec<_> = broken.iter().enumerate().map(|(index, spec)| route(index, spec)).collect();
    let errors = Router::new(&routes, &Compatibility::native()).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.route).collect::<Vec<_>>(), [0, 2, 3, 4]);
}

/// Matches one segment without any index: tries every split.
fn naive_segment(template: &str, segment: &str) -> bool {
    match template.split_once('{') {
        None => template == segment,
        Some((literal, rest)) => {
            let Some(after) = segment.strip_prefix(literal) else { return false };
            let template = rest.split_once('}').unwrap().1;
            (1..=after.len()).any(|end| naive_segment(template, &after[end..]))
        }
    }
}

fn naive(spec: &Spec<'_>, path: &str) -> bool {
    let template: Vec<_> = spec.template[1..].split('/').collect();
    let path: Vec<_> = path[1..].split('/').collect();
    let fixed = if spec.rest.is_some() { template.len() - 1 } else { template.len() };
    let long_enough = if spec.rest.is_some() { path.len() >= fixed } else { path.len() == fixed };
    long_enough && template[..fixed].iter().zip(&path).all(|(template, segment)| naive_segment(template, segment))
}

/// Smaller is more specific.
fn specificity(spec: &Spec<'_>) -> Vec<(u8, usize)> {
    let segments = spec.template[1..].split('/');
    segments
        .map(|segment| match (segment, segment.contains('{')) {
            ("{rest}", _) if spec.rest.is_some() => (3, 0),
            (_, false) => (0, 0),
            _ if segment.starts_with('{') && segment.find('}') == Some(segment.len() - 1) => (2, 0),
            _ => {
                let names: usize = segment.split('{').skip(1).map(|part| part.find('}').unwrap_or_default() + 2).sum();
                (1, 100 - (segment.len() - names))
            }
        })
        .collect()
}

fn templates() -> impl Strategy<Value = (Vec<String>, bool)> {
    // The patterns differ in weight: among equals the first in the document wins, which this test leaves open.
    let segment =
        prop_oneof![Just("a"), Just("b"), Just("ab"), Just("{p}"), Just("a{p}"), Just("{p}ab"), Just("{p}.-.{q}")];
    let segments = prop::collection::vec(segment.prop_map(str::to_owned), 1..4);
    (segments, prop::bool::weighted(0.2))
}

fn paths() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("a"),
        Just("b"),
        Just("ab"),
        Just("aab"),
        Just("a.-.b"),
        Just("a.-.-.ab"),
        Just("x"),
        Just("")
    ];
    prop::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_tree_finds_what_a_naive_search_finds(
        templates in prop::collection::vec(templates(), 1..8),
        path in paths(),
    ) {
        let texts: Vec<_> = templates
            .iter()
            .map(|(segments, rest)| format!("/{}{}", segments.join("/"), if *rest { "/{rest}" } else { "" }))
            .collect();
        let specs: Vec<_> = texts
            .iter()
            .zip(&templates)
            .map(|(text, (_, rest))| Spec { rest: rest.then_some("rest"), ..at(text, &["GET"]) })
            .collect();
        let matching: Vec<_> = (0..specs.len()).filter(|index| naive(&specs[*index], &path)).collect();
        let found = |router: &Router| match router.find("h", &Method::GET, &path) {
            Outcome::Found(found) => Some(found.route),
            _ => None,
        };
        prop_assert_eq!(found(&in_document_order(&specs)), matching.first().copied());
        let best = matching.iter().map(|index| specificity(&specs[*index])).min();
        prop_assert_eq!(found(&router(&specs)).map(|index| specificity(&specs[index])), best);
    }
}
