//! What the grammar of the native form comes to.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Case, catalog, load_document};
use serde_json::{Value, json};
use tollgate_core::Route;
use tollgate_core::catalog::{BuildError, BuildIssue};
use tollgate_core::project::{CorsChoice, Project, Stage, Use};
use tollgate_core::route::Methods;
use tollgate_core::settings::UpstreamOrUrl;
use tollgate_spec::diagnostic::TextStyle;
use tollgate_spec::{LoadOptions, Loaded, upstream_only};

#[track_caller]
fn project(loaded: &Loaded) -> &Project {
    let drawn = loaded.diagnostics.to_text(&TextStyle::default());
    assert!(loaded.diagnostics.is_empty(), "{drawn}");
    loaded.project.as_deref().unwrap_or_else(|| panic!("no project"))
}

#[track_caller]
fn route<'p>(project: &'p Project, id: &str) -> &'p Route {
    project.routes.iter().find(|route| &*route.id == id).unwrap_or_else(|| panic!("no route {id}"))
}

/// `stage:id` of every inbound step, in running order.
fn steps(project: &Project, route: &Route) -> Vec<String> {
    let step = |step: &tollgate_core::project::StepRef| {
        format!("{}:{}", step.stage.as_str(), project.policies[step.policy].id)
    };
    route.inbound.iter().map(step).collect()
}

fn options<'p>(project: &'p Project, id: &str) -> &'p Value {
    &project.policies.iter().find(|policy| &*policy.id == id).unwrap_or_else(|| panic!("no instance {id}")).options
}

/// A document with this `x-tollgate` at the document, path item and operation of `GET /a/{id}`.
fn three(document: &str, path: &str, operation: &str) -> Loaded {
    load_document(&format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\nx-tollgate: {document}\npaths:\n  /a/{{id}}:\n    x-tollgate: {path}\n    get: {{ operationId: a, x-tollgate: {operation} }}\n    put: {{ operationId: b }}\n"
    ))
}

#[test]
fn the_three_lines_of_the_quick_start_are_a_key_a_limit_and_a_token() {
    let loaded = load_document(
        "openapi: 3.1.0\ninfo: { title: Todo API, version: 1.0.0 }\nx-tollgate:\n  upstream: http://127.0.0.1:8888\n  auth: api-key\n  limit: 100/m\npaths:\n  /protected:\n    get: { operationId: getProtected, responses: { \"200\": { description: ok } } }\n",
    );
    let project = project(&loaded);
    let route = route(project, "getProtected");
    let expected = ["auth:openapi.yaml#/x-tollgate/auth", "limit:openapi.yaml#/x-tollgate/limit", "sign:upstream-jwt"];
    assert_eq!(steps(project, route), expected);
    assert_eq!(*options(project, "openapi.yaml#/x-tollgate/limit"), json!({ "rate": "100/m" }));
    assert!(route.authenticated);
    assert_eq!(route.handler.implementation, Use::BuiltIn("forward".to_owned()));
    assert_eq!(route.handler.options, json!({ "upstream": "http://127.0.0.1:8888" }));
    assert_eq!((route.place.line, route.place.column), (9, 5));
    assert_eq!(route.methods, Methods::Listed(vec![http::Method::GET]));
}

#[test]
fn nearer_scalars_win_and_steps_are_appended_in_the_order_of_the_stages() {
    let loaded = three(
        "{ upstream: 'http://d', auth: api-key, limit: 1/s, guard: [{ sleep: 1 }], inbound: [{ sleep: 2 }], timeouts: { total: 9s, idle: 8s } }",
        "{ upstream: 'http://p', limit: 2/s, inbound: [{ sleep: 3 }], timeouts: { total: 7s } }",
        "{ limit: 3/s, guard: [{ sleep: 4 }], auth: open-id-jwt-auth, sign: { audience: x }, timeouts: { idle: 0s } }",
    );
    let project = project(&loaded);
    let a = route(project, "a");
    let d = "openapi.yaml#/x-tollgate";
    let p = "openapi.yaml#/paths/~1a~1{id}/x-tollgate";
    let o = "openapi.yaml#/paths/~1a~1{id}/get/x-tollgate";
    assert_eq!(
        steps(project, a),
        [
            format!("guard:{d}/guard/0"),
            format!("guard:{o}/guard/0"),
            format!("auth:{o}/auth"),
            format!("limit:{d}/limit"),
            format!("limit:{p}/limit"),
            format!("limit:{o}/limit"),
            format!("inbound:{d}/inbound/0"),
            format!("inbound:{p}/inbound/0"),
            format!("sign:{o}/sign"),
        ]
    );
    assert_eq!(a.handler.options["upstream"], "http://p");
    assert_eq!(a.timeouts.total, Some(Duration::from_secs(7)));
    assert_eq!(a.timeouts.idle, None, "0s is no limit");
    assert_eq!(a.timeouts.first_byte, Some(Duration::from_secs(60)));
    let b = route(project, "b");
    assert_eq!(b.timeouts.idle, Some(Duration::from_secs(8)));
    let shared = |route: &Route| route.inbound.iter().find(|step| step.stage == Stage::Limit).unwrap().policy;
    assert_eq!(shared(a), shared(b), "a limit of the document is one instance");
    assert_eq!(*options(project, &format!("{d}/guard/0")), json!({ "sleepInMs": 1 }), "a bare value is the shorthand");
}

