//! What `./modules/file.ts#export` in a native project comes to.

mod common;

use common::Case;
use serde_json::json;
use tollgate_core::Route;
use tollgate_core::project::{ExportRole, Project, Stage, Use};
use tollgate_spec::diagnostic::TextStyle;
use tollgate_spec::{Loaded, security_diff};

/// A project of one path with these settings and this `x-tollgate` at its document, and a few modules.
fn load(settings: &str, extension: &str) -> Loaded {
    const MODULES: [&str; 4] = ["a.ts", "deep/index.tsx", "limits.js", "who.ts"];
    let modules: String = MODULES.iter().map(|name| format!("=== modules/{name}\n\n")).collect();
    let document = format!(
        "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\nx-tollgate: {extension}\npaths:\n  /a: {{ get: {{ operationId: a }} }}\n"
    );
    Case::parse(&format!("=== tollgate.yaml\n{settings}\n{modules}=== openapi.yaml\n{document}")).load()
}

#[track_caller]
fn project(loaded: &Loaded) -> &Project {
    let drawn = loaded.diagnostics.to_text(&TextStyle::default());
    assert!(loaded.diagnostics.is_empty(), "{drawn}");
    loaded.project.as_deref().unwrap_or_else(|| panic!("no project"))
}

/// Stage, name and implementation of every inbound step.
fn steps(project: &Project) -> Vec<String> {
    let route: &Route = &project.routes[0];
    let step = |step: &tollgate_core::project::StepRef| {
        let policy = &project.policies[step.policy];
        let used = match &policy.implementation {
            Use::BuiltIn(kind) => kind.clone(),
            Use::Module(export) => export.to_string(),
        };
        format!("{}:{} {used} {}", step.stage.as_str(), policy.name, policy.options)
    };
    route.inbound.iter().map(step).collect()
}

fn exports(project: &Project) -> Vec<String> {
    let shown = project.exports.iter().map(|named| {
        let unused = if named.unused { " (unused)" } else { "" };
        format!("{:?} {} at {}{unused}", named.role, named.export, named.place.pointer)
    });
    shown.collect()
}

#[test]
fn every_form_of_a_step_may_be_code() {
    let loaded = load(
        "policies: { tenant: { use: './modules/a.ts#tenant', options: { header: x } } }",
        "{ upstream: 'http://d', sign: false, auth: ./modules/who.ts, guard: [tenant, './modules/deep#quiet'], inbound: [{ './modules/a#plain': [1] }, { use: ./modules/a.ts, options: { b: 2 }, as: mine }] }",
    );
    let project = project(&loaded);
    assert_eq!(
        steps(project),
        [
            r#"guard:tenant modules/a.ts#tenant {"header":"x"}"#,
            "guard:quiet modules/deep#quiet {}",
            "auth:who modules/who.ts#default {}",
            "inbound:plain modules/a#plain [1]",
            r#"inbound:mine modules/a.ts#default {"b":2}"#,
        ]
    );
    assert!(project.routes[0].authenticated, "a step under `auth` is there to tell who calls");
    assert_eq!(project.exports.len(), 5);
    assert!(project.exports.iter().all(|named| named.role == ExportRole::Policy && !named.unused));
    let tenant = project.exports.iter().find(|named| named.export.name == "tenant").unwrap();
    assert_eq!((&*tenant.place.file, tenant.place.pointer.as_str()), ("tollgate.yaml", "/policies/tenant/use"));
}

#[test]
fn code_outside_of_auth_makes_no_route_authenticated() {
    let loaded = load("", "{ upstream: 'http://d', inbound: [./modules/a.ts] }");
    let codes: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["no-auth"]);
}

#[test]
fn code_may_be_one_of_several_ways_to_authenticate() {
    let settings = "policies: { own: { use: ./modules/who.ts }, both: { use: composite, options: { policies: [own] } }, either: { use: any-of, options: { policies: [own, api-key] } } }";
    for auth in ["[./modules/who.ts, api-key]", "both", "either", "own"] {
        let loaded = load(settings, &format!("{{ upstream: 'http://d', auth: {auth} }}"));
        let project = project(&loaded);
        assert!(project.routes[0].authenticated, "{auth}");
        assert!(project.policies.iter().any(|policy| matches!(policy.implementation, Use::Module(_))), "{auth}");
    }
}

