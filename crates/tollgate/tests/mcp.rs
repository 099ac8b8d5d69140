//! MCP servers of whole projects, asked by the official client: both forms, keys, code, faults.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};
use support::{Gateway, SOON, World};
use tollgate_testkit::{CapturingUpstream, client};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What came of each step, by the official client.
async fn asked(gateway: &Gateway, path: &str, token: &str, steps: Value) -> Vec<Value> {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "the official client needs its Python environment: run `make python` first");
    let talk = tokio::process::Command::new(python)
        .arg(root().join("crates/tollgate/tests/python/mcp_client.py"))
        .args([&format!("{}{path}", gateway.url), token, &steps.to_string()])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(SOON, talk).await.expect("the client ends").unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}\n{}", gateway.child.output());
    out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// Notes behind keys, and a server of them: one that asks for a key itself, and one that is public.
fn notes(upstream: &str) -> String {
    format!(
        r#"openapi: 3.1.0
info: {{ title: Notes, version: 1.2.0 }}
x-tollgate:
  upstream: {upstream}
  auth: api-key
paths:
  /notes/{{id}}:
    get:
      operationId: readNote
      description: Reads a note.
      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
      responses: {{ "200": {{ description: ok }} }}
  /open:
    get:
      operationId: open
      x-tollgate: {{ auth: public }}
      responses: {{ "200": {{ description: ok }} }}
  /limited:
    get:
      operationId: limited
      x-tollgate: {{ limit: 1/h }}
      responses: {{ "200": {{ description: ok }} }}
  /mcp:
    post:
      operationId: server
      x-tollgate: {{ handler: {{ mcp-server: &offer {{ operations: [{{ id: readNote }}, {{ id: open }}, {{ id: limited }}] }} }} }}
      responses: {{ "200": {{ description: ok }} }}
  /public-mcp:
    post:
      operationId: publicServer
      x-tollgate: {{ auth: public, handler: {{ mcp-server: *offer }} }}
      responses: {{ "200": {{ description: ok }} }}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_behind_a_key_is_called_with_the_callers() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("openapi.yaml", &notes(&upstream.url()));
    let key = world.key("acme").await["key"].as_str().unwrap().to_owned();
    let gateway = world.start(&["run"]).await;

    for path in ["/mcp", "/public-mcp"] {
        let steps = json!([["info"], ["ping"], ["tools"], ["call", "readNote", { "pathParams": { "id": "a b" } }], ["call", "open", {}]]);
        let [info, ping, tools, read, open] = <[Value; 5]>::try_from(asked(&gateway, path, &key, steps).await).unwrap();
        assert_eq!(
            (&info["server"], &info["revision"]),
            (&json!({ "name": "Notes", "version": "1.2.0" }), &json!("2025-06-18"))
        );
        assert_eq!((&ping, tools["tools"].as_array().unwrap().len()), (&json!({}), 3));
        assert_eq!((text(&read), &read["isError"]), ("ok", &json!(false)), "{path}");
        assert_eq!(text(&open), "ok");
        let seen = upstream.seen();
        let [noted, opened] = &seen[seen.len() - 2..] else { panic!("{seen:?}") };
        assert_eq!(noted.target, "/notes/a%20b");
        let token = noted.header("authorization").unwrap();
        assert!(
            token.starts_with("Bearer ey") && !token.contains(&key),
            "the upstream gets the gateway's token: {token}"
        );
        // What the server has checked and taken away is for those who check it again, and for nobody else.
        let expected = (path == "/public-mcp").then(|| format!("Bearer {key}"));
        assert_eq!(opened.header("authorization"), expected.as_deref(), "{path}");
    }

    let limited = asked(&gateway, "/mcp", &key, json!([["call", "limited", {}], ["call", "limited", {}]])).await;
    assert_eq!(limited[0]["isError"], false);
    assert!(limited[1]["isError"] == true && text(&limited[1]).starts_with("HTTP 429 "), "{}", limited[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_key_gets_no_further_than_with_any_other_request() {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::empty();
    world.write("openapi.yaml", &notes(&upstream.url()));
    world.write("tollgate.yaml", "failedAuthLimit: 3/h\n");
    let gateway = world.start(&["run"]).await;
    let message = |name: &str| {
        let arguments = json!({ "pathParams": { "id": "1" } });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name, "arguments": arguments } })
    };
    let send = async |path: &str, headers: &[(&str, &str)], body: Value| {
        client::send(Method::POST, &format!("{}{path}", gateway.url), headers, body.to_string()).await.unwrap()
    };
    assert_eq!(send("/mcp", &[], message("readNote")).await.status, 401);
    let answer = send("/public-mcp", &[], message("readNote")).await.json();
    assert!(answer["result"]["isError"] == true && text(&answer["result"]).starts_with("HTTP 401 "), "{answer}");

    // Guesses within a batch count one by one.
    let guess = [("authorization", "Bearer tk_live_wrong")];
    let batch = Value::Array(vec![message("readNote"); 3]);
    let answers = send("/public-mcp", &guess, batch).await.json();
    assert!(answers.as_array().unwrap().iter().all(|answer| answer["result"]["isError"] == true), "{answers}");
    assert_eq!(send("/public-mcp", &guess, message("readNote")).await.status, 429);
    assert!(upstream.seen().is_empty());
}

const MODULE: &str = r#"
import { ZuploContext, ZuploMcpSdk, ZuploRequest } from "@zuplo/runtime";

export async function sum(request: ZuploRequest, context: ZuploContext) {
  const { a, b } = await request.json();
  const sdk = new ZuploMcpSdk(context);
  const call = sdk.getRawCallToolRequest();
  if (call === undefined) return { sum: a + b };
  const inner = await context.invokeRoute("/name");
  sdk.setRawCallToolResult({
    content: [{ type: "text", text: `${call.params.name} by ${await inner.json()}` }],
    structuredContent: { sum: a + b },
    _meta: { shown: true },
  });
  return { sum: a + b };
}

export const name = (_: ZuploRequest, context: ZuploContext) =>
  new ZuploMcpSdk(context).getRawCallToolRequest() === undefined ? "nobody's tool" : "a tool";

export const greet = async (request: ZuploRequest) => {
  const { whom } = await request.json();
  return { messages: [{ role: "user", content: { type: "text", text: `Greet ${whom}.` } }] };
};

export const page = () => "<p>hello</p>";

export const round = (_: ZuploRequest, context: ZuploContext) =>
  context.invokeRoute("/mcp", {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "round", arguments: {} } }),
  });
