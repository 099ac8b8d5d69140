//! `webSocketPipelineHandler`: code between a real client (`websockets`) and a real server (Tornado).

use http::StatusCode;
use serde_json::{Value, json};

use crate::project::Scripted;
use crate::support::{Gateway, SOON, World};
use crate::websocket::{Peer, root};

const MODULE: &str = r#"
import { ZuploContext, ZuploRequest } from "@zuplo/runtime";

type Data = string | ArrayBuffer;

export async function shout(data: Data, target: WebSocket, source: WebSocket, request: ZuploRequest, context: ZuploContext) {
  if (data === "secret") return undefined;
  if (data === "throw") throw new Error("not this one");
  if (data === "who") { source.send(`${request.params.room} ${context.requestId.length} ${request.headers.get("x-kind")} ${target.readyState}`); return undefined; }
  if (data === "spin") for (;;) {}
  if (typeof data !== "string") return new Uint8Array(data).map((byte) => byte + 1);
  // The next one overtakes nothing, however long this takes.
  await new Promise((resolve) => setTimeout(resolve, data === "slow" ? 50 : 0));
  return data === "close" || data === "abort" || data.startsWith("size") ? data : data.toUpperCase();
}

export const mark = (data: Data) => (typeof data === "string" && data.length < 200 ? `<${data}>` : data);
export const twice = (data: Data) => (typeof data === "string" && data.length < 200 ? data + data : data);

export async function greet(target: WebSocket, source: WebSocket, request: ZuploRequest, context: ZuploContext) {
  if (request.params.room === "closed") throw new Error("nobody may enter");
  if (request.params.room !== "greeted") return;
  await new Promise((resolve) => setTimeout(resolve, 20));
  source.send("welcome");
  target.send("first");
}

export const kind = (request: ZuploRequest) => {
  const next = new ZuploRequest(request);
  next.headers.set("x-kind", "staff");
  return next;
};
"#;

async fn project(peer: &Peer, settings: &str) -> (Scripted, Gateway) {
    let function = |name: &str| json!({ "module": "$import(./modules/messages)", "export": name });
    let handler = |export: &str, options: Value| json!({ "module": "$import(@zuplo/runtime)", "export": export, "options": options });
    let code = json!({
        "rewritePattern": format!("{}?room=${{params.room}}", peer.url("/echo")),
        "onOpen": function("greet"),
        "policies": { "inbound": [function("shout")], "outbound": [function("mark"), function("twice")] },
    });
    let plain = json!({ "rewritePattern": peer.url("/echo").replace("ws:", "http:") });
    let early = json!({ "rewritePattern": peer.url("/greeter"), "policies": { "outbound": [function("mark")] } });
    let project = Scripted::new()
        .await
        .module("messages.ts", MODULE)
        .policy("kind", "messages", "kind", json!({}))
        .file("tollgate.yaml", settings)
        .route("/rooms/{room}", "get", handler("webSocketPipelineHandler", code), &["kind"], &[])
        .route("/early", "get", handler("webSocketPipelineHandler", early), &[], &[])
        .route("/plain", "get", handler("webSocketHandler", plain), &[], &[]);
    let gateway = project.start().await;
    (project, gateway)
}

