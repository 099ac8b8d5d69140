//! MCP servers, by what goes over the wire.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use tollgate_core::mcp::{McpKind, McpOperation, NamedTool};
use tollgate_core::project::CorsChoice;
use tollgate_testkit::client::Reply;
use tollgate_testkit::{CapturingUpstream, Seen};

use crate::support::{App, DEADLINE, Draft};

const SERVER: &str = "POST /mcp";

/// A document of todos.
fn document() -> Value {
    let id = json!({ "name": "id", "in": "path", "schema": { "type": "integer" }, "description": "Which one." });
    let body = json!({ "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/New" } } } });
    let answer = |schema: Value| json!({ "200": { "content": { "application/json": { "schema": schema } } } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Todos", "version": "2.1" },
        "paths": {
            "/todos": {
                "parameters": [{ "name": "X-Tenant", "in": "header", "schema": { "type": "string" } }],
                "get": {
                    "operationId": "find", "summary": "Finds todos.",
                    "parameters": [
                        { "name": "tag", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } },
                        { "name": "limit", "in": "query", "required": true, "schema": { "type": "integer", "maximum": 9 } },
                        { "name": "Accept", "in": "header", "schema": {} },
                        { "name": "X-Forwarded-For", "in": "header", "schema": {} },
                        { "name": "X-Tollgate-Consumer", "in": "header", "schema": {} },
                    ],
                    "responses": answer(json!({ "type": "array", "items": { "$ref": "#/components/schemas/New" } })),
                },
                "post": { "operationId": "add", "requestBody": body, "responses": answer(json!({ "$ref": "#/components/schemas/New" })) },
            },
            "/todos/{id}": {
                "parameters": [id],
                "put": { "operationId": "change", "requestBody": body },
                "delete": { "operationId": "remove" },
            },
            "/users/{name}": { "get": { "operationId": "user" } },
            "/users/me": { "get": { "operationId": "me" } },
            "/anything": { "post": { "requestBody": { "content": { "multipart/form-data": {} } } } },
            "/mcp": { "post": { "operationId": "server", "description": "Be kind." } },
        },
        "components": { "schemas": { "New": {
            "type": "object", "required": ["id", "text"],
            "properties": { "id": { "type": "integer", "readOnly": true }, "text": { "type": "string", "minLength": 2 } },
        } } },
    })
}

/// Its routes, which go to an upstream, and a server of them.
fn draft(upstream: &CapturingUpstream, options: Value) -> Draft {
    let forward = json!({ "upstream": upstream.url() });
    let lines = [
        "GET /todos",
        "POST /todos",
        "PUT /todos/{id}",
        "DELETE /todos/{id}",
        "GET /users/{name}",
        "GET /users/me",
        "POST /anything",
    ];
    let draft = Draft::new().document(document());
    let draft = lines.into_iter().fold(draft, |draft, line| draft.route(line, "forward", forward.clone()));
    draft.route(SERVER, "mcp-server", options)
}

fn offering(ids: &[&str]) -> Value {
    let operations: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    json!({ "operations": operations })
}

/// An upstream that answers with what it was sent, as JSON.
async fn mirror() -> CapturingUpstream {
    CapturingUpstream::answering(|seen: &Seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        let seen = json!({ "asked": format!("{} {}", seen.method, seen.target), "body": body, "tenant": seen.header("x-tenant") });
        let mut response = Response::new(Bytes::from(seen.to_string()));
        response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
        response
    })
    .await
    .unwrap()
}

async fn say(app: &App, message: &Value) -> Reply {
    let headers = [("accept", "application/json, text/event-stream"), ("mcp-protocol-version", "2025-06-18")];
    app.send("POST", "/mcp", &headers, &message.to_string()).await
}

async fn ask(app: &App, method: &str, params: Value) -> Value {
    let reply = say(app, &json!({ "jsonrpc": "2.0", "id": "a-1", "method": method, "params": params })).await;
    let answer = reply.json();
    assert_eq!(
        (reply.status.as_u16(), &answer["jsonrpc"], &answer["id"]),
        (200, &json!("2.0"), &json!("a-1")),
        "{answer}"
    );
    answer
}

