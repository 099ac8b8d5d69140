//! A project of the Zuplo form, made of modules and the routes that name them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tollgate_testkit::CapturingUpstream;
use tollgate_testkit::client::{self, Reply};

use crate::support::{Gateway, World};

/// A project in the making.
pub(crate) struct Scripted {
    pub(crate) upstream: CapturingUpstream,
    pub(crate) world: World,
    policies: Vec<Value>,
    paths: serde_json::Map<String, Value>,
    date: &'static str,
}

impl Scripted {
    pub(crate) async fn new() -> Self {
        let upstream = CapturingUpstream::start().await.unwrap();
        Self {
            upstream,
            world: World::empty(),
            policies: Vec::new(),
            paths: serde_json::Map::new(),
            date: "2026-03-01",
        }
    }

    pub(crate) fn since(mut self, date: &'static str) -> Self {
        self.date = date;
        self
    }

    pub(crate) fn module(self, name: &str, text: &str) -> Self {
        self.world.write(&format!("modules/{name}"), text);
        self
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.world.write(name, text);
        self
    }

    /// A policy of a module.
    pub(crate) fn policy(self, name: &str, module: &str, export: &str, options: Value) -> Self {
        self.policy_of(name, &format!("$import(./modules/{module})"), export, options)
    }

    /// A built-in policy.
    pub(crate) fn built_in(self, name: &str, export: &str, options: Value) -> Self {
        self.policy_of(name, "$import(@zuplo/runtime)", export, options)
    }

    fn policy_of(mut self, name: &str, module: &str, export: &str, options: Value) -> Self {
        self.policies.push(json!({
            "name": name,
            "policyType": "custom-code-inbound",
            "handler": { "module": module, "export": export, "options": options },
        }));
        self
    }

    /// A route that a module ends.
    pub(crate) fn handled(
        self,
        path: &str,
        method: &str,
        handler: (&str, &str),
        inbound: &[&str],
        outbound: &[&str],
    ) -> Self {
        let handler = json!({ "module": format!("$import(./modules/{})", handler.0), "export": handler.1, "options": { "answer": 42 } });
        self.route(path, method, handler, inbound, outbound)
    }

    /// A route that goes to the upstream.
    pub(crate) fn forwarded(self, path: &str, method: &str, inbound: &[&str], outbound: &[&str]) -> Self {
        let url = self.upstream.url();
        let handler = json!({ "module": "$import(@zuplo/runtime)", "export": "urlForwardHandler", "options": { "baseUrl": url } });
        self.route(path, method, handler, inbound, outbound)
    }

    pub(crate) fn route(
        mut self,
        path: &str,
        method: &str,
        handler: Value,
        inbound: &[&str],
        outbound: &[&str],
    ) -> Self {
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        if path.contains('(') {
            item["x-zuplo-path"] = json!({ "pathMode": "url-pattern" });
        }
        item[method] = json!({
            "operationId": format!("{method} {path}"),
            "x-custom": { "hello": true },
            "x-zuplo-route": {
                "corsPolicy": "none",
                "handler": handler,
                "policies": { "inbound": inbound, "outbound": outbound },
            },
        });
        self
    }

    pub(crate) fn write(&self) {
        let routes =
            json!({ "openapi": "3.1.0", "info": { "title": "Test", "version": "1.0.0" }, "paths": self.paths });
        self.world.write("config/routes.oas.json", &routes.to_string());
        self.world.write("config/policies.json", &json!({ "policies": self.policies }).to_string());
        self.world.write("zuplo.jsonc", &json!({ "version": 1, "compatibilityDate": self.date }).to_string());
    }

    pub(crate) async fn start(&self) -> Gateway {
        self.start_as(&["run", "."]).await
    }

    pub(crate) async fn start_as(&self, arguments: &[&str]) -> Gateway {
        self.write();
        self.world.start(arguments).await
    }
}

/// Sends a request with a body.
pub(crate) async fn send(gateway: &Gateway, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    client::send(method, &format!("{}{path}", gateway.url), headers, body.to_owned()).await.unwrap()
}

/// The JSON of an answer that is good.
#[track_caller]
pub(crate) fn good(reply: &Reply, gateway: &Gateway) -> Value {
    assert_eq!(reply.status, StatusCode::OK, "{:?}\n{}", reply.body, gateway.child.output());
    reply.json()
}

/// POSTs a body in chunks, which announce no length.
pub(crate) async fn send_chunks(gateway: &Gateway, path: &str, chunks: &[String]) -> Reply {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let authority = gateway.url.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(authority).await.unwrap();
    let mut request =
        format!("POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in chunks {
        request.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
    }
    request.push_str("0\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    Reply { status, headers, body: body.to_owned().into() }
}