/// What a client hears that says this.
async fn talk(gateway: &Gateway, path: &str, steps: Value) -> Value {
    let url = format!("{}{path}", gateway.url.replace("http:", "ws:"));
    let script = root().join("crates/tollgate/tests/python/websocket_talk.py");
    let talk = tokio::process::Command::new(root().join("target/python/bin/python"))
        .arg(script)
        .args([url, steps.to_string()])
        .output();
    let output = tokio::time::timeout(SOON, talk).await.expect("it ends").unwrap();
    let shown = || format!("{}\n{}", String::from_utf8_lossy(&output.stderr), gateway.child.output());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown()))
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_through_the_functions_of_their_direction_in_their_order() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) = project(&peer, "").await;
    let steps = json!(["slow", "one", "secret", "throw", { "bytes": [1, 2] }, "who", { "hear": 4 }, { "close": [3005, "bye"] }]);
    let seen = talk(&gateway, "/rooms/7", steps).await;
    let mut heard = seen["heard"].as_array().unwrap().clone();
    let who = heard.iter().position(|heard| heard.as_str().is_some_and(|text| text.starts_with("7 "))).unwrap();
    assert_eq!(heard.remove(who), "7 36 staff 1");
    assert_eq!(heard, [json!("<SLOW><SLOW>"), json!("<ONE><ONE>"), json!({ "bytes": [2, 3] })]);
    assert_eq!(seen["protocol"], "chat");
    assert_eq!(seen["close"], json!([3005, "bye"]));
    assert_eq!(peer.left().await, json!([3005, "bye", 3]), "what is dropped does not arrive");
    let log = gateway.child.output();
    assert!(log.contains("a message of a WebSocket was dropped") && log.contains("messages.ts"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_on_before_on_open_is_done_and_nothing_is_lost() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) = project(&peer, "").await;
    let seen = talk(&gateway, "/rooms/greeted", json!(["now", { "hear": 3 }, "close"])).await;
    assert_eq!(seen["heard"], json!(["welcome", "<first><first>", "<NOW><NOW>"]));
    assert_eq!(seen["close"], json!([4001, "enough"]), "the server's code reaches the client");
    let seen = talk(&gateway, "/early", json!([{ "hear": 3 }, { "close": [1000, ""] }])).await;
    assert_eq!(seen["heard"], json!(["<greeting 0>", "<greeting 1>", "<greeting 2>"]));
    let seen = talk(&gateway, "/rooms/closed", json!([])).await;
    assert_eq!((&seen["status"], &seen["body"]["status"]), (&json!(500), &json!(500)), "there is no WebSocket");
    let lost = talk(&gateway, "/rooms/1", json!(["abort"])).await;
    assert_eq!(lost["close"], json!([1001, ""]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_for_websockets_serves_nothing_else_and_tunnels_where_there_is_no_code() {
    let peer = Peer::start(&[]).await;
    let (_project, gateway) =
        project(&peer, "server: { limits: { bufferedBody: 1MiB } }\nscripts: { cpu: 50ms, threads: 1 }\n").await;
    for path in ["/rooms/1", "/plain"] {
        let reply = gateway.get(path, None).await;
        assert_eq!(reply.status, StatusCode::UPGRADE_REQUIRED);
        assert_eq!(reply.headers["upgrade"], "websocket");
    }
    let seen = talk(&gateway, "/plain", json!(["as it is", { "hear": 1 }, "close"])).await;
    assert_eq!(seen["heard"], json!(["as it is"]));
    // More than may wait, in both directions.
    let many: Vec<Value> =
        (0..40).map(|_| json!("size 100000")).chain([json!({ "hear": 40 }), json!("close")]).collect();
    let seen = talk(&gateway, "/rooms/1", Value::from(many)).await;
    assert_eq!(seen["heard"], Value::from(vec![100_000; 40]));
    let seen = talk(&gateway, "/rooms/1", json!(["size 2000000"])).await;
    assert_eq!(seen["close"], json!([1001, ""]), "what is too long ends the connection");
    // A function that spins ends the connection, and no other route of its thread.
    let seen = talk(&gateway, "/rooms/1", json!(["spin"])).await;
    assert_eq!(seen["heard"], json!([]));
    let seen = talk(&gateway, "/rooms/1", json!(["again", { "hear": 1 }, { "close": [1000, ""] }])).await;
    assert_eq!(seen["heard"], json!(["<AGAIN><AGAIN>"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_not_there_is_a_mistake_of_the_project() {
    let missing = json!({ "module": "$import(./modules/messages)", "export": "nothing" });
    let nowhere = json!({ "module": "$import(./modules/nowhere)", "export": "x" });
    for (function, expected) in [(missing, "exports no `nothing`"), (nowhere, "there is no module")] {
        let options = json!({ "rewritePattern": "ws://127.0.0.1:1/", "policies": { "inbound": [function] } });
        let handler =
            json!({ "module": "$import(@zuplo/runtime)", "export": "webSocketPipelineHandler", "options": options });
        let project = Scripted::new().await.module("messages.ts", MODULE).route("/", "get", handler, &[], &[]);
        project.write();
        let checked = project.world.tollgate(&["check"]).await;
        assert_ne!(checked.code, 0);
        assert!(checked.stderr.contains(expected) || checked.stdout.contains(expected), "{checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_native_form_names_functions_by_reference() {
    let peer = Peer::start(&[]).await;
    let world = World::empty();
    world.write(
        "modules/messages.ts",
        "export const loud = (data: string) => `${data}!`;\nexport default (data: string) => `(${data})`;\n",
    );
    let document = |function: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: Chat, version: 1.0.0 }}\npaths:\n  /chat:\n    get:\n      operationId: chat\n      x-tollgate:\n        auth: public\n        handler:\n          websocket:\n            rewritePattern: {}\n            policies: {{ inbound: [\"{function}\"], outbound: [./modules/messages.ts] }}\n      responses: {{ \"101\": {{ description: joined }} }}\n",
            peer.url("/echo")
        )
    };
    world.write("openapi.yaml", &document("./modules/messages.ts#loud"));
    let gateway = world.start(&["run", "."]).await;
    let seen = talk(&gateway, "/chat", json!(["hello", { "hear": 1 }, { "close": [1000, ""] }])).await;
    assert_eq!(seen["heard"], json!(["(hello!)"]), "{}", gateway.child.output());
    world.write("openapi.yaml", &document("./modules/messages.ts#quiet"));
    let checked = world.tollgate(&["check"]).await;
    assert_ne!(checked.code, 0);
    assert!(format!("{checked:?}").contains("exports no `quiet`"), "{checked:?}");
}