async fn call(app: &App, name: &str, arguments: Value) -> Value {
    ask(app, "tools/call", json!({ "name": name, "arguments": arguments })).await
}

/// The text of a result, as JSON, and whether it is an error.
fn told(answer: &Value) -> (Value, bool) {
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
    (serde_json::from_str(text).unwrap_or_else(|_| json!(text)), answer["result"]["isError"] == true)
}

#[tokio::test]
async fn a_client_is_introduced_to_the_server() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    for (wanted, spoken) in [
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-06-18"),
        ("3000-01-01", "2025-06-18"),
    ] {
        let answer =
            ask(&app, "initialize", json!({ "protocolVersion": wanted, "capabilities": {}, "clientInfo": {} })).await;
        assert_eq!(
            answer["result"],
            json!({
                "protocolVersion": spoken,
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "Todos", "version": "2.1" },
                "instructions": "Be kind.",
            })
        );
    }
    assert_eq!(ask(&app, "initialize", json!({})).await["error"]["code"], -32602);
    assert_eq!(ask(&app, "ping", json!({})).await["result"], json!({}));
    assert_eq!(ask(&app, "prompts/list", json!({})).await["result"], json!({ "prompts": [] }));
    assert_eq!(ask(&app, "resources/list", json!({})).await["result"], json!({ "resources": [] }));
    assert_eq!(ask(&app, "resources/templates/list", json!({})).await["result"], json!({ "resourceTemplates": [] }));
    assert_eq!(ask(&app, "tools/list", json!({ "cursor": "x" })).await["error"]["code"], -32602);
    assert_eq!(ask(&app, "logging/setLevel", json!({})).await["error"]["code"], -32601);
    let notified = say(&app, &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    assert_eq!((notified.status.as_u16(), notified.body.len()), (202, 0));
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_message_is_told_so() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    for (body, status, code, id) in [
        ("{bad", 400, -32700, Value::Null),
        ("", 400, -32700, Value::Null),
        ("7", 400, -32600, Value::Null),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400, -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":1}"#, 400, -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, 400, -32600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#, 200, -32602, json!(1)),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":[]}}"#,
            200,
            -32602,
            json!(1),
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:/y"}}"#, 200, -32002, json!(1)),
    ] {
        let reply = app.send("POST", "/mcp", &[], body).await;
        let answer = reply.json();
        assert_eq!(
            (reply.status.as_u16(), &answer["error"]["code"], &answer["id"]),
            (status, &json!(code), &id),
            "{body}: {answer}"
        );
    }
}

#[tokio::test]
async fn messages_come_in_batches_where_the_revision_has_them() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    let ping = |id: usize| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" });
    let send = async |batch: Value, version: &str| {
        app.send("POST", "/mcp", &[("mcp-protocol-version", version)], &batch.to_string()).await
    };
    let reply = send(json!([ping(1), note, ping(2), 3]), "2025-03-26").await;
    assert_eq!(reply.status, 200);
    let answers = reply.json();
    assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
    assert_eq!((&answers[1]["id"], &answers[2]["error"]["code"]), (&json!(2), &json!(-32600)));
    assert_eq!(send(json!([note]), "2025-03-26").await.status, 202);
    for (batch, version) in [
        (json!([ping(1)]), "2025-06-18"),
        (json!([]), "2025-03-26"),
        (json!([{ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {} }]), "2025-03-26"),
        (Value::Array((0..51).map(ping).collect()), "2025-03-26"),
    ] {
        let reply = send(batch, version).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["code"]), (400, &json!(-32600)));
    }
}

