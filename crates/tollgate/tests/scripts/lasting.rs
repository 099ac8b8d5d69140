//! What holds for as long as a gateway runs: a reload leaves nothing behind and takes nothing away, and
//! scripts that spin leave the others their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tollgate_testkit::{CapturingUpstream, client};

use crate::project::Scripted;
use crate::support::{Gateway, SOON};

/// Reloads before memory is looked at: pools and allocators have their size by then.
const WARM_UP: usize = 50;
/// How much memory may grow by however many reloads: what another thread of the pool for reading takes.
const GROWTH: usize = 8 << 20;

/// How often it is looked whether something has happened.
const LOOK_AGAIN: Duration = Duration::from_millis(3);

/// A module of this version.
fn version(number: usize) -> String {
    format!("export const version: number = {number};\n")
}

/// Makes a version live.
async fn reload(project: &Scripted, gateway: &Gateway, number: usize) {
    project.world.write("modules/version.ts", &version(number));
    gateway.child.signal("HUP").await.unwrap();
    let expected = number.to_string();
    let live = async {
        while gateway.get("/version", None).await.body != expected {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let waited = tokio::time::timeout(SOON, live).await;
    waited.unwrap_or_else(|_| panic!("version {number} was never live\n{}", gateway.child.output()));
}

/// The memory of a process that is resident, in bytes.
fn resident(gateway: &Gateway) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// Sends requests for a path, one after the other, until the set is dropped; counts the answers, which all
/// have the status.
fn traffic(tasks: &mut JoinSet<()>, gateway: &Gateway, path: &str, status: StatusCode) -> Arc<AtomicUsize> {
    let (url, answered) = (format!("{}{path}", gateway.url), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&answered);
    tasks.spawn(async move {
        loop {
            let reply = client::get(&url, &[]).await.unwrap();
            assert_eq!(reply.status, status, "{:?}", reply.body);
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    answered
}

/// Nobody of the set has ended, which they do by a failure only.
fn all_well(tasks: &mut JoinSet<()>) {
    if let Some(ended) = tasks.try_join_next() {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_leave_memory_as_it_was() {
    #[expect(clippy::disallowed_methods, reason = "for a longer run by hand")]
    let reloads = std::env::var("TOLLGATE_TEST_RELOADS").map_or(200, |count| count.parse().unwrap());
    // The text of a module, what it keeps, and its engine are each seen where they are not let go.
    let state = format!(
        "export const kept = new Uint8Array(1 << 20).fill(7);\nexport const words = {:?}.split(\" \");\n",
        "word ".repeat(12_000)
    );
    let handler = r#"
import { kept, words } from "./state";
import { version } from "./version";

const seen = new Map<string, string[]>();
export default (request: Request) => {
  seen.set(request.url, words.slice(kept[0]));
  return new Response(String(version), { headers: { "x-kept": String(kept.length) } });
};
setInterval(() => seen.clear(), 60_000);
"#;
    let project = Scripted::new()
        .await
        .module("state.ts", &state)
        .module("handler.ts", handler)
        .module("version.ts", &version(0))
        .handled("/version", "get", ("handler", "default"), &[], &[]);
    let gateway = project.start().await;
    let mut tasks = JoinSet::new();
    let answered = traffic(&mut tasks, &gateway, "/version", StatusCode::OK);
    let mut before = 0;
    for number in 1..=WARM_UP {
        reload(&project, &gateway, number).await;
        before = before.max(resident(&gateway));
    }
    // What the last ones need for a moment comes and goes.
    let mut after = usize::MAX;
    for number in 1..=reloads {
        reload(&project, &gateway, WARM_UP + number).await;
        let now = resident(&gateway);
        if number + WARM_UP > reloads {
            after = after.min(now);
        }
        if number % 50 == 0 {
            println!("{number} reloads: {before} bytes before, {now} now; {answered:?} answers meanwhile");
        }
    }
    all_well(&mut tasks);
    assert!(answered.load(Ordering::Relaxed) > reloads);
    assert!(after < before + GROWTH, "{before} bytes before, {after} after {reloads} reloads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_in_the_modules_that_it_began_in() {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let upstream = CapturingUpstream::answering(move |_| {
        Response::new(Bytes::from(if gate.load(Ordering::SeqCst) { "open" } else { "closed" }))
    })
    .await
    .unwrap();
    let handler = r#"
import { version } from "./version";

export default () => new Response(String(version));
export const slow = async (request: Request) => {
  const gate = request.headers.get("x-gate")!;
  for (let round = 1; ; round += 1) {
    if ((await (await fetch(gate)).text()) === "open") return new Response(`${version}`, { headers: { "x-rounds": `${round}` } });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
"#;
    let project = Scripted::new()
        .await
        .module("handler.ts", handler)
        .module("version.ts", &version(1))
        .handled("/version", "get", ("handler", "default"), &[], &[])
        .handled("/slow", "get", ("handler", "slow"), &[], &[]);
    let gateway = project.start().await;
    let (url, gate) = (format!("{}/slow", gateway.url), upstream.url());
    let slow = tokio::spawn(async move { client::get(&url, &[("x-gate", &gate)]).await.unwrap() });
    assert!(upstream.wait_for(1, SOON).await, "{}", gateway.child.output());
    for number in 2..5 {
        reload(&project, &gateway, number).await;
    }
    // It has not ended: it still asks, in an engine that takes no new calls.
    assert!(upstream.wait_for(upstream.seen().len() + 2, SOON).await);
    open.store(true, Ordering::SeqCst);
    let reply = tokio::time::timeout(SOON, slow).await.unwrap().unwrap();
    assert_eq!((reply.status, &*reply.body), (StatusCode::OK, &b"1"[..]), "{}", gateway.child.output());
    assert_eq!(&*gateway.get("/version", None).await.body, b"4");
}

/// The median time of 200 answers of the route without a script, all of them good.
async fn median(gateway: &Gateway) -> Duration {
    let mut took = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let reply = gateway.get("/native", None).await;
        took.push(began.elapsed());
        assert_eq!((reply.status, &*reply.body), (StatusCode::OK, &b"ok"[..]));
    }
    took.sort_unstable();
    took[took.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_without_a_script_keep_their_latency_while_scripts_spin() {
    let project = Scripted::new()
        .await
        .module("spin.ts", "export default () => { for (;;) {} };\n")
        .file("tollgate.yaml", "scripts: { cpu: 100ms }\n")
        .handled("/spin", "get", ("spin", "default"), &[], &[])
        .forwarded("/native", "get", &[], &[]);
    let gateway = project.start().await;
    let quiet = median(&gateway).await;
    let mut tasks = JoinSet::new();
    let spun = [(); 2].map(|()| traffic(&mut tasks, &gateway, "/spin", StatusCode::INTERNAL_SERVER_ERROR));
    let busy = median(&gateway).await;
    // A request that waits for a script waits for much longer than what a busy machine makes of it.
    let bound = (5 * quiet).max(Duration::from_millis(25));
    println!("{quiet:?} while it is quiet, {busy:?} while scripts spin");
    assert!(busy < bound, "{quiet:?} while it is quiet, {busy:?} while scripts spin");
    for spun in spun {
        let ended = async {
            while spun.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(SOON, ended).await.expect("it spins, and is stopped");
    }
    all_well(&mut tasks);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_go_on_though_others_never_leave_their_thread_idle() {
    let module = r#"
export const busy = () => {
  const until = performance.now() + 5;
  while (performance.now() < until);
  return {};
};
export const patient = async () => {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
  return {};
};
"#;
    let project = Scripted::new()
        .await
        .module("turns.ts", module)
        .file("tollgate.yaml", "scripts: { threads: 1, cpu: 2s, wall: 60s }\n")
        .handled("/busy", "get", ("turns", "busy"), &[], &[])
        .handled("/patient", "get", ("turns", "patient"), &[], &[]);
    let gateway = project.start().await;
    let mut tasks = JoinSet::new();
    let busy = [(); 3].map(|()| traffic(&mut tasks, &gateway, "/busy", StatusCode::OK));
    let reply = tokio::time::timeout(SOON, gateway.get("/patient", None)).await.expect("it has its turns");
    assert_eq!(reply.status, StatusCode::OK);
    assert!(busy.iter().all(|answered| answered.load(Ordering::Relaxed) > 0), "{busy:?}");
    all_well(&mut tasks);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_in_which_a_limit_was_broken_leaves_no_memory_behind() {
    let module = r#"
const kept = new Uint8Array(8 << 20).fill(7);
export default () => { for (;;) kept.fill(8, 0, 1000); };
// It goes on for as long as its engine is there.
setInterval(() => kept.fill(9, 0, 1000), 1000);
"#;
    let project = Scripted::new()
        .await
        .module("spin.ts", module)
        .file("tollgate.yaml", "scripts: { threads: 1, cpu: 20ms }\n")
        .handled("/", "get", ("spin", "default"), &[], &[]);
    let gateway = project.start().await;
    let before = resident(&gateway);
    let mut tasks = JoinSet::new();
    let answered = [(); 3].map(|()| traffic(&mut tasks, &gateway, "/", StatusCode::INTERNAL_SERVER_ERROR));
    let mut most = before;
    let enough = async {
        while answered.iter().any(|answered| answered.load(Ordering::Relaxed) < 30) {
            most = most.max(resident(&gateway));
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(2 * SOON, enough).await.expect("each is stopped");
    all_well(&mut tasks);
    println!("{before} bytes before, {most} at most");
    // Few are there at once: those that go, and one that comes.
    assert!(most < before + (64 << 20), "{before} bytes before, {most} at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_does_not_wait_for_a_call_that_computes_behind_it() {
    let module = r#"
const spin = (milliseconds: number) => { const until = performance.now() + milliseconds; while (performance.now() < until); };
export const first = () => { console.log("it has begun"); spin(500); return {}; };
export const fast = () => ({});
export const slow = () => { spin(2000); return {}; };
"#;
    let project = Scripted::new()
        .await
        .module("turns.ts", module)
        .file("tollgate.yaml", "scripts: { threads: 1, cpu: 10s, wall: 60s }\n");
    let project = ["first", "fast", "slow"]
        .into_iter()
        .fold(project, |project, name| project.handled(&format!("/{name}"), "get", ("turns", name), &[], &[]));
    let gateway = project.start().await;
    let ask = |path: &str| {
        let url = format!("{}{path}", gateway.url);
        tokio::spawn(async move {
            let reply = client::get(&url, &[]).await.unwrap();
            assert_eq!(reply.status, StatusCode::OK);
            Instant::now()
        })
    };
    let first = ask("/first");
    gateway.child.wait_for_line("it has begun", SOON).await.unwrap();
    // Both wait in the queue when the first one ends, one behind the other.
    let fast = ask("/fast");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let slow = ask("/slow");
    let (first, fast, slow) = (first.await.unwrap(), fast.await.unwrap(), slow.await.unwrap());
    assert!(slow > fast + Duration::from_secs(1), "{first:?} {fast:?} {slow:?}");
}
