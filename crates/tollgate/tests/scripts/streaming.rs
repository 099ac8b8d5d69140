//! What goes on behind the head of an answer, or without the client: streams that scripts make, clients that
//! leave, work in the background.

use http::StatusCode;
use tollgate_testkit::client;

use crate::project::Scripted;
use crate::support::SOON;

const STREAM: &str = r#"
const encoder = new TextEncoder();
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Pieces that come one after the other, as those of a model do. */
const pieces = (count: number, milliseconds: number) =>
  new ReadableStream({
    async start(controller) {
      for (let piece = 0; piece < count; piece += 1) {
        await pause(milliseconds);
        controller.enqueue(encoder.encode(`data: ${piece}\n\n`));
      }
      controller.close();
    },
  });
const events = { headers: { "content-type": "text/event-stream" } };
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_lives_for_as_long_as_it_makes_progress() {
    let module = r#"
export const long = () => new Response(pieces(6, 400), events);
export const rewritten = () =>
  new Response(
    pieces(6, 400)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TransformStream({ transform: (text, controller) => controller.enqueue(text.replace("data", "piece")) }))
      .pipeThrough(new TextEncoderStream()),
    events,
  );
export const stalls = () => new Response(pieces(2, 0).pipeThrough(new TransformStream({ flush: () => new Promise(() => setInterval(() => {}, 100)) })), events);
export const counted = (request: Request, context: any) => {
  const stream = pieces(4, 400).pipeThrough(
    new TransformStream({
      flush() {
        context.waitUntil(fetch(request.headers.get("x-url")!, { method: "POST", body: "counted" }));
      },
    }),
  );
  return new Response(stream, events);
};
export const spins = () =>
  new Response(new ReadableStream({ async start(controller) { await pause(10); controller.enqueue(encoder.encode("x")); for (;;) {} } }));
"#;
    let project = Scripted::new()
        .await
        .module("stream.ts", &format!("{STREAM}{module}"))
        .file("tollgate.yaml", "scripts: { cpu: 100ms, wall: 1s, threads: 1 }\n");
    let project = ["long", "rewritten", "stalls", "counted", "spins"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("stream", name), &[], &[]));
    let gateway = project.start().await;
    let upstream = format!("{}/count", project.upstream.url());
    let get = async |path: &str| client::get(&format!("{}{path}", gateway.url), &[("x-url", &upstream)]).await;
    let (long, rewritten, counted, stalls) =
        tokio::join!(get("/long"), get("/rewritten"), get("/counted"), get("/stalls"));
    let text = |reply: client::Reply| String::from_utf8(reply.body.to_vec()).unwrap();
    let expected = |what: &str, count: usize| (0..count).map(|it| format!("{what}: {it}\n\n")).collect::<String>();
    assert_eq!(text(long.unwrap()), expected("data", 6), "{}", gateway.child.output());
    assert_eq!(text(rewritten.unwrap()), expected("piece", 6));
    assert_eq!(text(counted.unwrap()), expected("data", 4));
    assert!(project.upstream.wait_for(1, SOON).await, "what comes after the last piece is done");
    assert!(stalls.is_err(), "half an answer is none");
    gateway.child.wait_for_line("was stopped: it was not done in time", SOON).await.unwrap();
    assert!(get("/spins").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_aborts_the_signal_of_its_request() {
    let module = r#"
export const waits = async (request: Request) => {
  request.signal.addEventListener("abort", () => console.log(`the first has gone: ${request.signal.reason.name}`));
  console.log("the first waits");
  await pause(20_000);
  console.log("the first is done");
};
export const lasts = async (request: Request, context: any) => {
  const gone = new Promise((resolve) => new Request(request).signal.addEventListener("abort", resolve));
  const work = async () => {
    await Promise.all([gone, pause(200)]);
    await fetch(request.headers.get("x-url")!);
  };
  context.waitUntil(work());
  console.log("the second waits");
  await new Promise(() => {});
};
export const streams = (request: Request) => {
  request.signal.addEventListener("abort", () => console.log("the third has gone"));
  const stream = pieces(1_000, 50).pipeThrough(new TransformStream({ cancel: () => console.log("the stream ends") } as any));
  return new Response(stream, events);
};
export const answered = (request: Request, context: any) => {
  request.signal.addEventListener("abort", () => console.log("this must not be"));
  context.waitUntil(pause(100).then(() => console.log("the fourth is done")));
  return new Response(String(request.signal.aborted));
};
"#;
    let project = Scripted::new()
        .await
        .module("gone.ts", &format!("{STREAM}{module}"))
        .file("tollgate.yaml", "scripts: { threads: 1 }\n");
    let project = ["waits", "lasts", "streams", "answered"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("gone", name), &[], &[]));
    let gateway = project.start().await;
    let upstream = format!("{}/late", project.upstream.url());
    let ask = |path: &str| {
        let (url, upstream) = (format!("{}{path}", gateway.url), upstream.clone());
        tokio::spawn(async move { client::get(&url, &[("x-url", &upstream)]).await })
    };
    let line = async |text: &str| gateway.child.wait_for_line(text, SOON).await.unwrap();
    let waits = ask("/waits");
    line("the first waits").await;
    waits.abort();
    line("the first has gone: AbortError").await;
    let lasts = ask("/lasts");
    line("the second waits").await;
    lasts.abort();
    assert!(project.upstream.wait_for(1, SOON).await, "what it was told to wait for goes on");
    let streams = begun(&gateway.url, "/streams").await;
    drop(streams);
    line("the third has gone").await;
    let answered = ask("/answered").await.unwrap().unwrap();
    assert_eq!((answered.status, &*answered.body), (StatusCode::OK, &b"false"[..]));
    line("the fourth is done").await;
    let output = gateway.child.output();
    assert!(!output.contains("this must not be") && !output.contains("the first is done"), "{output}");
}

