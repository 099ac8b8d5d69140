//! Spans, as a collector reads them that uses OpenTelemetry's own message types.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tollgate_testkit::{Child, client, free_port};

use crate::project::{Scripted, send};
use crate::support::{Gateway, SOON};
use crate::websocket::root;

const MODULE: &str = r#"
import { ZuploRequest } from "@zuplo/runtime";

export async function look(request: ZuploRequest) {
  await (await fetch(`${request.headers.get("x-ask")}/asked?token=secret`)).text();
  return request;
}
export const mark = (response: Response) => new Response(response.body, response);
export const fail = () => { throw new Error("no"); };
"#;

struct Collector {
    port: u16,
    _child: Child,
}

impl Collector {
    async fn start(environment: &[(&str, &str)]) -> Self {
        let port = free_port().unwrap();
        let text = port.to_string();
        let script = root().join("crates/tollgate/tests/python/otlp_collector.py");
        let environment: Vec<(&str, &str)> = environment.iter().copied().chain([("PORT", &*text)]).collect();
        let python = root().join("target/python/bin/python");
        let child = Child::spawn(python, &[script.to_str().unwrap()], &root(), &environment).unwrap();
        child.wait_for_line("listens", SOON).await.unwrap();
        Self { port, _child: child }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/traces", self.port)
    }

    async fn spans(&self) -> Vec<Value> {
        let reply = client::get(&format!("http://127.0.0.1:{}/spans", self.port), &[]).await.unwrap();
        reply.json()["spans"].as_array().unwrap().clone()
    }