#[test]
fn an_inner_place_may_replace_inherited_steps_or_take_some_away_by_name() {
    let document = "{ upstream: 'http://d', auth: public, inbound: [{ use: sleep, options: { sleepInMs: 1 }, as: nap }, { sleep: 2 }] }";
    let ids = |operation: &str| {
        let loaded = three(document, "{}", operation);
        let project = project(&loaded);
        steps(project, route(project, "a"))
            .into_iter()
            .map(|step| step.rsplit_once("x-tollgate/").unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("{}"), ["inbound/0", "inbound/1"]);
    assert_eq!(ids("{ inbound: { replace: [{ sleep: 3 }] } }"), ["inbound/replace/0"]);
    assert_eq!(ids("{ inbound: { without: [nap], add: [{ sleep: 3 }] } }"), ["inbound/1", "inbound/add/0"]);
    assert_eq!(ids("{ inbound: { without: [nap, sleep] } }"), [""; 0]);
}

#[test]
fn public_routes_do_not_sign_by_default_and_may_when_they_say_so_themselves() {
    let signs = |document: &str, operation: &str| {
        let loaded = three(document, "{}", operation);
        let project = project(&loaded);
        let a = route(project, "a");
        assert_eq!(a.authenticated, a.inbound.iter().any(|step| step.stage == Stage::Auth));
        a.inbound.iter().any(|step| step.stage == Stage::Sign)
    };
    let keyed = "{ upstream: 'http://d', auth: api-key }";
    assert!(signs(keyed, "{}"));
    assert!(!signs(keyed, "{ sign: false }"));
    assert!(!signs(keyed, "{ auth: public }"));
    assert!(signs(keyed, "{ auth: public, sign: true }"));
    assert!(!signs("{ upstream: 'http://d', auth: api-key, sign: { audience: x } }", "{ auth: public }"));
    assert!(!signs(keyed, "{ handler: { redirect: { location: /x } } }"), "nothing is forwarded");
}

#[test]
fn alternatives_become_any_of_with_the_ids_of_their_instances() {
    let loaded =
        three("{ upstream: 'http://d', auth: [api-key, { open-id-jwt-auth: { headerName: x } }] }", "{}", "{}");
    let project = project(&loaded);
    let id = "openapi.yaml#/x-tollgate/auth";
    assert_eq!(*options(project, id), json!({ "policies": [format!("{id}/0"), format!("{id}/1")] }));
    assert_eq!(*options(project, &format!("{id}/1")), json!({ "headerName": "x" }));
    assert_eq!(steps(project, route(project, "a"))[0], format!("auth:{id}"));
}

#[test]
fn limits_may_depend_on_the_plan() {
    let loaded = three(
        "{ upstream: 'http://d', auth: api-key, limit: [{ by: user.data.plan, rate: { gold: 600/m, default: 60/m } }, { by: ip, rate: 10/60s }] }",
        "{}",
        "{}",
    );
    let project = project(&loaded);
    let id = "openapi.yaml#/x-tollgate/limit";
    assert_eq!(
        *options(project, &format!("{id}/0")),
        json!({ "by": "user.data.plan", "rate": { "gold": "600/m", "default": "60/m" } })
    );
    assert_eq!(*options(project, &format!("{id}/1")), json!({ "by": "ip", "rate": "10/m" }));
}

#[test]
fn named_policies_are_one_instance_and_composites_bring_their_members() {
    let case = Case::parse(
        "=== tollgate.yaml\npolicies:\n  slow: { use: sleep, options: { sleepInMs: 5 } }\n  both: { use: composite, options: { policies: [slow, api-key] } }\n  unused: { use: sleep, options: { sleepInMs: 1 } }\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: 'http://d', auth: both, guard: [slow] }\npaths:\n  /a: { get: { operationId: a } }\n  /b: { get: { operationId: b, x-tollgate: { inbound: [slow] } } }\n",
    );
    let loaded = case.load();
    let project = project(&loaded);
    assert_eq!(steps(project, route(project, "a")), ["guard:slow", "auth:both", "sign:upstream-jwt"]);
    assert_eq!(steps(project, route(project, "b")), ["guard:slow", "auth:both", "inbound:slow", "sign:upstream-jwt"]);
    let mut ids: Vec<&str> = project.policies.iter().map(|policy| &*policy.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["api-key", "both", "slow", "upstream-jwt"]);
}

#[test]
fn the_documents_security_is_read_only_where_no_auth_is_in_force() {
    let loaded = load_document(
        "openapi: 3.1.0\ninfo: { title: t, version: '1' }\nsecurity: [{ k: [] }, { k: [], j: [] }]\nx-tollgate: { upstream: 'http://d' }\ncomponents: { securitySchemes: { k: { type: apiKey, in: header, name: x, x-tollgate: api-key }, j: { type: http, scheme: bearer, x-tollgate: open-id-jwt-auth } } }\npaths:\n  /a: { get: { operationId: a }, put: { operationId: b, security: [] }, post: { operationId: c, security: [{ j: [] }] } }\n  /d: { x-tollgate: { auth: public }, get: { operationId: d } }\n",
    );
    let project = project(&loaded);
    let (k, j) = (
        "openapi.yaml#/components/securitySchemes/k/x-tollgate",
        "openapi.yaml#/components/securitySchemes/j/x-tollgate",
    );
    assert_eq!(steps(project, route(project, "a"))[0], "auth:openapi.yaml#/security");
    assert_eq!(*options(project, "openapi.yaml#/security"), json!({ "policies": [k, "openapi.yaml#/security/1"] }));
    assert_eq!(*options(project, "openapi.yaml#/security/1"), json!({ "policies": [k, j] }));
    assert_eq!(steps(project, route(project, "c"))[0], format!("auth:{j}"));
    assert!(!route(project, "b").authenticated);
    assert!(!route(project, "d").authenticated);
}

#[test]
fn paths_cors_hosts_and_handlers_are_resolved() {
    let case = Case::parse(
        "=== tollgate.yaml\ncors: { web: { allowedOrigins: 'https://a' }, app: { allowedOrigins: '*' } }\nupstreams: { api: { url: 'http://x', timeouts: { connect: 1s } } }\ndocuments: [{ from: api.yaml, mount: /v1, hosts: [API.example.com] }]\n=== api.yaml\nopenapi: 3.0.3\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: api, auth: public, cors: app, upgrades: [] }\npaths:\n  /a/{id}: { get: { operationId: a, x-internal: true, x-tollgate: { path: { rewrite: '/b/{id}' }, hosts: [b.example.com], upgrades: [WebSocket] } } }\n  /m: { get: { operationId: m, x-tollgate: { handler: { mock: { status: 204 } }, cors: none } } }\n  /r: { get: { operationId: r, x-tollgate: { handler: { use: redirect, options: { location: /x } }, cors: anything-goes } } }\n  /{rest}: { x-tollgate-path: { rest: many }, x-tollgate-any: { operationId: any } }\n",
    );
    let loaded = case.load();
    let project = project(&loaded);
    let a = route(project, "a");
    assert_eq!(&*a.template.text, "/v1/a/{id}");
    assert_eq!(a.hosts, ["b.example.com"]);
    assert_eq!(a.cors, CorsChoice::Named(1));
    assert_eq!(a.handler.options, json!({ "upstream": "api", "path": { "rewrite": "/b/{id}" } }));
    assert_eq!(a.timeouts.connect, Duration::from_secs(1));
    assert!(a.internal);
    assert!(a.may_upgrade_to("websocket") && !a.may_upgrade_to("terminal"));
    let m = route(project, "m");
    assert_eq!(m.cors, CorsChoice::None);
    assert!(!m.may_upgrade_to("websocket"), "the document allows nothing");
    assert_eq!(m.hosts, ["api.example.com"]);
    assert_eq!(steps(project, m), ["handler:api.yaml#/paths/~1m/get/x-tollgate/handler"]);
    let r = route(project, "r");
    assert_eq!(r.handler.implementation, Use::BuiltIn("redirect".to_owned()));
    assert_eq!(r.cors, CorsChoice::AnythingGoes);
    let any = route(project, "any");
    assert_eq!(any.methods, Methods::Any);
    assert_eq!(any.template.rest.as_deref(), Some("rest"));
    assert!(any.operation.raw().is_some());
}

#[test]
fn routes_that_inherit_the_same_handler_share_it() {
    let paths: String = (0..40)
        .map(|number| {
            let own = if number % 2 == 0 { "{}" } else { "{ path: { strip: /b } }" };
            format!("  /p{number}/{{id}}: {{ get: {{ operationId: r{number}, x-tollgate: {own} }}, put: {{ operationId: w{number} }} }}\n")
        })
        .collect();
    let loaded = load_document(&format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\nx-tollgate: {{ upstream: 'http://x', auth: public }}\npaths:\n{paths}"
    ));
    let project = project(&loaded);
    let [even, odd] = ["r0", "r1"].map(|id| &route(project, id).handler);
    assert_ne!(even, odd);
    for (index, route) in project.routes.iter().enumerate() {
        // Two of each path: the second says nothing of its own.
        let expected = if index % 4 == 2 { odd } else { even };
        assert!(Arc::ptr_eq(&route.handler, expected), "{}", route.id);
    }
    assert!(Arc::ptr_eq(&route(project, "r7").template.text, &route(project, "w7").template.text));
}