/// A connection on which the beginning of an answer has come.
async fn begun(url: &str, path: &str) -> tokio::net::TcpStream {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let authority = url.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(authority).await.unwrap();
    connection.write_all(format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut buffer = [0; 4096];
    let mut answer = String::new();
    while !answer.contains("data: 1") {
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_in_the_background_has_its_bounds() {
    let module = r#"
let answers = 0;
export const runaway = () => {
  setInterval(() => { const until = performance.now() + 5; while (performance.now() < until); }, 0);
  return { answers: (answers += 1) };
};
export const forever = (request: Request, context: any) => {
  context.waitUntil(new Promise(() => setInterval(() => {}, 50)));
  return { answers: (answers += 1) };
};
export const calm = async (request: Request, context: any) => {
  context.waitUntil((async () => {
    for (let turn = 0; turn < 10; turn += 1) await pause(50);
    await fetch(request.headers.get("x-url")!);
  })());
  return { answers: (answers += 1) };
};
"#;
    let project = Scripted::new()
        .await
        .module("left.ts", &format!("{STREAM}{module}"))
        .file("tollgate.yaml", "scripts: { cpu: 50ms, wall: 3s, threads: 1 }\n");
    let project = ["runaway", "forever", "calm"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("left", name), &[], &[]));
    let gateway = project.start().await;
    let upstream = format!("{}/calm", project.upstream.url());
    let get = async |path: &str| {
        client::get(&format!("{}{path}", gateway.url), &[("x-url", &upstream)]).await.unwrap().json()["answers"].clone()
    };
    assert_eq!(get("/calm").await, 1);
    assert!(project.upstream.wait_for(1, SOON).await);
    assert_eq!(get("/runaway").await, 2);
    gateway.child.wait_for_line("was stopped: it used more than its time on the processor", SOON).await.unwrap();
    assert_eq!(get("/forever").await, 3, "the engine is the same");
    gateway.child.wait_for_line("was stopped: it was not done in time", SOON).await.unwrap();
    assert_eq!(get("/calm").await, 4);
}
