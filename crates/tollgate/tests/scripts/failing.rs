//! What becomes of a script that fails, and of the others meanwhile.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use crate::project::{Scripted, send, send_chunks};
use crate::support::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_throws_denies_and_the_log_alone_says_why() {
    let project = Scripted::new()
        .await
        .module(
            "broken.ts",
            r#"
type Secret = { token: string };

export default async function broken(request: Request, context: any, options: Secret) {
  await null;
  throw new Error("the secret is out");
}
export const wrong = () => "a text";
export const nothing = () => {};
"#,
        )
        .policy("broken", "broken", "default", json!({}))
        .policy("wrong", "broken", "wrong", json!({}))
        .policy("nothing", "broken", "nothing", json!({}))
        .forwarded("/broken", "get", &["broken"], &[])
        .forwarded("/wrong", "get", &["wrong"], &[])
        .forwarded("/nothing", "get", &["nothing"], &[]);
    let gateway = project.start().await;
    for path in ["/broken", "/wrong", "/nothing"] {
        let reply = gateway.get(path, None).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(!text.contains("secret") && !text.contains("broken.ts"), "{text}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    assert!(project.upstream.seen().is_empty(), "nothing falls open");
    gateway.child.wait_for_line("modules/broken.ts:6", SOON).await.unwrap();
    gateway.child.wait_for_line("The inbound policy `wrong` must return", SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_breaks_a_limit_is_stopped_and_the_others_go_on() {
    let project = Scripted::new()
        .await
        .module(
            "greedy.ts",
            r#"
export const spin = () => { for (;;) {} };
export const flood = async () => { const more = (): Promise<void> => Promise.resolve().then(more); await more(); };
export const hoard = () => { const all: number[][] = []; for (;;) all.push(new Array(100_000).fill(1)); };
export const hoardLater = async () => { await null; const all = ((globalThis as any).all = []); for (;;) all.push([{}]); };
export const recurse = (): unknown => [recurse()];
export const wait = () => new Promise(() => {});
export const good = () => ({ fine: true });
"#,
        )
        .file("tollgate.yaml", "scripts: { cpu: 50ms, wall: 1s, memory: 16MiB, threads: 1 }\n");
    let project = ["spin", "flood", "hoard", "hoardLater", "recurse", "wait", "good"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("greedy", name), &[], &[]));
    let gateway = project.start().await;
    for (path, status, reason) in [
        ("/spin", 500, "script.cpu_limit"),
        ("/flood", 500, "script.cpu_limit"),
        ("/hoard", 500, "script.memory_limit"),
        ("/hoardLater", 500, "script.memory_limit"),
        ("/recurse", 500, "script.stack_limit"),
        ("/wait", 504, "script.timeout"),
    ] {
        let reply = gateway.get(path, None).await;
        assert_eq!(reply.status.as_u16(), status, "{path}\n{}", gateway.child.output());
        gateway.child.wait_for_line(&format!(r#""reason":"{reason}""#), SOON).await.unwrap();
        let reply = gateway.get("/good", None).await;
        assert_eq!(reply.status, StatusCode::OK, "after {path}\n{}", gateway.child.output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_its_call() {
    let project = Scripted::new()
        .await
        .module("waits.ts", "export default async (request: Request, context: any) => {\n  await fetch(\"http://upstream.test/slow\");\n  return \"late\";\n};\n")
        .handled("/", "get", ("waits", "default"), &[], &[]);
    let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let map = format!("upstream.test={}", slow.local_addr().unwrap());
    let gateway = project.start_as(&["run", ".", "--map-host", &map]).await;
    let url = gateway.url.clone();
    let asked = tokio::spawn(async move { tollgate_testkit::client::get(&format!("{url}/"), &[]).await });
    let (mut connection, _) = tokio::time::timeout(SOON, slow.accept()).await.unwrap().unwrap();
    asked.abort();
    // The connection to the upstream ends with the call.
    let mut buffer = [0; 1024];
    let ended = async {
        use tokio::io::AsyncReadExt;
        while connection.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    tokio::time::timeout(Duration::from_secs(5), ended).await.expect("it ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_reach_neither_the_management_listener_nor_link_local_addresses() {
    let project = Scripted::new()
        .await
        .module(
            "reach.ts",
            r#"
export default async (request: Request) => {
  const url = request.headers.get("x-url")!;
  try {
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { error: String(error) };
  }
};
"#,
        )
        .handled("/", "get", ("reach", "default"), &[], &[]);
    let gateway = project.start().await;
    let port = gateway.management.rsplit(':').next().unwrap().to_owned();
    let forbidden = [
        format!("{}/readyz", gateway.management),
        format!("http://localhost:{port}/readyz"),
        format!("http://[::ffff:127.0.0.1]:{port}/readyz"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ];
    for url in forbidden {
        let reply = send(&gateway, Method::GET, "/", &[("x-url", &url)], "").await.json();
        let error = reply["error"].as_str().unwrap_or_default();
        assert!(error.contains("may not connect"), "{url}: {reply}");
    }
    let url = format!("{}/hello", project.upstream.url());
    let reply = send(&gateway, Method::GET, "/", &[("x-url", &url)], "").await.json();
    assert_eq!(reply["status"], 200, "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sees_nothing_of_another_but_module_state() {
    let project = Scripted::new()
        .await
        .module(
            "state.ts",
            r#"
let count = 0;
export const first = (request: any, context: any) => {
  context.custom.secret = request.headers.get("x-secret");
  request.user = { sub: request.headers.get("x-secret"), data: {} };
  return request;
};
export default async (request: any, context: any) => {
  count += 1;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { count, custom: context.custom, user: request.user };
};
"#,
        )
        .file("tollgate.yaml", "scripts: { threads: 1 }\n")
        .policy("first", "state", "first", json!({}))
        .handled("/with", "get", ("state", "default"), &["first"], &[])
        .handled("/without", "get", ("state", "default"), &[], &[]);
    let gateway = project.start().await;
    let (with, without) = tokio::join!(
        send(&gateway, Method::GET, "/with", &[("x-secret", "s3cret")], ""),
        send(&gateway, Method::GET, "/without", &[], "")
    );
    assert_eq!(with.json()["custom"]["secret"], "s3cret", "{}", gateway.child.output());
    assert_eq!(without.json()["custom"], json!({}));
    assert_eq!(without.json()["user"], json!(null));
    let again = gateway.get("/without", None).await.json();
    assert_eq!(again["count"], 3, "module state is shared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_longer_than_it_may_be_is_the_clients_fault() {
    let module = r#"
export const whole = async (request: Request) => ({ length: (await request.text()).length });
export const streamed = async (request: Request) => {
  let length = 0;
  for await (const chunk of request.body!) length += chunk.length;
  return { length };
};
export const copied = async (request: Request) => ({ length: (await new Request(request.clone()).json()).length });
export const caught = async (request: Request) => {
  try {
    await request.text();
  } catch (error) {
    return new Response(String(error), { status: 400 });
  }
};
export const other = async (request: Request) => {
  await request.text().catch(() => {});
  throw new Error("something else");
};
"#;
    let project = Scripted::new()
        .await
        .module("read.ts", module)
        .file("tollgate.yaml", "server: { limits: { body: 4KiB, bufferedBody: 1KiB } }\n");
    let project = ["whole", "streamed", "copied", "caught", "other"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "post", ("read", name), &[], &[]));
    let gateway = project.start().await;
    // Chunks announce no length: nobody knows before it is read.
    let send = async |path: &str, length: usize| {
        send_chunks(&gateway, path, &["x".repeat(length / 2), "x".repeat(length - length / 2)]).await
    };
    for (path, length, limit) in
        [("/whole", 2_000, 1024), ("/copied", 2_000, 1024), ("/whole", 5_000, 1024), ("/streamed", 5_000, 4096)]
    {
        let reply = send(path, length).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {text}\n{}", gateway.child.output());
        let problem = reply.json();
        assert_eq!(problem["code"], "content-too-large");
        assert_eq!(problem["detail"], format!("The request body is longer than {limit} bytes."));
    }
    assert_eq!(send("/streamed", 4_000).await.json()["length"], 4_000);
    assert_eq!(send("/caught", 2_000).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(send("/other", 2_000).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_background_work_is_charged_to_the_call_that_waits() {
    let module = r#"
import { BackgroundLoader } from "@zuplo/runtime";

const spin = (milliseconds: number) => { const until = performance.now() + milliseconds; while (performance.now() < until); };
const loader = new BackgroundLoader(async (url: string) => (await fetch(url)).text(), 60);
let background = 0;
setInterval(() => { background += 1; }, 10);

export const works = async (request: Request) => {
  const text = await loader.get(request.headers.get("x-url")!);
  spin(40);
  return { text };
};
export const spins = async (request: Request) => {
  await loader.get(request.headers.get("x-url")!);
  for (;;);
};
export const counts = () => ({ background });
"#;
    let project =
        Scripted::new().await.module("load.ts", module).file("tollgate.yaml", "scripts: { cpu: 150ms, threads: 1 }\n");
    let project = ["works", "spins", "counts"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("load", name), &[], &[]));
    let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = project.start().await;
    let url = format!("http://{}/", slow.local_addr().unwrap());
    let ask = |path: &str| {
        let (path, url) = (format!("{}{path}", gateway.url), url.clone());
        tokio::spawn(async move { tollgate_testkit::client::get(&path, &[("x-url", &url)]).await.unwrap() })
    };
    // All of them wait for one request.
    let calls: Vec<_> = (0..8).map(|_| ask("/works")).collect();
    let (mut connection, _) = tokio::time::timeout(SOON, slow.accept()).await.unwrap().unwrap();
    let spins = ask("/spins");
    let queued = async { while gateway.get("/counts", None).await.json()["background"].as_u64() < Some(20) {} };
    tokio::time::timeout(SOON, queued).await.unwrap();
    {
        use tokio::io::AsyncWriteExt;
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    }
    for call in calls {
        let reply = tokio::time::timeout(SOON, call).await.unwrap().unwrap();
        assert_eq!((reply.status, &reply.json()["text"]), (StatusCode::OK, &json!("ok")), "{}", gateway.child.output());
    }
    let reply = tokio::time::timeout(SOON, spins).await.unwrap().unwrap();
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    gateway.child.wait_for_line(r#""reason":"script.cpu_limit""#, SOON).await.unwrap();
    assert!(!gateway.child.output().contains("script.timeout"));
}