#[tokio::test]
async fn heads_that_the_protocol_does_not_know_are_refused() {
    let upstream = mirror().await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    for (name, value, status) in [
        ("accept", "text/html", 406),
        ("mcp-protocol-version", "1999-01-01", 400),
        ("origin", "https://elsewhere.example", 403),
        ("origin", "null", 403),
        ("x-any", "thing", 200),
    ] {
        assert_eq!(app.send("POST", "/mcp", &[(name, value)], ping).await.status, status, "{name}: {value}");
    }
    let events = app.send("POST", "/mcp", &[("accept", "text/event-stream")], ping).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert_eq!(&events.body[..], b"event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n");

    let mut open = draft(&upstream, offering(&["find"]));
    let last = open.project.routes.pop().unwrap();
    let mut last = std::sync::Arc::into_inner(last).unwrap();
    last.cors = CorsChoice::AnythingGoes;
    open.project.routes.push(std::sync::Arc::new(last));
    app.apply(open);
    let page = app.send("POST", "/mcp", &[("origin", "https://elsewhere.example")], ping).await;
    assert_eq!((page.status.as_u16(), page.header("access-control-allow-origin")), (200, "https://elsewhere.example"));
}

#[tokio::test]
async fn there_is_no_stream_to_listen_to_in_either_form_of_a_project() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    for form in ["native", "zuplo"] {
        if form == "zuplo" {
            app.apply(draft(&upstream, offering(&["find"])).zuplo());
        }
        for method in ["GET", "DELETE"] {
            let reply = app.send(method, "/mcp", &[], "").await;
            assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"), "{form} {method}");
        }
    }
    assert_eq!(app.send("DELETE", "/todos", &[], "").await.status, 404, "other routes stay as the form has them");
}

#[tokio::test]
async fn tools_are_told_with_schemas_that_stand_alone() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find", "add", "change", "user"]))).await;
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    let new = json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 2 } } });
    assert_eq!(
        tools[0],
        json!({ "name": "find", "description": "Finds todos.", "inputSchema": {
            "type": "object",
            "properties": {
                "queryParams": { "type": "object", "properties": {
                    "tag": { "type": "array", "items": { "type": "string" } },
                    "limit": { "type": "integer", "maximum": 9 },
                }, "required": ["limit"], "additionalProperties": false },
                "headers": { "type": "object", "properties": { "X-Tenant": { "type": "string" } }, "additionalProperties": false },
            },
            "required": ["queryParams"], "additionalProperties": false,
        } })
    );
    assert_eq!(tools[2]["inputSchema"]["properties"]["body"], new);
    let id = json!({ "type": "integer", "description": "Which one." });
    assert_eq!(tools[2]["inputSchema"]["properties"]["pathParams"]["properties"]["id"], id);
    assert_eq!(tools[3]["inputSchema"]["properties"]["pathParams"]["properties"]["name"], json!({ "type": "string" }));
    assert_eq!(tools[3]["description"], "Calls /users/{name}");

    let mut options = offering(&["find", "change"]);
    options["toolInputStyle"] = json!("flat");
    app.apply(draft(&upstream, options));
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    assert_eq!(
        tools[1]["inputSchema"],
        json!({ "type": "object", "properties": { "id": id, "text": { "type": "string", "minLength": 2 } },
            "required": ["id", "text"], "additionalProperties": false })
    );
}

#[tokio::test]
async fn arguments_reach_the_operation_as_it_takes_them() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find", "change"]))).await;
    let arguments = json!({ "queryParams": { "tag": ["a b", "c&d"], "limit": 3 }, "headers": { "X-Tenant": "acme" } });
    let (seen, failed) = told(&call(&app, "find", arguments).await);
    assert_eq!(seen, json!({ "asked": "GET /todos?tag=a%20b&tag=c%26d&limit=3", "body": "", "tenant": "acme" }));
    assert!(!failed);
    let arguments = json!({ "pathParams": { "id": 7 }, "body": { "text": "new" } });
    let (seen, _) = told(&call(&app, "change", arguments).await);
    assert_eq!(seen, json!({ "asked": "PUT /todos/7", "body": "{\"text\":\"new\"}", "tenant": null }));
    assert_eq!(upstream.last().unwrap().header("content-type"), Some("application/json"));

    let mut options = offering(&["find", "change"]);
    options["toolInputStyle"] = json!("flat");
    app.apply(draft(&upstream, options));
    let (seen, _) = told(&call(&app, "change", json!({ "id": 8, "text": "flat" })).await);
    assert_eq!(seen, json!({ "asked": "PUT /todos/8", "body": "{\"text\":\"flat\"}", "tenant": null }));
}

