//! Projects of the Zuplo form: what they come to, and what is said of them.

mod common;

use common::Case;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_core::catalog::{BuildContext, BuildError, Catalog, Configure, Direction, schema_of};
use tollgate_core::mcp::McpKind;
use tollgate_core::project::{CorsChoice, ExportRole, Project, ProjectForm, Stage, Use};
use tollgate_core::route::PathMode;
use tollgate_core::services::Export;
use tollgate_core::{HandlerKind, Policy, PolicyKind};
use tollgate_spec::{LoadOptions, Loaded, load_memory};

macro_rules! options {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        /// Options.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct $name { $(#[allow(dead_code)] $field: $type),* }
        impl Policy for $name {}
        impl Configure for $name {
            type Options = Self;
            fn configure(options: Self, _: &BuildContext<'_>) -> Result<Self, BuildError> {
                Ok(options)
            }
        }
    )*};
}

options! {
    Key { allow_unauthenticated_requests: Option<bool>, tenant_domain: Option<String>, audience: Option<String>, secret: Option<String>, list: Option<Vec<Option<String>>> }
    Limit { rate_limit_by: String, requests_allowed: u32, identifier: Option<Value> }
    Members { policies: Vec<String> }
    Headers { headers: Vec<Value> }
    Token { audience: Option<String> }
    Forward { base_url: String, forward_search: Option<bool>, follow_redirects: Option<bool> }
    File { open_api_file_path: String }
}

static KEY: PolicyKind =
    PolicyKind::of::<Key>("api-key", Direction::Inbound, "").exports(&["ApiKeyInboundPolicy"]).authenticates();
static LIMIT: PolicyKind = PolicyKind::of::<Limit>("rate-limit", Direction::Inbound, "")
    .exports(&["RateLimitInboundPolicy"])
    .functions(identifier);
static MEMBERS: PolicyKind =
    PolicyKind::of::<Members>("composite", Direction::Inbound, "").exports(&["CompositeInboundPolicy"]);
static HEADERS: PolicyKind =
    PolicyKind::of::<Headers>("set-response-headers", Direction::Outbound, "").exports(&["SetHeadersOutboundPolicy"]);
static TOKEN: PolicyKind =
    PolicyKind::of::<Token>("upstream-jwt", Direction::Inbound, "").exports(&["UpstreamZuploJwtAuthInboundPolicy"]);