    /// The spans, once there are so many.
    async fn wait_for(&self, count: usize, gateway: &Gateway) -> Vec<Value> {
        let enough = async {
            loop {
                let spans = self.spans().await;
                if spans.len() >= count {
                    return spans;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(SOON, enough).await;
        waited.unwrap_or_else(|_| panic!("fewer than {count} spans\n{}", gateway.child.output()))
    }
}

async fn project(settings: &str, runtime: &str) -> (Scripted, Gateway) {
    let project = Scripted::new()
        .await
        .module("zuplo.runtime.ts", runtime)
        .module("look.ts", MODULE)
        .file("tollgate.yaml", settings)
        .policy("look", "look", "look", json!({}))
        .policy("mark", "look", "mark", json!({}))
        .forwarded("/things/{id}", "get", &["look"], &["mark"])
        .forwarded("/plain", "get", &[], &[])
        .handled("/fail", "get", ("look", "fail"), &[], &[]);
    let gateway = project.start().await;
    (project, gateway)
}

const NONE: &str = "export const runtimeInit = () => {};\n";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[track_caller]
fn named<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

/// What both ways of asking for spans bring.
async fn check(settings: &str, runtime: &str, collector: &Collector, format: &str) {
    let (project, gateway) = project(settings, runtime).await;
    let upstream = project.upstream.url();
    let headers = [("traceparent", PARENT), ("x-ask", &*upstream), ("user-agent", "test")];
    let reply = send(&gateway, Method::GET, "/things/7?key=secret", &headers, "").await;
    assert_eq!(reply.status, 200, "{:?}\n{}", reply.body, gateway.child.output());
    let spans = collector.wait_for(6, &gateway).await;
    assert_eq!(spans.len(), 6, "{spans:#?}");
    let server = named(&spans, "GET /things/{id}");
    assert_eq!(
        (&server["kind"], &server["trace"], &server["parent"]),
        (&json!(2), &json!(&PARENT[3..35]), &json!(&PARENT[36..52]))
    );
    assert_eq!((&server["resource"]["service.name"], &server["scope"]), (&json!("shop"), &json!("tollgate")));
    assert_eq!((&server["key"], &server["type"]), (&json!("k1"), &json!(format)));
    let attributes = &server["attributes"];
    for (name, expected) in [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/things/{id}")),
        ("http.response.status_code", json!(200)),
        ("url.path", json!("/things/7")),
        ("client.address", json!("127.0.0.1")),
        ("user_agent.original", json!("test")),
        ("tollgate.reason", json!("ok")),
    ] {
        assert_eq!(attributes[name], expected, "{name} of {attributes}");
    }
    let seen = project.upstream.seen();
    let of = |path: &str| {
        seen.iter().find(|seen| seen.target.split('?').next() == Some(path)).unwrap().headers["traceparent"]
            .to_str()
            .unwrap()
    };
    let to = |url: String| spans.iter().find(|span| span["attributes"]["url.full"] == *url).unwrap();
    let fetched = to(format!("{upstream}/asked"));
    assert_eq!(to(format!("{upstream}/things/7"))["attributes"]["http.response.status_code"], 200);
    let expected =
        |span: &Value| format!("00-{}-{}-01", span["trace"].as_str().unwrap(), span["span"].as_str().unwrap());
    assert_eq!(of("/asked"), expected(fetched), "a script's request goes on with its own span");
    assert_eq!(of("/things/7"), expected(server), "the upstream's parent is the gateway's span");
    let window = |span: &Value| (span["start"].as_u64().unwrap(), span["end"].as_u64().unwrap());
    let (began, ended) = window(server);
    for name in ["policy.inbound look", "handler", "policy.outbound mark"] {
        let span = named(&spans, name);
        assert_eq!((&span["parent"], &span["trace"]), (&server["span"], &server["trace"]), "{name}");
        let (start, end) = window(span);
        assert!(began <= start && start <= end && end <= ended, "{name} lies within the request");
    }
    assert!(window(named(&spans, "policy.inbound look")).1 <= window(named(&spans, "handler")).0);
    assert!(!spans.iter().any(|span| span.to_string().contains("secret")), "queries are not told");

    // What is not sampled is not sent, and the upstream knows.
    let unsampled = format!("{}00", &PARENT[..53]);
    send(&gateway, Method::GET, "/plain", &[("traceparent", &unsampled)], "").await;
    assert_eq!(project.upstream.seen().last().unwrap().headers["traceparent"].to_str().unwrap()[53..], *"00");
    let reply = gateway.get("/fail", None).await;
    assert_eq!(reply.status, 500);
    let spans = collector.wait_for(8, &gateway).await;
    let failed = named(&spans, "GET /fail");
    assert_eq!((&failed["status"], &failed["parent"]), (&json!(2), &json!("")));
    assert_eq!(failed["attributes"]["tollgate.reason"], "script.threw");
    assert!(!spans.iter().any(|span| span["name"] == "GET /plain"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_send_spans_as_protocol_buffers() {
    let collector = Collector::start(&[]).await;
    let settings = format!("traces: {{ url: \"{}\", headers: {{ x-key: k1 }}, service: shop }}\n", collector.url());
    check(&settings, NONE, &collector, "application/x-protobuf").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plugin_sends_spans_as_json() {
    let collector = Collector::start(&[]).await;
    let runtime = format!(
        "import {{ OpenTelemetryPlugin }} from \"@zuplo/otel\";\nimport {{ RuntimeExtensions }} from \"@zuplo/runtime\";\nexport const runtimeInit = (runtime: RuntimeExtensions) => runtime.addPlugin(new OpenTelemetryPlugin({{ exporter: {{ url: \"{}\", headers: {{ \"x-key\": \"k1\" }} }}, service: {{ name: \"shop\", version: \"1\" }}, sampling: {{ headSampler: {{ ratio: 1 }} }} }}));\n",
        collector.url()
    );
    check("", &runtime, &collector, "application/json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_again_where_the_collector_was_busy_and_before_the_gateway_stops() {
    let collector = Collector::start(&[("FAIL", "1")]).await;
    let settings = format!("traces: {{ url: \"{}\", ratio: 100% }}\n", collector.url());
    let (_project, gateway) = project(&settings, NONE).await;
    gateway.get("/plain", None).await;
    collector.wait_for(3, &gateway).await;
    gateway.get("/plain", None).await;
    gateway.child.signal("TERM").await.unwrap();
    collector.wait_for(6, &gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_of_a_share_of_none_and_a_wrong_address_is_a_mistake() {
    let collector = Collector::start(&[]).await;
    let settings = format!("traces: {{ url: \"{}\", ratio: 0, slow: 1h }}\n", collector.url());
    let (project, gateway) = project(&settings, NONE).await;
    gateway.get("/plain", None).await;
    assert!(project.upstream.seen()[0].headers["traceparent"].to_str().unwrap().ends_with("-00"));
    gateway.child.signal("TERM").await.unwrap();
    let ended = async {
        while client::get(&gateway.url, &[]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, ended).await.unwrap();
    assert_eq!(collector.spans().await, Vec::<Value>::new());
    project.world.write("tollgate.yaml", "traces: { url: collector }\n");
    let checked = project.world.tollgate(&["check"]).await;
    assert_ne!(checked.code, 0);
    assert!(format!("{checked:?}").contains("no http or https URL"), "{checked:?}");
}