#[tokio::test]
async fn arguments_that_do_not_fit_never_reach_the_operation() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find", "change", "user"]))).await;
    for (tool, arguments, words) in [
        ("find", json!({}), "must have required property 'queryParams'"),
        ("find", json!({ "queryParams": { "limit": 10 } }), "/queryParams/limit must be <= 9"),
        (
            "find",
            json!({ "queryParams": { "limit": 1 }, "headers": { "Accept": "x" } }),
            "must NOT have additional properties: 'Accept'",
        ),
        (
            "find",
            json!({ "queryParams": { "limit": 1 }, "headers": { "X-Tenant": "a\r\nb: c" } }),
            "holds what no header field can",
        ),
        (
            "change",
            json!({ "pathParams": { "id": "x" }, "body": { "text": "a" } }),
            "/body/text must NOT have fewer than 2 characters",
        ),
        ("change", json!({ "pathParams": { "id": "x" }, "body": { "text": "a" } }), "/pathParams/id must be integer"),
        ("user", json!({ "pathParams": { "name": ".." } }), "consists of dots"),
        ("user", json!({ "pathParams": { "name": "" } }), "it is empty"),
    ] {
        let answer = call(&app, tool, arguments).await;
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(answer["error"]["code"] == -32602 && message.contains(words), "{message}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_argument_never_leads_to_another_operation() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["user"]))).await;
    for name in ["me", "../mcp", "%6d%65", "x/../me"] {
        let answer = call(&app, "user", json!({ "pathParams": { "name": name } })).await;
        let seen: Vec<String> = upstream.seen().into_iter().map(|seen| seen.target).collect();
        assert!(!seen.iter().any(|target| target == "/users/me"), "{name}: {seen:?}");
        if name == "me" {
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
        }
    }
    let (seen, _) = told(&call(&app, "user", json!({ "pathParams": { "name": "a/b" } })).await);
    assert_eq!(seen["asked"], "GET /users/a%2Fb");
}

#[tokio::test]
async fn answers_become_results_of_their_kind() {
    let upstream = CapturingUpstream::answering(|seen: &Seen| {
        let (status, kind, body): (u16, &str, &'static [u8]) = match seen.target.as_str() {
            "/users/png" => (200, "image/png", b"\x89PNG"),
            "/users/bytes" => (200, "application/octet-stream", b"\xff\xfe"),
            "/users/nothing" => (204, "", b""),
            "/users/away" => (302, "text/plain", b"elsewhere"),
            "/users/broken" => (500, "application/json", b"{\"why\":1}"),
            "/users/list" => (200, "application/json", b"[1,2]"),
            _ => (200, "application/json; charset=utf-8", b"{\"a\":1}"),
        };
        let mut response = Response::new(Bytes::from_static(body));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        if !kind.is_empty() {
            response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
        }
        response
    })
    .await
    .unwrap();
    let mut options = offering(&["user"]);
    options["includeStructuredContent"] = json!(true);
    let app = App::start(draft(&upstream, options)).await;
    for (name, expected) in [
        (
            "plain",
            json!({ "content": [{ "type": "text", "text": "{\"a\":1}" }], "structuredContent": { "a": 1 }, "isError": false }),
        ),
        (
            "list",
            json!({ "content": [{ "type": "text", "text": "[1,2]" }], "structuredContent": { "result": [1, 2] }, "isError": false }),
        ),
        (
            "png",
            json!({ "content": [{ "type": "image", "data": "iVBORw==", "mimeType": "image/png" }], "isError": false }),
        ),
        (
            "bytes",
            json!({ "content": [{ "type": "resource", "resource": { "uri": "mcp://tools/user", "mimeType": "application/octet-stream", "blob": "//4=" } }], "isError": false }),
        ),
        ("nothing", json!({ "content": [{ "type": "text", "text": "204 No Content" }], "isError": false })),
        ("away", json!({ "content": [{ "type": "text", "text": "HTTP 302 Found\nelsewhere" }], "isError": true })),
        (
            "broken",
            json!({ "content": [{ "type": "text", "text": "HTTP 500 Internal Server Error\n{\"why\":1}" }], "isError": true }),
        ),
    ] {
        let answer = call(&app, "user", json!({ "pathParams": { "name": name } })).await;
        assert_eq!(answer["result"], expected, "{name}");
    }
}

#[tokio::test]
async fn a_tool_that_tells_its_output_keeps_its_word() {
    let upstream = mirror().await;
    let mut options = offering(&["find", "add"]);
    options["includeOutputSchema"] = json!(true);
    let app = App::start(draft(&upstream, options)).await;
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    assert_eq!(tools[0]["outputSchema"]["properties"]["result"]["type"], "array");
    assert_eq!(tools[1]["outputSchema"]["required"], json!(["id", "text"]));
    let found = call(&app, "find", json!({ "queryParams": { "limit": 1 } })).await;
    assert_eq!(found["result"]["structuredContent"]["result"]["asked"], "GET /todos?limit=1");
    let added = call(&app, "add", json!({ "body": { "text": "ab" } })).await;
    assert_eq!(added["result"]["structuredContent"]["asked"], "POST /todos");
}

#[tokio::test]
async fn a_message_brings_its_caller_along_and_nothing_of_itself() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["find"]))).await;
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "find", "arguments": { "queryParams": { "limit": 1 } } } });
    let headers = [
        ("authorization", "Bearer mine"),
        ("cookie", "a=b"),
        ("x-tenant", "smuggled"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("content-type", "application/json"),
        ("if-none-match", "*"),
        ("mcp-protocol-version", "2025-06-18"),
    ];
    assert_eq!(app.send("POST", "/mcp", &headers, &message.to_string()).await.status, 200);
    let seen = upstream.last().unwrap();
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (Some("Bearer mine"), Some("a=b")));
    for name in ["x-tenant", "content-type", "if-none-match", "mcp-protocol-version"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn what_is_too_long_or_takes_too_long_ends() {
    let upstream = CapturingUpstream::answering(|seen: &Seen| {
        Response::new(Bytes::from(if seen.target.contains("long") { "x".repeat(4000) } else { "ok".to_owned() }))
    })
    .await
    .unwrap();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stalled = json!({ "upstream": format!("http://{}", silent.local_addr().unwrap()) });
    let short =
        |draft: Draft| draft.settings(|settings| settings.server.limits.buffered_body = "1KiB".parse().unwrap());
    let app = App::start(short(draft(&upstream, offering(&["user"])))).await;
    let (text, failed) = told(&call(&app, "user", json!({ "pathParams": { "name": "long" } })).await);
    assert_eq!((text, failed), (json!("the answer is longer than 1024 bytes"), true));
    let long = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(2000) } });
    assert_eq!(say(&app, &long).await.status, 413);

    let mut slow = Draft::new().document(document());
    slow = slow.route_with("GET /users/{name}", "forward", stalled, |route| {
        route.timeouts.total = Some(Duration::from_millis(50));
    });
    app.apply(slow.route(SERVER, "mcp-server", offering(&["user"])));
    let (text, failed) = told(&call(&app, "user", json!({ "pathParams": { "name": "a" } })).await);
    let text = text.as_str().unwrap();
    assert!(failed && (text.starts_with("HTTP 504 ") || text == "the route did not answer in time"), "{text}");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_call_with_it() {
    use tokio::io::AsyncWriteExt;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stalled = json!({ "upstream": format!("http://{}", silent.local_addr().unwrap()) });
    let draft = Draft::new().document(document()).route("GET /users/{name}", "forward", stalled);
    let app = App::start(draft.route(SERVER, "mcp-server", offering(&["user"]))).await;
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "user", "arguments": { "pathParams": { "name": "a" } } } }).to_string();
    let mut client = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head = format!("POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{message}", message.len());
    client.write_all(head.as_bytes()).await.unwrap();
    let (mut upstream, _) = tokio::time::timeout(DEADLINE, silent.accept()).await.expect("the call").unwrap();
    drop(client);
    let mut rest = Vec::new();
    let ended = tokio::io::AsyncReadExt::read_to_end(&mut upstream, &mut rest);
    tokio::time::timeout(DEADLINE, ended).await.expect("the call ends with its client").unwrap();
}