#[test]
fn an_address_alone_is_a_whole_project() {
    let fetch = |_: &str| Err(String::new());
    let options = LoadOptions::new("/nowhere", &fetch);
    let loaded = upstream_only("http://127.0.0.1:8888", &options, &catalog());
    let project = project(&loaded);
    let [route] = &project.routes[..] else { panic!("one route") };
    assert_eq!(route.methods, Methods::Any);
    assert_eq!(&*route.template.text, "/{rest}");
    let stages: Vec<Stage> = route.inbound.iter().map(|step| step.stage).collect();
    assert_eq!(stages, [Stage::Auth, Stage::Sign]);
    assert!(project.root.as_os_str().is_empty());
    assert!(upstream_only("ftp://x", &options, &catalog()).project.is_none());
}

#[test]
fn env_may_stand_where_a_number_or_a_boolean_belongs() {
    let loaded = Case::parse(
        "N=7\nB=true\n=== tollgate.yaml\nserver: { limits: { headerCount: $env(N), body: $env(N) } }\naccessLog: { enabled: $env(B) }\npolicies: { p: { use: sleep, options: { sleepInMs: $env(N) } } }\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: 'http://d', auth: public, guard: [p, { sleep: { sleepInMs: '$env(N)' } }] }\npaths: { /a: { get: {} } }\n",
    )
    .load();
    let project = project(&loaded);
    assert_eq!(project.settings.server.limits.header_count, 7);
    assert_eq!(*options(project, "p"), json!({ "sleepInMs": 7 }));
    assert_eq!(*options(project, "openapi.yaml#/x-tollgate/guard/1"), json!({ "sleepInMs": 7 }));
    let text = Case::parse("N=seven\n=== tollgate.yaml\nserver: { limits: { headerCount: $env(N) } }\n").load();
    assert!(text.diagnostics.to_text(&TextStyle::default()).contains("found the text `$env(N)`"));
}