"#;

/// A project of that form: code as tool, prompt and resource, and the older ways to say so.
fn scripted(world: &World, options: &Value) {
    let code = |id: &str, export: &str, mcp: Value, more: Value| {
        let mut operation = json!({ "operationId": id, "x-zuplo-route": {
            "corsPolicy": "none", "handler": { "module": "$import(./modules/code)", "export": export },
        } });
        if !mcp.is_null() {
            operation["x-zuplo-route"]["mcp"] = mcp;
        }
        operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        operation
    };
    let body = |schema: Value| json!({ "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } } });
    let numbers = json!({ "type": "object", "required": ["a", "b"], "properties": { "a": { "type": "number" }, "b": { "type": "number" } } });
    let whom = json!({ "type": "object", "properties": { "whom": { "type": "string", "description": "Whom." } }, "required": ["whom"] });
    let routes = json!({ "openapi": "3.1.0", "info": { "title": "Code", "version": "1" }, "paths": {
        "/sum": { "post": code("sum", "sum", json!({ "type": "tool", "name": "add_up", "_meta": { "ui": 1 } }), body(numbers)) },
        "/name": { "get": code("name", "name", Value::Null, json!({})) },
        "/greet": { "post": code("greet", "greet", Value::Null, { let mut more = body(whom); more["x-zuplo-mcp-prompt"] = json!({ "name": "greeting" }); more }) },
        "/page": { "get": code("page", "page", json!({ "type": "resource", "uri": "ui://page", "mimeType": "text/html" }), json!({})) },
        "/round": { "post": code("round", "round", Value::Null, json!({})) },
    } });
    let server = json!({ "openapi": "3.1.0", "info": { "title": "Server", "version": "1" }, "paths": { "/mcp": { "post": {
        "operationId": "server",
        "x-zuplo-route": { "corsPolicy": "none", "handler": { "module": "$import(@zuplo/runtime)", "export": "mcpServerHandler", "options": options } },
    } } } });
    world.write("modules/code.ts", MODULE);
    world.write("config/routes.oas.json", &routes.to_string());
    world.write("config/server.oas.json", &server.to_string());
    world.write("config/policies.json", "{\"policies\":[]}");
    world.write("zuplo.jsonc", "{ \"version\": 1, \"compatibilityDate\": \"2025-02-06\" }");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_is_a_tool_a_prompt_and_a_resource() {
    let world = World::empty();
    let operations: Vec<Value> = ["sum", "greet", "page", "round"]
        .iter()
        .map(|id| json!({ "file": "./config/routes.oas.json", "id": id }))
        .collect();
    scripted(&world, &json!({ "name": "Code", "version": "3", "operations": operations }));
    let gateway = world.start(&["run", "."]).await;
    let steps = json!([
        ["tools"], ["call", "add_up", { "body": { "a": 1, "b": 2 } }], ["call", "add_up", { "body": { "a": "x" } }],
        ["prompts"], ["prompt", "greeting", { "whom": "Ada" }], ["prompt", "greeting", {}],
        ["resources"], ["templates"], ["read", "ui://page"], ["read", "ui://nothing"],
        ["call", "round", {}],
    ]);
    let results = asked(&gateway, "/mcp", "", steps).await;
    assert_eq!(
        (&results[0]["tools"][0]["name"], &results[0]["tools"][0]["_meta"]),
        (&json!("add_up"), &json!({ "ui": 1 }))
    );
    assert_eq!(text(&results[1]), "add_up by nobody's tool");
    assert_eq!(
        (&results[1]["structuredContent"], &results[1]["_meta"]),
        (&json!({ "sum": 3 }), &json!({ "shown": true }))
    );
    assert_eq!(results[2]["error"]["code"], -32602);
    assert_eq!(
        results[3]["prompts"][0]["arguments"],
        json!([{ "name": "whom", "description": "Whom.", "required": true }])
    );
    assert_eq!(results[4]["messages"][0]["content"]["text"], "Greet Ada.");
    assert_eq!(results[5]["error"]["code"], -32602);
    assert_eq!(results[6]["resources"][0]["uri"], "ui://page");
    assert_eq!(results[7]["resourceTemplates"], json!([]));
    assert_eq!(results[8]["contents"][0]["text"], "<p>hello</p>");
    assert_eq!(results[9]["error"]["code"], -32002);
    // Each round goes one deeper, until the gateway follows no further.
    assert!(text(&results[10]).contains("without end"), "{}", results[10]);

    let direct = format!("{}/sum", gateway.url);
    let direct = client::send(Method::POST, &direct, &[], json!({ "a": 1, "b": 2 }).to_string()).await.unwrap();
    assert_eq!(direct.json(), json!({ "sum": 3 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_a_tool_runs_within_that_of_the_server() {
    let world = World::empty();
    let code = |name: &str, export: &str| json!({ "name": name, "policyType": "custom-code", "handler": { "module": "$import(./modules/chain)", "export": export } });
    let route = |id: &str, handler: Value, inbound: &str, outbound: &str| {
        json!({ "operationId": id, "x-zuplo-route": {
            "corsPolicy": "none", "handler": handler, "policies": { "inbound": [inbound], "outbound": [outbound] },
        } })
    };
    let server = json!({ "module": "$import(@zuplo/runtime)", "export": "mcpServerHandler",
        "options": { "operations": [{ "file": "config/routes.oas.json", "id": "tool" }] } });
    let tool = json!({ "module": "$import(./modules/chain)", "export": "tool" });
    let routes = json!({ "openapi": "3.1.0", "info": { "title": "Chains", "version": "1" }, "paths": {
        "/tool": { "get": route("tool", tool, "tool-in", "tool-out") },
        "/mcp": { "post": route("server", server, "server-in", "server-out") },
    } });
    world.write(
        "modules/chain.ts",
        r#"
import { ZuploMcpSdk } from "@zuplo/runtime";
const order: string[] = [];
export const serverIn = (request: any) => { order.length = 0; order.push("server in"); return request; };
export const toolIn = (request: any) => { order.push("tool in"); return request; };
export const tool = () => { order.push("tool"); return { from: "tool" }; };
export const toolOut = (response: any, _: any, context: any) => {
  order.push("tool out");
  new ZuploMcpSdk(context).setRawCallToolResult({ _meta: { by: "an outbound policy" } });
  return response;
};
export const serverOut = async (response: any) => {
  order.push("server out");
  const message = await response.json();
  return new Response(JSON.stringify({ ...message, order }), response);
};
"#,
    );
    let policies = [
        code("server-in", "serverIn"),
        code("tool-in", "toolIn"),
        code("tool-out", "toolOut"),
        code("server-out", "serverOut"),
    ];
    world.write("config/routes.oas.json", &routes.to_string());
    world.write("config/policies.json", &json!({ "policies": policies }).to_string());
    world.write("zuplo.jsonc", "{ \"version\": 1, \"compatibilityDate\": \"2025-02-06\" }");
    world.write("tollgate.yaml", "scripts: { threads: 1 }\n");
    let gateway = world.start(&["run", "."]).await;
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "tool" } });
    let url = format!("{}/mcp", gateway.url);
    let answer = client::send(Method::POST, &url, &[], message.to_string()).await.unwrap().json();
    assert_eq!(answer["order"], json!(["server in", "tool in", "tool", "tool out", "server out"]), "{answer}");
    assert_eq!(text(&answer["result"]), "{\"from\":\"tool\"}");
    assert_eq!(answer["result"]["_meta"], json!({ "by": "an outbound policy" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_ways_to_say_what_is_offered_are_read() {
    let world = World::empty();
    let path = "./config/routes.oas.json";
    for (options, tools) in [
        (json!({ "openApiFilePaths": [{ "filePath": path }] }), json!(["add_up", "name", "round"])),
        (
            json!({ "files": [{ "path": path, "operationIds": ["sum"] }], "resources": [{ "path": path, "operationIds": ["name"] }] }),
            json!(["add_up"]),
        ),
    ] {
        scripted(&world, &options);
        world.tollgate(&["check", "."]).await.good();
        let gateway = world.start(&["run", "."]).await;
        let results = asked(&gateway, "/mcp", "", json!([["info"], ["tools"], ["resources"]])).await;
        assert_eq!(results[0]["server"], json!({ "name": "Server", "version": "1" }));
        let names: Vec<&Value> = results[1]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        assert_eq!(json!(names), tools);
        let expected = if tools == json!(["add_up"]) { "mcp://resources/name" } else { "ui://page" };
        assert_eq!(results[2]["resources"][0]["uri"], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_server_is_shown_at_its_line() {
    let world = World::empty();
    let upstream = "http://127.0.0.1:1";
    world.write(
        "openapi.yaml",
        &notes(upstream).replace("{ id: open }", "{ id: opne }").replace("{ id: limited }", "{ id: readNote }"),
    );
    let ended = world.tollgate(&["check"]).await;
    assert_ne!(ended.code, 0);
    let said = ended.stdout + &ended.stderr;
    for words in ["has the id `opne`", "did you mean `open`?", "two tools are called `readNote`", "openapi.yaml:26:"] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let misplaced = notes(upstream).replace("  auth: api-key\n", "  auth: api-key\n  mcp: { type: tool }\n");
    world.write("openapi.yaml", &misplaced);
    let ended = world.tollgate(&["check"]).await;
    assert!((ended.stdout + &ended.stderr).contains("`mcp` is about one operation"));
    let misspelt = notes(upstream).replace("{ limit: 1/h }", "{ limit: 1/h, mcp: { typ: tool } }");
    world.write("openapi.yaml", &misspelt);
    let ended = world.tollgate(&["check"]).await;
    let said = ended.stdout + &ended.stderr;
    assert!(said.contains("did you mean `type`?"), "{said}");
}