#[tokio::test]
async fn every_mistake_is_told_at_its_place() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, json!({}))).await;
    let wrong = draft(
        &upstream,
        json!({
            "operations": [
                { "id": "fnid" },
                { "file": "other.yaml", "id": "find" },
                { "id": "find" },
                { "id": "find" },
                { "id": "server" },
            ],
            "resources": [{ "path": "./openapi.yaml", "operationIds": ["add", "user"] }],
            "prompts": [{ "path": "nowhere.json" }],
        }),
    );
    let issues = wrong.build(&app.gateway.services, &app.gateway.upstreams).unwrap_err();
    let told: Vec<(&str, &str)> =
        issues.iter().map(|issue| (issue.error.pointer.as_str(), issue.error.message.as_str())).collect();
    for (pointer, words) in [
        ("/operations/0/id", "no operation of openapi.yaml has the id `fnid`"),
        ("/operations/1/file", "`other.yaml` is no document of the project"),
        ("/operations/3/id", "two tools are called `find`"),
        ("/operations/4/id", "`server` is an MCP server"),
        ("/resources/0/operationIds/0", "a resource is read by GET"),
        ("/resources/0/operationIds/1", "its path has parameters"),
        ("/prompts/0/path", "`nowhere.json` is no document"),
    ] {
        assert!(told.iter().any(|(at, message)| *at == pointer && message.contains(words)), "{pointer}: {told:#?}");
    }
    assert_eq!(told.len(), 7, "{told:#?}");
    assert_eq!(issues[1].error.help.as_deref(), Some("the documents are: openapi.yaml"));
}