#[test]
fn a_handler_may_be_code_and_needs_no_upstream() {
    for (handler, options) in [
        ("./modules/a.ts#hello", json!({})),
        ("{ './modules/a.ts#hello': { x: 1 } }", json!({ "x": 1 })),
        ("{ use: './modules/a.ts#hello', options: [1] }", json!([1])),
    ] {
        let loaded = load("", &format!("{{ auth: api-key, handler: {handler} }}"));
        let project = project(&loaded);
        let definition = &project.routes[0].handler;
        assert!(
            matches!(&definition.implementation, Use::Module(export) if export.to_string() == "modules/a.ts#hello")
        );
        assert_eq!(definition.options, options);
        assert_eq!(exports(project).len(), 1);
        assert!(
            !project.routes[0].inbound.iter().any(|step| step.stage == Stage::Sign),
            "nothing says that it forwards"
        );
    }
    let loaded = load("", "{ auth: api-key, sign: { audience: x }, handler: ./modules/a.ts }");
    assert!(project(&loaded).routes[0].inbound.iter().any(|step| step.stage == Stage::Sign), "it is written");
}

#[test]
fn a_limit_may_count_by_a_function() {
    let loaded = load(
        "",
        "{ upstream: 'http://d', sign: false, auth: public, limit: { by: './modules/limits#byTenant', rate: 5/m } }",
    );
    let project = project(&loaded);
    assert_eq!(steps(project), [r#"limit:rate-limit rate-limit {"by":"./modules/limits#byTenant","rate":"5/m"}"#]);
    assert_eq!(exports(project), ["Function modules/limits#byTenant at /x-tollgate/limit/by"]);
}

#[test]
fn the_functions_that_options_of_built_in_policies_name_are_linked() {
    let step = |by: &str| {
        format!(
            "{{ upstream: 'http://d', auth: api-key, inbound: [counted, {{ rate-limit: {{ by: '{by}', rate: 5/m }} }}] }}"
        )
    };
    let settings = "policies: { counted: { use: rate-limit, options: { by: './modules/limits#a', rate: 1/m } } }";
    let loaded = load(settings, &step("./modules/limits.ts#b"));
    let codes: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["missing-module"], "limits.js is there, and limits.ts is not");
    let loaded = load(settings, &step("./modules/limits.js#b"));
    let expected = [
        "Function modules/limits#a at /policies/counted/options/by",
        "Function modules/limits.js#b at /x-tollgate/inbound/1/rate-limit/by",
    ];
    assert_eq!(exports(project(&loaded)), expected);
}

#[test]
fn what_no_route_uses_is_there_for_code_alone() {
    let settings = "policies: { slow: { use: sleep, options: { sleepInMs: 1 } }, own: { use: ./modules/a.ts } }";
    let without = load(settings, "{ upstream: 'http://d', auth: api-key }");
    let without = project(&without);
    assert!(!without.has_modules() && without.policies.iter().all(|policy| !policy.unused));
    let with = load(settings, "{ upstream: 'http://d', auth: api-key, inbound: [./modules/who.ts] }");
    let with = project(&with);
    let unused: Vec<_> = with.policies.iter().filter(|policy| policy.unused).map(|policy| &*policy.name).collect();
    assert_eq!(unused, ["slow", "own"]);
    assert!(exports(with).contains(&"Policy modules/a.ts#default at /policies/own/use (unused)".to_owned()));
}

#[test]
fn the_runtime_module_of_a_native_project_is_its_own() {
    let document = "=== openapi.yaml\nopenapi: 3.1.0\ninfo: { title: t, version: '1' }\nx-tollgate: { upstream: 'http://d', auth: api-key }\npaths: { /a: { get: {} } }\n";
    let loaded = Case::parse(&format!("{document}=== modules/tollgate.runtime.mjs\n\n")).load();
    assert_eq!(project(&loaded).runtime_module.as_deref(), Some("modules/tollgate.runtime.mjs"));
    let loaded = Case::parse(&format!("{document}=== modules/zuplo.runtime.ts\n\n")).load();
    assert_eq!(loaded.project.unwrap().runtime_module, None);
    let codes: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["not-read"]);
}

#[test]
fn code_that_a_route_lost_is_a_check_that_it_may_have_lost() {
    let change = |before: &str, after: &str| {
        let load = |steps: &str| {
            let loaded = load("", &format!("{{ upstream: 'http://d', auth: api-key, inbound: [{steps}] }}"));
            loaded.project.unwrap()
        };
        let changes = security_diff(&load(before), &load(after));
        changes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(change("./modules/a.ts#x", ""), ["! GET /a: lost the code `x`"]);
    assert_eq!(change("{ ./modules/a.ts#x: 1 }", "{ ./modules/a.ts#x: 2 }"), ["  GET /a: changed the code `x`"]);
    let other = "{ use: ./modules/who.ts, as: x }";
    assert_eq!(change("./modules/a.ts#x", other), ["  GET /a: changed the code `x`"]);
}
