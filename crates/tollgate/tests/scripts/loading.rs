//! Modules on their way in: mistakes at their line, changes live at once.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::project::{Scripted, good};
use crate::support::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_module_is_live_in_well_under_a_second_and_a_broken_one_keeps_the_last() {
    let project = Scripted::new()
        .await
        .module(
            "hello.ts",
            "import { word } from \"./word\";\nexport default () => new Response(null, { status: word });\n",
        )
        .module("word.ts", "export const word: number = 201;\n")
        .handled("/", "get", ("hello", "default"), &[], &[]);
    let gateway = project.start_as(&["dev", "."]).await;
    assert_eq!(gateway.get("/", None).await.status, StatusCode::CREATED, "{}", gateway.child.output());
    project.world.write("modules/word.ts", "export const word: number = 202;\n");
    let took = gateway.until("/", None, StatusCode::ACCEPTED).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    project.world.write("modules/word.ts", "export const word: number = = 3;\n");
    gateway.child.wait_for_line("keeps serving", SOON).await.unwrap();
    assert!(gateway.child.output().contains("modules/word.ts:1"), "{}", gateway.child.output());
    assert_eq!(gateway.get("/", None).await.status, StatusCode::ACCEPTED);
    project.world.write("modules/word.ts", "export const word: number = 204;\n");
    gateway.until("/", None, StatusCode::NO_CONTENT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_modules_are_found_by_check_at_their_line() {
    let cases = [
        ("import { gone } from \"./gone\";\nexport default () => gone;\n", "modules/hello.ts:1:", "./gone"),
        ("export default () => 1;\nconst x: number = ;\n", "modules/hello.ts:2:", ""),
        ("export const other = () => 1;\n", "config/routes.oas.json", "exports no `default`"),
        (
            "const limits: any = undefined;\n\nexport default () => limits;\nlimits.read();\n",
            "modules/hello.ts:4:",
            "throws while the project is loaded",
        ),
        ("import stripe from \"stripe\";\nexport default () => stripe;\n", "modules/hello.ts:1:", "npm install stripe"),
    ];
    for (text, place, message) in cases {
        let project =
            Scripted::new().await.module("hello.ts", text).handled("/", "get", ("hello", "default"), &[], &[]);
        project.write();
        let ended = project.world.tollgate(&["check", "."]).await;
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, 1, "{text}: {printed}");
        assert!(printed.contains(place) && printed.contains(message), "{text}: {printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_project_names_modules_too() {
    let project = Scripted::new()
        .await
        .module(
            "policy.ts",
            r#"
import { ZuploContext, ZuploRequest } from "@tollgate/runtime";
import words from "./words.json";
export default (request: ZuploRequest, context: ZuploContext, options: { word: string }) => {
  const headers = new Headers(request.headers);
  headers.set("x-word", `${options.word} ${words.two}`);
  return new ZuploRequest(request, { headers });
};
export const answer = () => ({ native: true });
"#,
        )
        .module("words.json", r#"{ "two": "world" }"#);
    let document = format!(
        "openapi: 3.1.0\ninfo: {{ title: Test, version: 1.0.0 }}\nx-tollgate: {{ upstream: {}, auth: public }}\npaths:\n  /a:\n    get:\n      operationId: a\n      x-tollgate:\n        inbound:\n          - use: ./modules/policy.ts\n            options: {{ word: hello }}\n      responses: {{ \"200\": {{ description: ok }} }}\n  /b:\n    get:\n      operationId: b\n      x-tollgate: {{ handler: ./modules/policy.ts#answer }}\n      responses: {{ \"200\": {{ description: ok }} }}\n",
        project.upstream.url()
    );
    project.world.write("openapi.yaml", &document);
    let gateway = project.world.start(&["run", "."]).await;
    assert_eq!(gateway.get("/a", None).await.status, StatusCode::OK, "{}", gateway.child.output());
    assert_eq!(project.upstream.last().unwrap().header("x-word"), Some("hello world"));
    assert_eq!(gateway.get("/b", None).await.json(), json!({ "native": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_module_imports_of_the_runtime_by_name_is_what_others_find_in_all_of_it() {
    let project = Scripted::new()
        .await
        .module("named.ts", "export { HttpProblems, RateLimitInboundPolicy as Limit, ZoneCache, ZuploRequest, environment } from \"@zuplo/runtime\";\n")
        .module("whole.ts", "import * as all from \"@tollgate/runtime\";\nexport const found: Record<string, unknown> = all;\n")
        .module(
            "main.ts",
            r#"
import { ContextData } from "@tollgate/runtime";
import * as named from "./named";
import { found } from "./whole";
const computed: Promise<Record<string, unknown>> = import(["@zuplo", "runtime"].join("/"));
const literal: Promise<Record<string, unknown>> = import("@tollgate/runtime");
export default async (request: unknown) => {
  const { Limit, ...rest } = named;
  const mine: Record<string, unknown> = { ...rest, RateLimitInboundPolicy: Limit, ContextData };
  const different = Object.keys(mine).filter((name) => mine[name] !== found[name]);
  const all = Object.keys(found).length;
  return {
    different, enough: all > 150, names: Object.keys(named).length, is: request instanceof named.ZuploRequest,
    computed: Object.keys(await computed).length === all, literal: Object.keys(await literal).length === all,
  };
};
"#,
        )
        .handled("/", "get", ("main", "default"), &[], &[]);
    let gateway = project.start().await;
    let reply = gateway.get("/", None).await;
    let expected =
        json!({ "different": [], "enough": true, "names": 5, "is": true, "computed": true, "literal": true });
    assert_eq!(reply.json(), expected, "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_processor_time_of_each_policy_is_measured() {
    let project = Scripted::new()
        .await
        .module("work.ts", "export default (request: Request) => { let n = 0; for (let i = 0; i < 1e5; i++) n += i; return request; };\n")
        .policy("work", "work", "default", json!({}))
        .forwarded("/", "get", &["work"], &[]);
    let gateway = project.start().await;
    gateway.get("/", None).await;
    let token = project.world.read(".tollgate/management.token");
    let metrics = gateway.manage(http::Method::GET, "/metrics", token.trim(), "").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let line = text.lines().find(|line| line.starts_with("tollgate_policy_cpu_seconds_total{policy=\"work\"}"));
    let seconds: f64 = line.unwrap_or_else(|| panic!("{text}")).rsplit(' ').next().unwrap().parse().unwrap();
    assert!(seconds > 0.0 && seconds < 1.0, "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_find_the_projects_variables_in_process_env() {
    let project = Scripted::new()
        .await
        .module(
            "env.ts",
            "import { environment } from \"@zuplo/runtime\";\nexport default () => ({ own: process.env.WORD, same: environment.WORD, home: Object.keys(process.env).includes(\"PA\" + \"TH\") });\n",
        )
        .file(".env", "WORD=hello\n")
        .handled("/", "get", ("env", "default"), &[], &[]);
    let gateway = project.start().await;
    let reply = gateway.get("/", None).await;
    assert_eq!(reply.json(), json!({ "own": "hello", "same": "hello", "home": false }), "{}", gateway.child.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_of_sloppy_code_run_as_in_node() {
    let package = r#"var self = this;
var point = { x: 1, y: 2 };
with (point) { exports.sum = x + y; }
exports.mode = function mode(n) {
  if (n === 0) return [];
  total = 010;
  arguments[0] = 'changed';
  { function inner() { return this === globalThis; } }
  return [self === exports, typeof arguments.callee, total, n, inner(), delete Object.freeze({ a: 1 }).a].join();
};
exports.code = function code() {
  try { return eval("1"); } catch (error) { return error.name; }
};
exports.later = function later() { return import('./other.js').then(function (other) { return other.default; }); };
exports.fails = function fails() {

  throw new Error("it is at line 17");
};
"#;
    let handler = r#"
import old, { sum } from "old";

export default async () => ({ sum, mode: old.mode(1), code: old.code(), later: await old.later() });
export const fails = () => old.fails();
"#;
    let project = Scripted::new()
        .await
        .file("node_modules/old/index.js", package)
        .file("node_modules/old/other.js", "module.exports = typeof (function () { return this })();")
        .module("old.ts", handler)
        .handled("/", "get", ("old", "default"), &[], &[])
        .handled("/fails", "get", ("old", "fails"), &[], &[]);
    let gateway = project.start().await;
    let reply = gateway.get("/", None).await;
    let expected =
        json!({ "sum": 3, "mode": "true,function,8,changed,true,false", "code": "ReferenceError", "later": "object" });
    assert_eq!(good(&reply, &gateway), expected);
    assert_eq!(gateway.get("/fails", None).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    gateway.child.wait_for_line("node_modules/old/index.js:17", SOON).await.unwrap();
}