#[tokio::test]
async fn a_whole_document_is_offered_but_for_servers_and_what_no_arguments_can_be() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, json!({ "openApiFilePaths": [{ "filePath": "./openapi.yaml" }] }))).await;
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["find", "add", "change", "remove", "user", "me"]);
}

#[tokio::test]
async fn prompts_resources_and_graphql_are_what_they_are_said_to_be() {
    let document = json!({ "openapi": "3.1.0", "info": { "title": "T", "version": "1" }, "paths": {
        "/greet": { "post": { "operationId": "greet", "summary": "Greets.", "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string", "description": "Whom." }, "times": { "type": "integer" } },
        } } } } } },
        "/page": { "get": { "operationId": "page" } },
        "/logo": { "get": { "operationId": "logo" } },
        "/graphql": { "post": { "operationId": "api" } },
        "/mcp": { "post": { "operationId": "server" } },
    } });
    let upstream = CapturingUpstream::answering(|seen: &Seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let (kind, text) = match seen.target.as_str() {
            "/greet" if body["name"] == "nobody" => ("application/json", json!({ "no": "messages" }).to_string()),
            "/greet" => (
                "application/json",
                json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": body.to_string() } }] })
                    .to_string(),
            ),
            "/page" => ("application/json", json!("<p>hi</p>").to_string()),
            "/graphql" if body["query"] == "{ wrong }" => {
                ("application/json", json!({ "errors": [{ "message": "no" }] }).to_string())
            }
            _ => ("application/json", json!({ "data": body }).to_string()),
        };
        let mut response =
            Response::new(if seen.target == "/logo" { Bytes::from_static(b"\xff\xd8") } else { Bytes::from(text) });
        response.headers_mut().insert(
            "content-type",
            http::HeaderValue::from_static(if seen.target == "/logo" { "image/jpeg" } else { kind }),
        );
        response
    })
    .await
    .unwrap();
    let forward = json!({ "upstream": upstream.url() });
    let of = |kind, change: fn(&mut McpOperation)| {
        let mut operation = McpOperation::of(kind);
        change(&mut operation);
        move |route: &mut tollgate_core::Route| route.mcp = Some(std::sync::Arc::new(operation))
    };
    let draft = Draft::new()
        .document(document)
        .route_with("POST /greet", "forward", forward.clone(), of(McpKind::Prompt, |_| {}))
        .route_with(
            "GET /page",
            "forward",
            forward.clone(),
            of(McpKind::Resource, |page| {
                page.uri = Some("ui://page".to_owned());
                page.mime_type = Some("text/html".to_owned());
            }),
        )
        .route_with("GET /logo", "forward", forward.clone(), of(McpKind::Resource, |_| {}))
        .route_with(
            "POST /graphql",
            "forward",
            forward,
            of(McpKind::Graphql, |api| {
                api.execute_tool = Some(NamedTool { name: Some("query".to_owned()), description: None });
            }),
        )
        .route(SERVER, "mcp-server", offering(&["greet", "page", "logo", "api"]));
    let app = App::start(draft).await;

    let prompts = ask(&app, "prompts/list", json!({})).await;
    assert_eq!(
        prompts["result"]["prompts"],
        json!([{ "name": "greet", "description": "Greets.", "arguments": [
        { "name": "name", "description": "Whom.", "required": true }, { "name": "times", "required": false },
    ] }])
    );
    let get =
        async |arguments: Value| ask(&app, "prompts/get", json!({ "name": "greet", "arguments": arguments })).await;
    let greeting = get(json!({ "name": "Ada", "times": "2" })).await;
    assert_eq!(greeting["result"]["messages"][0]["content"]["text"], "{\"name\":\"Ada\",\"times\":2}");
    assert_eq!(get(json!({ "times": "2" })).await["error"]["code"], -32602);
    assert_eq!(get(json!({ "name": "Ada", "times": "x" })).await["error"]["code"], -32602);
    assert_eq!(get(json!({ "name": "nobody" })).await["error"]["code"], -32603);

    let resources = ask(&app, "resources/list", json!({})).await;
    assert_eq!(resources["result"]["resources"][1]["uri"], "mcp://resources/logo");
    let read =
        async |uri: &str| ask(&app, "resources/read", json!({ "uri": uri })).await["result"]["contents"][0].clone();
    assert_eq!(read("ui://page").await, json!({ "uri": "ui://page", "mimeType": "text/html", "text": "<p>hi</p>" }));
    assert_eq!(
        read("mcp://resources/logo").await,
        json!({ "uri": "mcp://resources/logo", "mimeType": "image/jpeg", "blob": "/9g=" })
    );

    let (schema, _) = told(&call(&app, "graphql_introspect", json!({})).await);
    assert!(schema["data"]["query"].as_str().unwrap().contains("__schema"));
    let (data, failed) = told(&call(&app, "query", json!({ "query": "{ a }", "variables": { "x": 1 } })).await);
    assert_eq!((data, failed), (json!({ "data": { "query": "{ a }", "variables": { "x": 1 } } }), false));
    assert!(told(&call(&app, "query", json!({ "query": "{ wrong }" })).await).1);
}

#[tokio::test]
async fn the_access_log_says_what_was_asked_for() {
    let upstream = mirror().await;
    let app = App::start(draft(&upstream, offering(&["user"]))).await;
    call(&app, "user", json!({ "pathParams": { "name": "secret" } })).await;
    let line = app.log.line().await;
    assert_eq!(line["fields"]["mcp"], json!({ "method": "tools/call", "name": "user" }), "{line}");
    assert!(!line.to_string().contains("secret"));
}