#[test]
fn what_building_a_policy_finds_is_drawn_at_its_option() {
    let loaded = Case::parse(
        "S=hunter2hunter2\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate:\n  upstream: http://d\n  auth: public\n  guard:\n    - ip-restriction:\n        allow: [10.0.0.0/8, $env(S)]\npaths: { /a: { get: {} } }\n",
    )
    .load();
    let place = project(&loaded).policies[0].place.clone();
    let error = BuildError::at("/allow/1", "`hunter2hunter2` is no range").help("write 10.0.0.0/8");
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.add_build_issues(&[BuildIssue { place, name: "ip-restriction".into(), error }]);
    let [found] = &diagnostics.iter().collect::<Vec<_>>()[..] else { panic!("one") };
    assert_eq!(found.span.place().to_string(), "openapi.yaml:8:29");
    assert_eq!(found.message, "ip-restriction: `$env(S)` is no range");
    assert_eq!(found.help.as_deref(), Some("write 10.0.0.0/8"));
}

#[test]
fn the_digest_follows_files_and_the_values_that_they_ask_for_and_nothing_else() {
    let digest = |text: &str| Case::parse(text).load().project.unwrap().digest.clone();
    let files = "=== tollgate.yaml\nupstreams: { a: 'http://$env(H)' }\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: a, auth: public }\npaths: { /a: { get: {} } }\n";
    let one = digest(&format!("H=x\nOTHER=1\n{files}"));
    assert_eq!(one, digest(&format!("H=x\nOTHER=2\n{files}")));
    assert_ne!(one, digest(&format!("H=y\nOTHER=1\n{files}")));
    assert_ne!(one, digest(&format!("H=x\nOTHER=1\n{files}# more\n")));
}