static FORWARD: HandlerKind = HandlerKind {
    name: "url-forward",
    exports: &["urlForwardHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: "",
    schema: schema_of::<Forward>,
};
static FILE: HandlerKind = HandlerKind {
    name: "openapi",
    exports: &["openApiSpecHandler"],
    reasons: &[],
    functions: |_| Vec::new(),
    docs: "",
    schema: schema_of::<File>,
};

fn identifier(options: &Value) -> Vec<(&'static str, Option<Export>)> {
    let text = |field: &str| options["identifier"][field].as_str();
    let named = text("module").zip(text("export"));
    named.map(|(module, export)| ("/identifier", Export::of(module, export))).into_iter().collect()
}

fn load(text: &str) -> Loaded {
    static POLICIES: [&PolicyKind; 5] = [&KEY, &LIMIT, &MEMBERS, &HEADERS, &TOKEN];
    static HANDLERS: [&HandlerKind; 2] = [&FORWARD, &FILE];
    let case = Case::parse(text);
    let fetch = |url: &str| Err(format!("{url} is not there"));
    let mut options = LoadOptions::new("", &fetch);
    options.process_env = case.process_env.clone();
    load_memory(case.files, &options, &Catalog { policies: &POLICIES, handlers: &HANDLERS })
}

fn said(loaded: &Loaded) -> Vec<String> {
    let all = loaded.diagnostics.iter();
    all.map(|d| {
        let line = d.span.start().map_or(0, |(line, _)| line);
        format!("{}:{line} {} {}", d.span.source.name(), d.severity.as_str(), d.code)
    })
    .collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) -> Loaded {
    let loaded = load(text);
    let shown = loaded.diagnostics.to_text(&tollgate_spec::diagnostic::TextStyle::default());
    assert_eq!(said(&loaded), expected, "\n{shown}");
    loaded
}

/// A project of one document with these path items, and policies.
fn project(paths: &str, policies: &str) -> String {
    format!(
        "=== config/routes.oas.json\n{{ \"openapi\": \"3.1.0\", \"paths\": {{\n{paths}\n}} }}\n=== config/policies.json\n{policies}\n"
    )
}

/// An operation with these fields in its `x-zuplo-route`.
fn route(fields: &str) -> String {
    format!(
        r#"{{ "x-zuplo-route": {{ "handler": {{ "module": "$import(@zuplo/runtime)", "export": "urlForwardHandler", "options": {{ "baseUrl": "https://a.example" }} }}{fields} }} }}"#
    )
}

const POLICIES: &str = r#"{ "policies": [
  { "name": "keys", "policyType": "wrong", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy", "options": {} } },
  { "name": "maybe", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy", "options": { "allowUnauthenticatedRequests": true } } },
  { "name": "limit", "handler": { "module": "$import(@zuplo/runtime)", "export": "RateLimitInboundPolicy",
      "options": { "rateLimitBy": "ip", "requestsAllowed": 5, "identifier": { "module": "$import(./modules/x)", "export": "x" } } } },
  { "name": "both", "handler": { "module": "$import(@zuplo/runtime)", "export": "CompositeInboundPolicy", "options": { "policies": ["limit", "keys"] } } },
  { "name": "out", "handler": { "module": "$import(@zuplo/runtime)", "export": "SetHeadersOutboundPolicy", "options": { "headers": [] } } },
  { "name": "broken", "handler": { "module": "$import(@zuplo/runtime)", "export": "default" } }
] }"#;

#[test]
fn routes_stand_in_the_order_of_files_and_documents_and_lists_run_as_written() {
    let text = format!(
        "=== config/b.oas.json\n{{ \"openapi\": \"3.0.0\", \"paths\": {{ \"/z/{{a}}.{{b}}\": {{ \"post\": {} }}, \"/a\": {{ \"get\": {} }} }} }}\n=== config/a.oas.json\n{{ \"openapi\": \"3.1.0\", \"paths\": {{ \"/m\": {{ \"x-zuplo-path\": {{ \"pathMode\": \"url-pattern\" }}, \"get\": {}, }} }} /* c */ }}\n=== config/policies.json\n{POLICIES}\n=== zuplo.jsonc\n{{ \"version\": 1, // c\n \"compatibilityDate\": \"2025-02-06\" }}\n=== config/dev-portal.json\nnot even JSON",
        route(
            r#", "policies": { "inbound": ["limit", "keys", "limit"], "outbound": ["out"] }, "corsPolicy": "Anything-Goes""#
        ),
        route(r#", "policies": { "inbound": ["keys", "maybe", "limit"] }"#),
        route(r#", "policies": { "inbound": ["maybe", "both"] }, "mcp": {}"#),
    );
    let loaded = check(&text, &["config/policies.json:8 warning unsupported-policy"]);
    let project = loaded.project.unwrap();
    assert_eq!(project.form, ProjectForm::Zuplo);
    assert!(project.compatibility.document_order && project.compatibility.literal_paths);
    let shown: Vec<_> = project
        .routes
        .iter()
        .map(|route| {
            let steps = route
                .inbound
                .iter()
                .map(|step| format!("{}:{}", step.stage.as_str(), project.policies[step.policy].name));
            (&*route.id, steps.collect::<Vec<_>>().join(" "), route.authenticated)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("GET /m", "auth:maybe auth:both".to_owned(), true),
            ("POST /z/{a}.{b}", "inbound:limit inbound:keys inbound:limit".to_owned(), true),
            ("GET /a", "auth:keys auth:maybe inbound:limit".to_owned(), true),
        ]
    );
    assert_eq!(project.routes[0].template.mode, PathMode::UrlPattern);
    assert_eq!(project.routes[1].cors, CorsChoice::AnythingGoes);
    assert_eq!(project.routes[1].outbound[0].stage, Stage::Outbound);
    assert_eq!(project.routes[0].handler.implementation, Use::BuiltIn("url-forward".to_owned()));
    assert_eq!(
        project.documents.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
        ["config/a.oas.json", "config/b.oas.json"]
    );
    let limit = project.policies.iter().find(|policy| &*policy.name == "limit").unwrap();
    assert_eq!(limit.options, json!({ "rateLimitBy": "ip", "requestsAllowed": 5 }), "the identifier is never called");
    assert!(!project.policies.iter().any(|policy| &*policy.name == "broken"));
    assert_eq!(project.policies.iter().filter(|policy| &*policy.name == "keys").count(), 1);
}

#[test]
fn a_placeholder_that_was_never_filled_in_lets_nobody_in() {
    let policies = r#"{ "policies": [
  { "name": "keys", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy",
    "options": { "tenantDomain": "<YOUR_DOMAIN>",
      "audience": "<YOUR_AUDIENCE>" } } },
  { "name": "limit", "handler": { "module": "$import(@zuplo/runtime)", "export": "RateLimitInboundPolicy",
    "options": { "rateLimitBy": "<ip>", "requestsAllowed": 5 } } }
] }"#;
    let route = route(r#", "policies": { "inbound": ["keys", "limit"] }"#);
    let loaded = load(&project(&format!("\"/a\": {{ \"get\": {route} }}"), policies));
    let said = said(&loaded);
    for line in ["config/policies.json:3 warning placeholder", "config/policies.json:4 warning placeholder"] {
        assert!(said.contains(&line.to_owned()), "{said:?}");
    }
    let project = loaded.project.unwrap();
    let options = |name: &str| project.policies.iter().find(|policy| &*policy.name == name).unwrap().options.clone();
    assert_eq!(options("keys"), json!({ "tenantDomain": "your-domain.invalid", "audience": "<YOUR_AUDIENCE>" }));
    assert_eq!(options("limit")["rateLimitBy"], "<ip>", "other policies stay as they are written");
}

#[test]
fn what_an_operation_is_to_mcp_clients_is_read_in_its_newer_and_older_words() {
    let read = |extension: &str, beside: &str| {
        let route = route(extension).replacen('{', &format!("{{ {beside}"), 1);
        load(&project(&format!("\"/a\": {{ \"get\": {route} }}"), r#"{ "policies": [] }"#))
    };
    for (extension, beside, kind, name) in [
        (r#", "mcp": { "type": "prompt", "name": "x" }"#, "", McpKind::Prompt, Some("x")),
        ("", r#""x-zuplo-mcp-resource": { "name": "y", "uri": "ui://y" }, "#, McpKind::Resource, Some("y")),
        ("", r#""x-zuplo-mcp-graphql": { "executeToolName": "run" }, "#, McpKind::Graphql, None),
        (r#", "mcp": { "type": "tool" }"#, r#""x-zuplo-mcp-prompt": {}, "#, McpKind::Tool, None),
    ] {
        let project = read(extension, beside).project.unwrap();
        let mcp = project.routes[0].mcp.clone().unwrap();
        assert_eq!((mcp.kind, mcp.name.as_deref(), mcp.enabled), (Some(kind), name, true));
        if kind == McpKind::Graphql {
            assert_eq!(mcp.execute_tool.as_ref().unwrap().name.as_deref(), Some("run"));
        }
    }
    let loaded = read(r#", "mcp": { "type": "tol" }"#, "");
    assert!(loaded.diagnostics.has_errors() && loaded.project.is_none());
    let loaded = read(r#", "mcp": { "type": "tool", "somethingElse": 1 }"#, "");
    assert!(said(&loaded).iter().any(|line| line.ends_with("warning unknown-option")), "{:?}", said(&loaded));
}

#[test]
fn an_option_that_nobody_knows_is_passed_over_and_one_that_is_misspelt_is_not() {
    let policies = r#"{ "policies": [
  { "name": "keys", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy",
    "options": { "clientIdOfOldTimes": "x" } } },
  { "name": "limit", "handler": { "module": "$import(@zuplo/runtime)", "export": "RateLimitInboundPolicy",
    "options": { "rateLimitBy": "ip", "requestAllowed": 5 } } }
] }"#;
    let path = |inbound: &str| {
        let route = route(&format!(r#", "policies": {{ "inbound": ["{inbound}"] }}"#));
        let route = route.replace(r#""baseUrl""#, r#""somethingOld": 1, "baseUrl""#);
        project(&format!("\"/a\": {{ \"get\": {route} }}"), policies)
    };
    let loaded = load(&path("keys"));
    let said = said(&loaded);
    assert!(said.contains(&"config/policies.json:3 warning unknown-option".to_owned()), "{said:?}");
    assert!(said.contains(&"config/routes.oas.json:2 warning unknown-option".to_owned()), "{said:?}");
    let project = loaded.project.unwrap();
    assert_eq!(project.policies.iter().find(|policy| &*policy.name == "keys").unwrap().options, json!({}));
    assert_eq!(project.routes[0].handler.options, json!({ "baseUrl": "https://a.example" }));
    let loaded = load(&path("limit"));
    assert!(
        loaded.diagnostics.has_errors() && loaded.project.is_none(),
        "a limit that is misspelt must not be the default"
    );
}

#[test]
fn a_route_whose_only_authentication_may_be_left_out_is_not_authenticated() {
    let paths = format!(r#""/a": {{ "get": {} }}"#, route(r#", "policies": { "inbound": ["maybe"] }"#));
    let loaded = check(&project(&paths, POLICIES), &["config/policies.json:8 warning unsupported-policy"]);
    assert!(!loaded.project.unwrap().routes[0].authenticated);
}

#[test]
fn every_mistake_of_a_route_is_said_at_its_line() {
    let text = format!(
        r#""/a": {{ "get": {},
"put": {{ "x-zuplo-route": {{
  "handler": {{ "module": "$import(./modules/hello)", "export": "default" }},
  "polices": {{}} }} }},
"post": {{ "x-zuplo-route": {{ "policies": {{ "inbound": [
  "kesy",
  "out",
  "broken" ] }},
  "corsPolicy": "noen",
  "handler": {{ "module": "$import(@zuplo/runtime)",
    "export": "urlForwardHandlr",
    "options": {{ "baseUrl": "$env(X)" }} }} }} }},
"delete": {{ "x-zuplo-route": {{ "handler": {{ "module": "$import(@zuplo/runtime)", "export": "openApiSpecHandler",
    "options": {{ "openApiFilePath": "./config/rutes.oas.json" }} }} }} }},
"head": {{}} }}"#,
        route("")
    );
    check(
        &project(&text, POLICIES),
        &[
            "config/policies.json:8 error unsupported-policy",
            "config/routes.oas.json:4 error missing-module",
            "config/routes.oas.json:5 error unknown-field",
            "config/routes.oas.json:7 error unknown-policy",
            "config/routes.oas.json:8 error wrong-direction",
            "config/routes.oas.json:10 error unknown-cors-policy",
            "config/routes.oas.json:12 error unsupported-handler",
            "config/routes.oas.json:13 warning env-misplaced",
            "config/routes.oas.json:15 error unknown-document",
            "config/routes.oas.json:16 warning not-served",
        ],
    );
}

#[test]
fn two_routes_of_one_method_and_path_need_leave() {
    let paths = format!("\"/a\": {{ \"get\": {} }}", route(""));
    let twice = format!(
        "{}=== config/z.oas.json\n{{ \"openapi\": \"3.1.0\", \"paths\": {{ {paths} }} }}\n",
        project(&paths, "{}")
    );
    check(&twice, &["config/z.oas.json:1 error duplicate-route"]);
    let allowed = check(&format!("{twice}=== zuplo.jsonc\n{{ \"allowDuplicateRoutes\": true }}"), &[]);
    let ids: Vec<_> = allowed.project.unwrap().routes.iter().map(|route| route.id.to_string()).collect();
    assert_eq!(ids, ["GET /a", "GET /a (2)"]);
}

/// A project whose policies are code, with these in its lists and these files.
fn with_code(inbound: &str, outbound: &str, files: &[&str]) -> String {
    let policies = r#"{ "policies": [
  { "name": "own", "handler": { "module": "$import(./modules/own)", "export": "default", "options": { "a": ["$import(./modules/x)", "$env(SET)"] } } },
  { "name": "by", "handler": { "module": "$import(@zuplo/runtime)", "export": "RateLimitInboundPolicy", "options": {
    "rateLimitBy": "function", "requestsAllowed": 1,
    "identifier": { "module": "$import(./modules/by)", "export": "by" } } } },
  { "name": "all", "handler": { "module": "$import(@zuplo/runtime)", "export": "CompositeInboundPolicy", "options": { "policies": ["own", "by"] } } },
  { "name": "keys", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy", "options": {} } },
  { "name": "broken", "handler": { "module": "$import(@zuplo/runtime)", "export": "default" } },
  { "name": "around", "handler": { "module": "$import(@zuplo/runtime)", "export": "CompositeInboundPolicy", "options": { "policies": ["keys", "broken"] } } } ] }"#;
    let lists = format!(r#", "policies": {{ "inbound": [{inbound}], "outbound": [{outbound}] }}"#);
    let text = project(&format!("\"/a\": {{ \"get\": {} }}", route(&lists)), policies);
    let files = files.iter().map(|file| format!("=== {file}\nexport default 1\n"));
    format!("SET=s3cret\n{text}{}", files.collect::<String>())
}

/// The names of the instances and the exports; those that no route runs in brackets.
fn instances(project: &Project) -> (Vec<String>, Vec<String>) {
    let shown = |name: &str, unused: bool| if unused { format!("({name})") } else { name.to_owned() };
    let policies = project.policies.iter().map(|policy| shown(&policy.name, policy.unused));
    let exports =
        project.exports.iter().map(|named| shown(&format!("{:?} {}", named.role, named.export), named.unused));
    (policies.collect(), exports.collect())
}

const BROKEN: &str = "config/policies.json:8 warning unsupported-policy";
const AROUND: &str = "config/policies.json:9 warning policy-left-out";

#[test]
fn code_may_stand_in_both_lists_and_brings_what_only_code_can_name() {
    let loaded = check(
        &with_code(r#""own", "keys""#, r#""own""#, &["modules/own/index.ts", "modules/by.js"]),
        &[BROKEN, AROUND],
    );
    let project = loaded.project.unwrap();
    let route = &project.routes[0];
    assert_eq!((route.inbound[0].policy, route.inbound[0].stage), (route.outbound[0].policy, Stage::Inbound));
    assert!(route.authenticated, "by the key");
    let own = &project.policies[route.inbound[0].policy];
    let export = Export { path: "modules/own".to_owned(), name: "default".to_owned() };
    assert_eq!(own.implementation, Use::Module(export));
    assert_eq!(own.options, json!({ "a": ["$import(./modules/x)", "s3cret"] }), "its options are its own");
    let (policies, exports) = instances(&project);
    assert_eq!(policies, ["own", "keys", "(by)", "(all)"]);
    assert_eq!(exports, ["Policy modules/own#default", "(Function modules/by#by)"]);
    assert!(project.has_modules());
}

#[test]
fn code_alone_does_not_authenticate() {
    let loaded = check(&with_code(r#""own""#, "", &["modules/own.tsx", "modules/by.mjs"]), &[BROKEN, AROUND]);
    assert!(!loaded.project.unwrap().routes[0].authenticated);
}

#[test]
fn functions_that_options_name_are_linked_with_what_uses_them() {
    let loaded = check(&with_code(r#""all""#, "", &["modules/own.ts", "modules/by.ts"]), &[BROKEN, AROUND]);
    let project = loaded.project.unwrap();
    let (policies, exports) = instances(&project);
    assert_eq!(policies, ["own", "by", "all", "(keys)"]);
    assert_eq!(exports, ["Policy modules/own#default", "Function modules/by#by"]);
    let by = project.exports.iter().find(|named| named.role == ExportRole::Function).unwrap();
    assert_eq!((by.place.pointer.as_str(), by.place.line), ("/policies/1/handler/options/identifier", 5));
}

#[test]
fn a_module_that_is_missing_is_an_error_only_where_it_is_used() {
    let loaded = check(
        &with_code(r#""own", "by""#, "", &["modules/bye.ts", "modules/owm.ts"]),
        &["config/policies.json:2 error missing-module", "config/policies.json:5 error missing-module", BROKEN],
    );
    let helps: Vec<_> = loaded.diagnostics.iter().filter_map(|diagnostic| diagnostic.help.as_deref()).collect();
    assert_eq!(helps[..2], ["did you mean `./modules/owm`?", "did you mean `./modules/bye`?"]);

    let unused = ["config/policies.json:2 warning missing-module", "config/policies.json:5 warning missing-module"];
    let loaded = check(&with_code("", "", &[]), &[unused[0], unused[1], BROKEN]);
    let project = loaded.project.unwrap();
    assert!(project.policies.is_empty() && !project.has_modules(), "nothing can name what is not used");

    let runtime = with_code("", "", &["modules/zuplo.runtime.ts"]);
    let left_out = "config/policies.json:6 warning policy-left-out";
    let loaded = check(&runtime, &[unused[0], unused[1], left_out, BROKEN, AROUND]);
    assert_eq!(instances(&loaded.project.unwrap()).0, ["(keys)"], "its code may run what is whole");
}

#[test]
fn a_handler_may_be_code_with_whatever_options_it_takes() {
    let handler = |module: &str| {
        let paths = format!(
            r#""/a": {{ "get": {{ "x-zuplo-route": {{ "handler": {{ "module": "{module}", "export": "hello",
  "options": {{ "anything": ["$env(SET)", {{ "module": "$import(./modules/x)" }}] }} }} }} }} }}"#
        );
        format!("SET=s3cret\n{}=== modules/a/hello.ts\n\n", project(&paths, "{}"))
    };
    let loaded = check(&handler("$import(./modules/a/hello)"), &[]);
    let project = loaded.project.unwrap();
    let handler_of = &project.routes[0].handler;
    let export = Export { path: "modules/a/hello".to_owned(), name: "hello".to_owned() };
    assert_eq!(handler_of.implementation, Use::Module(export));
    assert_eq!(handler_of.options, json!({ "anything": ["s3cret", { "module": "$import(./modules/x)" }] }));
    assert_eq!(instances(&project).1, ["Handler modules/a/hello#hello"]);
    for module in ["$import(./modules/a/helo)", "$import(../outside)", "$import(@other/package)"] {
        check(&handler(module), &["config/routes.oas.json:2 error missing-module"]);
    }
}

#[test]
fn an_import_where_no_option_takes_a_function_is_no_text() {
    let policies = r#"{ "policies": [ { "name": "keys", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy",
    "options": { "secret": "$import(./modules/secret)" } } } ] }"#;
    let paths = format!("\"/a\": {{ \"get\": {} }}", route(r#", "policies": { "inbound": ["keys"] }"#));
    check(&project(&paths, policies), &["config/policies.json:2 error misplaced-import"]);
}

#[test]
fn the_runtime_module_is_found_and_a_second_one_is_told() {
    let base = project(&format!("\"/a\": {{ \"get\": {} }}", route("")), "{}");
    let runtime = |files: &[&str], expected: &[&str]| {
        let files: String = files.iter().map(|file| format!("=== modules/{file}\n\n")).collect();
        check(&format!("{base}{files}"), expected).project.unwrap().runtime_module.clone()
    };
    assert_eq!(runtime(&[], &[]), None);
    for name in
        ["zuplo.runtime.ts", "zuplo.runtime.tsx", "zuplo.runtime.js", "zuplo.runtime.mjs", "tollgate.runtime.ts"]
    {
        assert_eq!(runtime(&[name], &[]), Some(format!("modules/{name}")));
    }
    let both =
        runtime(&["zuplo.runtime.ts", "tollgate.runtime.js"], &["modules/zuplo.runtime.ts:0 warning two-runtimes"]);
    assert_eq!(both.as_deref(), Some("modules/tollgate.runtime.js"));
}

#[test]
fn variables_are_replaced_where_they_may_stand_and_said_where_they_are_unset() {
    let policies = r#"{ "policies": [
  { "name": "keys", "handler": { "module": "$import(@zuplo/runtime)", "export": "ApiKeyInboundPolicy", "options": {
    "secret": "$env(UNSET)",
    "list": ["$env(SET)", "$env(UNSET)", "a-$env(SET)-$env(UNSET)-$env(ZUPLO_ENVIRONMENT_NAME)"] } } },
  { "name": "$env(SET)", "handler": { "module": "$import(@zuplo/runtime)", "export": "default" } } ],
  "corsPolicies": [ { "name": "Web", "allowedOrigins": "$env(SET)", "maxAge": "$env(AGE)", "allowCredentials": true } ] }"#;
    let paths =
        format!("\"/a\": {{ \"get\": {} }}", route(r#", "policies": { "inbound": ["keys"] }, "corsPolicy": "wEB""#));
    let text = format!("SET=s3cret\nAGE=60\nZUPLO_OTHER=x\n{}=== .env\nSET=file\n", project(&paths, policies));
    let loaded = check(
        &text,
        &[
            ".env:0 warning reserved-name",
            "config/policies.json:3 warning env-unset",
            "config/policies.json:4 warning env-unset",
            "config/policies.json:4 warning env-unset",
            "config/policies.json:5 error env-misplaced",
            "config/policies.json:5 warning unsupported-policy",
        ],
    );
    let shown = loaded.diagnostics.to_text(&tollgate_spec::diagnostic::TextStyle::default());
    assert!(!shown.contains("s3cret"), "{shown}");

    let loaded = load(&text.replace(r#""name": "$env(SET)""#, r#""name": "other""#));
    let project = loaded.project.unwrap();
    assert_eq!(project.policies[0].options, json!({ "list": ["s3cret", null, "a-s3cret--production"] }));
    assert_eq!(project.cors[0].max_age, Some(60));
    assert_eq!(project.cors[0].allowed_origins.iter().collect::<Vec<_>>(), ["s3cret"]);
    assert_eq!(project.routes[0].cors, CorsChoice::Named(0));
    assert_eq!(project.environment["SET"], "s3cret");
    assert!(!project.environment.contains_key("ZUPLO_OTHER"));
    for name in ["TYPE", "STAGE", "NAME"] {
        assert!(project.environment.contains_key(&format!("ZUPLO_ENVIRONMENT_{name}")));
    }
    let id = &project.environment["ZUPLO_BUILD_ID"];
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
}

#[test]
fn a_secret_never_shows_in_what_is_said_of_the_option_that_holds_it() {
    let policies = r#"{ "policies": [ { "name": "limit", "handler": { "module": "$import(@zuplo/runtime)", "export": "RateLimitInboundPolicy",
    "options": { "rateLimitBy": "ip", "requestsAllowed": "$env(SET)" } } } ] }"#;
    let paths = format!("\"/a\": {{ \"get\": {} }}", route(r#", "policies": { "inbound": ["limit"] }"#));
    let loaded =
        check(&format!("SET=s3cret\n{}", project(&paths, policies)), &["config/policies.json:2 error wrong-type"]);
    assert!(!loaded.diagnostics.to_text(&tollgate_spec::diagnostic::TextStyle::default()).contains("s3cret"));
}

#[test]
fn before_2025_02_06_a_pattern_in_a_path_is_a_pattern() {
    let paths = format!(
        "\"/files/{{name}}/(.*)\": {{ \"get\": {} }}, \"/plain/{{id}}\": {{ \"get\": {} }}",
        route(""),
        route("")
    );
    let text = project(&paths, "{}");
    let templates = |date: &str| {
        let loaded = load(&format!("{text}=== zuplo.jsonc\n{{ \"compatibilityDate\": \"{date}\" }}"));
        let project = loaded.project.unwrap();
        project.routes.iter().map(|route| (route.template.text.to_string(), route.template.mode)).collect::<Vec<_>>()
    };
    let plain = ("/plain/{id}".to_owned(), PathMode::OpenApi);
    assert_eq!(templates("2024-09-02"), [("/files/{:name}/(.*)".to_owned(), PathMode::UrlPattern), plain.clone()]);
    assert_eq!(templates("2025-02-06"), [("/files/{name}/(.*)".to_owned(), PathMode::OpenApi), plain]);
}

#[test]
fn what_is_misspelt_in_the_projects_own_files_is_said() {
    let text = format!(
        "{}=== zuplo.jsonc\n{{\n \"compatibilityDat\": \"2025-02-06\",\n \"version\": 2, \"somethingElse\": 1,\n \"allowDuplicateRoutes\": 1 }}\n=== tollgate.yaml\npolicies: {{}}\nserver: {{ listen: '127.0.0.1:1' }}\n=== local-config/api-keys.json\n{{}}",
        project(&format!("\"/a\": {{ \"get\": {} }}", route("")), r#"{ "policis": [] }"#)
    );
    check(
        &text,
        &[
            "config/policies.json:1 error unknown-field",
            "local-config/api-keys.json:0 warning not-read",
            "tollgate.yaml:1 warning other-form",
            "zuplo.jsonc:2 error unknown-field",
            "zuplo.jsonc:3 error wrong-value",
            "zuplo.jsonc:3 warning unknown-field",
            "zuplo.jsonc:4 error wrong-type",
        ],
    );
}

#[test]
fn a_composite_that_runs_itself_is_refused() {
    let policies = r#"{ "policies": [
  { "name": "a", "handler": { "module": "$import(@zuplo/runtime)", "export": "CompositeInboundPolicy", "options": { "policies": ["b"] } } },
  { "name": "b", "handler": { "module": "$import(@zuplo/runtime)", "export": "CompositeInboundPolicy", "options": { "policies": ["a", "nobody"] } } } ] }"#;
    let paths = format!("\"/a\": {{ \"get\": {} }}", route(r#", "policies": { "inbound": ["a"] }"#));
    check(
        &project(&paths, policies),
        &["config/policies.json:3 error policy-cycle", "config/policies.json:3 error unknown-policy"],
    );
}

#[test]
fn a_project_that_signs_on_every_address_must_say_its_url() {
    let policies = r#"{ "policies": [ { "name": "sign", "handler": { "module": "$import(@zuplo/runtime)", "export": "UpstreamZuploJwtAuthInboundPolicy" } } ] }"#;
    let paths = |used: &str| {
        format!("\"/a\": {{ \"get\": {} }}", route(&format!(r#", "policies": {{ "inbound": [{used}] }}"#)))
    };
    let server = "=== tollgate.yaml\nserver: { listen: '0.0.0.0:80' }\n";
    let signing = project(&paths(r#""sign""#), policies);
    check(&format!("{signing}{server}"), &["tollgate.yaml:1 error public-url-needed"]);
    check(&format!("{signing}{server}publicUrl: https://api.example.com\n"), &[]);
    check(&signing, &[]);
    check(&format!("{}{server}", project(&paths(""), policies)), &[]);
}