#[test]
fn no_diagnostic_in_any_form_of_output_shows_what_env_brought_in() {
    let case = Case::parse(
        "S=hunter2hunter2\n=== tollgate.yaml\npublicUrl: $env(S)\nserver: { listen: $env(S), drain: $env(S), onBrokenProject: $env(S), trustedProxies: [$env(S)], limits: { body: $env(S) } }\nupstreams: { a: $env(S), b: { url: 'http://u:$env(S)@h' } }\nissuer: { algorithm: $env(S), path: $env(S) }\nkeys: { prefix: $env(S) }\nstore: $env(S)\nfailedAuthLimit: $env(S)\npolicies: { p: { use: $env(S) }, q: { use: api-key, options: { forwardKey: $env(S) } } }\nconsumers: [{ name: a, keyHashes: [$env(S)] }, { name: $env(S) }, { name: $env(S) }]\n=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: $env(S), auth: $env(S), limit: $env(S), cors: $env(S), hosts: ['$env(S)/'], upgrades: [$env(S)], handler: $env(S), timeouts: { total: $env(S) }, sign: $env(S), inbound: [{ sleep: { sleepInMs: $env(S) } }, { use: $env(S) }], guard: $env(S), path: { strip: $env(S), rewrite: '/{$env(S)}' }, outbound: { without: [$env(S)] } }\npaths: { /a: { get: {} }, /b: { get: { x-tollgate: { path: { rewrite: '/{$env(S)}/${$env(S)}' } } } } }\n",
    );
    let loaded = case.load();
    assert!(loaded.diagnostics.len() > 25, "{}", loaded.diagnostics.len());
    for output in [
        loaded.diagnostics.to_text(&TextStyle::default()),
        loaded.diagnostics.to_json().to_string(),
        loaded.diagnostics.to_sarif().to_string(),
        format!("{:?}", loaded.diagnostics),
    ] {
        let at =
            output.find("hunter2").map(|at| output[at.saturating_sub(200)..(at + 40).min(output.len())].to_owned());
        assert_eq!(at, None);
    }
}

#[test]
fn a_path_that_no_request_can_match_is_left_out_and_said() {
    let loaded = load_document(
        "openapi: 3.0.0\nx-tollgate: { upstream: \"http://127.0.0.1:1\", auth: api-key }\npaths:\n  /a?b=true: { post: {} }\n  /a: { get: {} }\n",
    );
    let said: Vec<_> = loaded.diagnostics.iter().map(|d| (d.severity.as_str(), d.span.start())).collect();
    assert_eq!(said, [("warning", Some((4, 5)))]);
    assert_eq!(loaded.project.unwrap().routes.len(), 1);
}

#[test]
fn authorities_are_read_below_the_projects_folder_and_a_new_file_is_another_project() {
    let ca = |text: &str| {
        let case = Case::parse(&format!(
            "=== tollgate.yaml\nupstreams:\n  api: {{ url: 'https://a.example', tls: {{ ca: certs/ca.pem }} }}\n=== certs/ca.pem\n-----BEGIN CERTIFICATE-----\n{text}\n=== openapi.yaml\nopenapi: 3.1.0\nx-tollgate: {{ upstream: api, auth: api-key }}\npaths: {{ /a: {{ get: {{}} }} }}\n"
        ));
        let project = case.load().project.unwrap();
        let Some(UpstreamOrUrl::Upstream(upstream)) = project.settings.upstreams.get("api") else {
            panic!("no upstream")
        };
        (upstream.tls.ca.clone().unwrap(), project.digest.clone())
    };
    let (first, second) = (ca("one"), ca("two"));
    assert!(first.0.starts_with("-----BEGIN CERTIFICATE-----\none"));
    assert_ne!(first.1, second.1);
}

#[test]
fn the_environment_is_read_in_path_items_of_other_files() {
    let case = Case::parse(
        "RANGE=10.0.0.0/8\n=== openapi.yaml\nopenapi: 3.1.0\nx-tollgate: { upstream: \"http://127.0.0.1:1\", auth: api-key }\npaths:\n  /a: { $ref: items/a.yaml }\n=== items/a.yaml\nget:\n  x-tollgate:\n    guard: [ip-restriction: { allow: [$env(RANGE)] }]\n",
    );
    let loaded = case.load();
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics.to_text(&TextStyle::default()));
    let project = loaded.project.unwrap();
    assert!(project.policies.iter().any(|policy| policy.options["allow"] == json!(["10.0.0.0/8"])));
}
